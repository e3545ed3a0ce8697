import { describe, expect, test } from "vitest";
import { transformText } from "../../compiler/index.ts";

function refusals(body: string): readonly string[] {
  const source = `import { f, xs } from "./f.js";\nexport async function main(p: any) {\n"use durable";\n${body}\n}`;
  const { code, diagnostics } = transformText(source, { verify: true });
  expect(code).toBeNull();
  return diagnostics.map(({ code, start, end }) => `${code} ${source.slice(start, end)}`);
}

describe("what is not compiled exactly is refused at its place", () => {
  test.each([
    ["a pattern that assigns before the declaration", "[a] = p; let a = await f(1);", "DC110 a"],
    [
      "an inner class with static private state that uses a variable",
      "let n = await f(); class C { static #p = 1; m() { return n++; } } return new C();",
      "DC110 class C { static #p = 1; m() { return n++; } }",
    ],
    [
      "an accessor that uses a variable",
      "let n = await f(); return { get n() { return n++; } };",
      "DC110 get n() { return n++; }",
    ],
  ])("%s", (_, body, expected) => {
    expect(refusals(body)).toContain(expected);
  });

  test("a variable of a function around that is not durable", () => {
    const source =
      'export function make(x: number) { return { run: async () => { "use durable"; return x; } }; }';
    const { diagnostics } = transformText(source);
    expect(diagnostics.map(({ code }) => code)).toEqual(["DC105"]);
  });
});
