import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { afterAll, expect, test } from "vitest";
import { transformText } from "../../compiler/index.ts";
import { toProgram } from "./runs.ts";

const SOURCE = `import { later } from "./later.mjs";

interface Order {
  readonly items: readonly string[];
}

export async function main(order: Order): Promise<number> {
  "use durable";
  const first = await later(1);
  try {
    await later(first);
  } finally {
    await later(2);
  }
  const check = (item: string): string => {
    if (item === "bad") throw new Error("in a closure");
    return item;
  };
  const checked = order.items.map(check);
  return fails(checked.length);
}

function fails(n: number): number {
  throw new Error(\`in a function, \${n}\`);
}
`;

const folder = mkdtempSync(join(import.meta.dirname, "../../node_modules/.maps-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a stack trace names the author's file, line and function", () => {
  const { code, map } = transformText(SOURCE, { fileName: "main.ts" });
  if (code === null || map === null) throw new Error("not compiled");
  const runtime = new URL("../../runtime/machine.ts", import.meta.url).href;
  const linked = code.replace('"@durablec/runtime/machine"', JSON.stringify(runtime));
  writeFileSync(join(folder, "main.mjs"), `${linked}\n//# sourceMappingURL=main.mjs.map\n`);
  writeFileSync(join(folder, "main.mjs.map"), map);
  writeFileSync(join(folder, "main.ts"), SOURCE);
  writeFileSync(join(folder, "later.mjs"), "export const later = async (value) => value;\n");
  writeFileSync(
    join(folder, "run.mjs"),
    'import { main } from "./main.mjs";\n' +
      "for (const items of [['good'], ['bad']]) await main({ items }).catch((error) => console.log(error.stack));\n",
  );
  const out = execFileSync(process.execPath, ["--enable-source-maps", join(folder, "run.mjs")], {
    encoding: "utf8",
  });
  const lineOf = (text: string): number => SOURCE.slice(0, SOURCE.indexOf(text)).split("\n").length;
  expect(out).toContain(`main.ts:${lineOf("throw new Error(`in a function")}:`);
  expect(out).toMatch(new RegExp(`main.*main\\.ts:${lineOf("return fails(")}:`));
  expect(out).toContain(`main.ts:${lineOf('throw new Error("in a closure")')}:`);
  expect(out).toMatch(new RegExp(`main.*main\\.ts:${lineOf("const checked")}:`));
});

test("every await, and every statement, has its place in the map", () => {
  const { code, map } = transformText(SOURCE, { fileName: "main.ts" });
  if (code === null || map === null) throw new Error("not compiled");
  const trace = new TraceMap(map);
  const lines = code.split("\n");
  const placeOf = (text: string): string => {
    const line = lines.findIndex((candidate) => candidate.includes(text));
    const found = originalPositionFor(trace, { line: line + 1, column: (lines[line] ?? "").indexOf(text) });
    return `${found.source}:${found.line}`;
  };
  const lineOf = (text: string): number => SOURCE.slice(0, SOURCE.indexOf(text)).split("\n").length;
  expect(placeOf("$f.await(1")).toBe(`main.ts:${lineOf("await later(1)")}`);
  expect(placeOf("$f.await(2")).toBe(`main.ts:${lineOf("await later(first)")}`);
  expect(placeOf("$f.await(3")).toBe(`main.ts:${lineOf("await later(2)")}`);
  expect(placeOf('=== "bad"')).toBe(`main.ts:${lineOf('if (item === "bad")')}`);
  expect(placeOf("order.items.map")).toBe(`main.ts:${lineOf("order.items.map")}`);
});

test("a stack names the durable functions that waited for what failed", async () => {
  const { compiled } = toProgram(
    `import { later } from "../support.ts";
async function inner(n: number): Promise<number> {
  "use durable";
  await later(n);
  throw new Error("deep");
}
export async function main(): Promise<unknown> {
  "use durable";
  try {
    return (await inner(1)) + 1;
  } catch (error) {
    return (error as Error).stack;
  }
}
`,
    "src/stack.ts",
  );
  expect(await compiled()).toMatch(/^Error: deep\n[^]*\n {4}at async main \(src\/stack\.ts:10:13\)$/);
});
