import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { runIn, type Ran } from "../cli/fakeIo.ts";

const cwd = mkdtempSync(join(tmpdir(), "durablec-lint-"));
const cache = join(cwd, ".durable/lint-cache.json");
const lint = (...argv: readonly string[]): Promise<Ran> => runIn({ cwd }, "lint", ...argv);

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const source = `import { stamp } from "./stamp.js";
export async function f(): Promise<number> {
  "use durable";
  return stamp();
}
`;

function write(path: string, text: string): void {
  writeFileSync(join(cwd, path), text);
}

beforeEach(() => {
  rmSync(cache, { force: true });
  write(
    "base.json",
    JSON.stringify({ compilerOptions: { module: "NodeNext", strict: true, skipLibCheck: true, types: [] } }),
  );
  write("tsconfig.json", JSON.stringify({ extends: "./base.json", include: ["*.ts"] }));
  write("f.ts", source);
  write("stamp.ts", 'import { at } from "some-clock";\nexport const stamp = (): number => at();\n');
  mkdirSync(join(cwd, "node_modules/some-clock"), { recursive: true });
  write("node_modules/some-clock/package.json", '{ "name": "some-clock", "type": "module" }');
  write("node_modules/some-clock/index.d.ts", "export declare function at(): number;\n");
  write("node_modules/some-clock/index.js", "export const at = () => Date.now();\n");
  rmSync(join(cwd, "more.ts"), { force: true });
  rmSync(join(cwd, "durablec.config.json"), { force: true });
});

/** Marks the answer that is kept, so that it shows where an answer comes from. */
function mark(): void {
  writeFileSync(cache, readFileSync(cache, "utf8").replaceAll("reads the clock", "was kept"));
}

describe("the cache of durablec lint", () => {
  test("answers for a project in which nothing has changed, whatever the times of its files", async () => {
    const first = await lint();
    expect(first.out).toContain("reads the clock");
    expect(first.out).toContain("Found 1 error.");
    const second = await lint();
    expect(second).toEqual(first);
    mark();
    utimesSync(join(cwd, "stamp.ts"), new Date(), new Date());
    expect((await lint()).out).toContain("was kept");
    expect((await lint("--format", "json")).out).toContain("was kept");
    expect((await lint("--no-cache")).out).toContain("reads the clock");
  });

  test.each([
    ["a file", () => write("stamp.ts", "export const stamp = (): number => 1;\n")],
    [
      "the code of a package",
      () => write("node_modules/some-clock/index.js", "export const at = () => 1;\n"),
    ],
    ["which files there are", () => write("more.ts", "export {};\n")],
    ["what the tsconfig extends", () => write("base.json", '{ "compilerOptions": { "strict": false } }')],
    ["the configuration", () => write("durablec.config.json", '{ "severity": { "DC201": "off" } }')],
  ])("does not answer after a change of %s", async (_name, change) => {
    await lint();
    mark();
    change();
    expect((await lint()).out).not.toContain("was kept");
  });

  test("is not written with --no-cache, and a broken one is made again", async () => {
    await lint("--no-cache");
    expect(existsSync(cache)).toBe(false);
    await lint();
    writeFileSync(cache, readFileSync(cache, "utf8").slice(0, 50));
    expect((await lint()).out).toContain("reads the clock");
  });
});

describe("durablec lint --max-warnings", () => {
  const warned = source
    .replace('"use durable";', '"use durable";\n  void later();')
    .replace("import", 'import { later } from "./later.js";\nimport');

  test("fails on more warnings than that, also from the cache", async () => {
    write("stamp.ts", "export const stamp = (): number => 1;\n");
    write("later.ts", "export async function later(): Promise<void> {}\n");
    write("f.ts", warned);
    const { exit, out } = await lint();
    expect({ exit, out }).toEqual({ exit: 0, out: expect.stringContaining("Found 1 warning.") });
    expect(await lint("--max-warnings", "1")).toMatchObject({ exit: 0 });
    expect(await lint("--max-warnings", "0")).toMatchObject({
      exit: 1,
      err: "1 warning, and --max-warnings allows 0\n",
    });
    expect(await lint("--max-warnings", "few")).toMatchObject({ exit: 2 });
  });
});
