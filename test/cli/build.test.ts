import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Manifest } from "../../compiler/5-write/manifest.ts";
import { runIn, type Ran } from "./fakeIo.ts";

const root = join(import.meta.dirname, "../..");
const cwd = mkdtempSync(join(tmpdir(), "durablec-build-"));
const run = (...argv: readonly string[]): Promise<Ran> => runIn({ cwd }, ...argv);
const at = (path: string) => join(cwd, path);
const read = (path: string) => readFileSync(at(path), "utf8");

function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

const options = {
  ...{ target: "ES2023", lib: ["ES2023"], module: "NodeNext", strict: true, types: [], skipLibCheck: true },
  ...{ rootDir: "src", noEmit: true },
};
const greet = `import { step, wait } from "@durablec/runtime";
import { upper } from "./deep/upper.js";

/** Greets. */
export async function greet(name: string, mark = "!"): Promise<string> {
  "use durable";
  const loud = await upper(name);
  await wait("a moment", { milliseconds: 1 });
  return await step("greet", () => "Hello, " + loud + mark);
}
`;

beforeEach(() => {
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(at("node_modules/@durablec"), { recursive: true });
  symlinkSync(join(root, "runtime"), at("node_modules/@durablec/runtime"));
  write("package.json", '{ "type": "module" }');
  write("tsconfig.json", JSON.stringify({ compilerOptions: options, include: ["src"] }));
  write("src/greet.ts", greet);
  write(
    "src/deep/upper.ts",
    "export async function upper(text: string) {\n  return text.toUpperCase();\n}\n",
  );
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe("build", { timeout: 30_000 }, () => {
  test("writes JavaScript, declarations with the author's signatures, maps and a manifest", async () => {
    const ran = await run("build");
    expect(ran).toMatchObject({ exit: 0, err: "" });
    expect(ran.out).toMatch(/^built 1 durable function with 3 checkpoints: 7 files in dist, \d/);
    expect(read("dist/greet.d.ts")).toContain(
      "/** Greets. */\nexport declare function greet(name: string, mark?: string): Promise<string>;",
    );
    expect(JSON.parse(read("dist/greet.js.map"))).toMatchObject({
      sources: ["../src/greet.ts"],
      file: "greet.js",
    });
    expect(JSON.parse(read("dist/deep/upper.js.map"))).toMatchObject({
      sources: ["../../src/deep/upper.ts"],
    });
    const manifest = JSON.parse(read("dist/durable.manifest.json")) as Manifest;
    expect(manifest).toEqual({
      version: 1,
      vocabulary: 1,
      functions: [
        {
          ...{ id: "src/greet.ts#greet", name: "greet", source: "src/greet.ts", line: 5, module: "greet.js" },
          hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
          checkpoints: [
            {
              ...{ number: 1, kind: "step", name: "upper", line: 7, column: 16, awaited: true },
              live: [{ name: "mark", type: "string" }],
            },
            {
              ...{ number: 2, kind: "wait", name: "a moment", line: 8, column: 3, awaited: true },
              live: ["mark", "loud"].map((name) => ({ name, type: "string" })),
            },
            { number: 3, kind: "step", name: "greet", line: 9, column: 10, awaited: true, live: [] },
          ],
        },
      ],
    });
    for (const { module } of manifest.functions) expect(existsSync(at(join("dist", module)))).toBe(true);
  });

  test("of the same sources is the same, and touches nothing", async () => {
    await run("build");
    const again = JSON.parse((await run("build", "--json")).out) as {
      ok: boolean;
      files: string[];
      changed: string[];
    };
    expect(again).toMatchObject({ ok: true, changed: [], findings: [] });
    expect(again.files).toHaveLength(7);
  });

  test("writes where it is told to", async () => {
    expect((await run("build", "-p", "tsconfig.json", "--outDir", "elsewhere")).exit).toBe(0);
    expect(existsSync(at("elsewhere/durable.manifest.json"))).toBe(true);
    expect(existsSync(at("dist"))).toBe(false);
  });

  test("says what the disk said when it cannot write, without a stack", async () => {
    write("occupied", "a file where a folder has to be");
    const ran = await run("build", "--outDir", "occupied/deep");
    expect(ran).toMatchObject({ exit: 3, out: "" });
    expect(ran.err).toMatch(/^error: ENOTDIR: .*\n {2}Check that the path is right/);
    expect(ran.err).not.toContain("    at ");
  });

  test("reports type errors as tsc does, and writes nothing", async () => {
    write("src/wrong.ts", "export const n: number = 'x';\nexport const m = missing;\n");
    const ran = await run("build");
    expect(ran).toMatchObject({ exit: 1, err: "" });
    expect(ran.out).toBe(tsc());
    expect(existsSync(at("dist"))).toBe(false);
  });

  test("does not check types with --noCheck, but syntax still", async () => {
    write("src/wrong.ts", "export const n: number = 'x';\n");
    expect(await run("build", "--noCheck")).toMatchObject({ exit: 0 });
    expect(existsSync(at("dist/wrong.js"))).toBe(true);
    write("src/wrong.ts", "export const n = = 1;\n");
    expect(await run("build", "--noCheck")).toMatchObject({ exit: 1 });
  });

  test("leaves the build before as it is when there are findings", async () => {
    await run("build");
    const before = read("dist/greet.js");
    write("src/greet.ts", greet.replace("const loud", "const now = Date.now();\n  const loud"));
    const ran = await run("build");
    expect(ran.exit).toBe(1);
    expect(ran.out).toContain("src/greet.ts:7:15 - error DC201:");
    expect(read("dist/greet.js")).toBe(before);
  });

  test("with --watch builds again after a change, until it is told to stop", async () => {
    const stop = new AbortController();
    const watching = runIn({ cwd, stopped: stop.signal }, "build", "--watch");
    await until(() => existsSync(at("dist/greet.js")));
    // The watcher is there only after the first build has been reported.
    await new Promise((resolve) => setTimeout(resolve, 100));
    write("src/greet.ts", greet.replace("Hello", "Welcome"));
    await until(() => read("dist/greet.js").includes("Welcome"));
    stop.abort("SIGINT");
    const ran = await watching;
    expect(ran.exit).toBe(0);
    expect(ran.out.match(/^built/gm)?.length).toBeGreaterThanOrEqual(2);
  });
});

describe("lint", { timeout: 30_000 }, () => {
  test("finds nothing in a sound project", async () => {
    expect(await run("lint")).toEqual({ exit: 0, out: "nothing found in 1 durable function\n", err: "" });
    expect(JSON.parse((await run("lint", "--json")).out)).toEqual([]);
  });

  test.each([
    ["pretty", /^src\/greet.ts:7:15 - error DC202: [\s\S]*\nFound 1 error\.\n$/],
    ["json", /"code": "DC202",[\s\S]*"line": 7,/],
    ["sarif", /"ruleId": "DC202",[\s\S]*"startLine": 7,/],
    ["github", /^::error file=src\/greet.ts,line=7,.*DC202/],
  ])("says what it found as %s, and writes nothing", async (format, expected) => {
    write("src/greet.ts", greet.replace("const loud", "const lot = Math.random();\n  const loud"));
    const ran = await run("lint", "--format", format);
    expect(ran).toMatchObject({ exit: 1, err: "" });
    expect(ran.out).toMatch(expected);
    expect(existsSync(at("dist"))).toBe(false);
  });
});

describe("a function is named by its source:", { timeout: 30_000 }, () => {
  test("explain lists its checkpoints, and the same from its build", async () => {
    const { out } = await run("explain", "src/greet.ts#greet");
    const lines = out
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/));
    expect(lines.slice(2)).toEqual([
      ["#", "operation", "name", "line", "stored with it"],
      ["1", "step", "upper", "7", "mark: string"],
      ["2", "wait", "a moment", "8", "mark: string, loud: string"],
      ["3", "step", "greet", "9"],
    ]);
    await run("build");
    expect((await run("explain", "dist/greet.js#greet")).out).toBe(out);
  });

  test("show prints it after a pass", async () => {
    expect((await run("show", "src/greet.ts#greet", "--pass", "lower")).out).toMatch(
      /^machine src\/greet.ts#greet\n/,
    );
    expect((await run("show", "src/greet.ts#greet")).out).toContain("$machine(");
    const json = JSON.parse((await run("show", "src/greet.ts#greet", "--json")).out) as object;
    expect(json).toMatchObject({ function: "src/greet.ts#greet", pass: "emit" });
  });

  test("invoke builds it aside and runs it", async () => {
    const ran = await run("invoke", "src/greet.ts#greet", "--input", '"you"', "--id", "g");
    expect(ran).toEqual({ exit: 0, out: "'Hello, YOU!'\n", err: "started g\n" });
    expect(existsSync(at("dist"))).toBe(false);
  });

  test("invoke shows an error with the author's lines, and no frames of ours", async () => {
    write(
      "src/fail.ts",
      `import { wait } from "@durablec/runtime";

export async function fail(at: { deep: null | { x: number } }): Promise<number> {
  "use durable";
  await wait("1ms");

  return inner(at.deep);
}

const inner = (deep: null | { x: number }) => deep!.x;
`,
    );
    // As a program of its own: this one's stacks are vitest's.
    const program = join(root, "dist/cli/main.js");
    const argv = [program, "invoke", "src/fail.ts#fail", "--input", '{"deep":null}', "--id", "f"];
    const { status, stderr } = spawnSync(process.execPath, argv, { cwd, encoding: "utf8" });
    expect(status).toBe(3);
    expect(stderr.split("\n").map((line) => line.trim())).toEqual([
      "started f",
      "f failed: TypeError: Cannot read properties of null (reading 'x')",
      expect.stringMatching(/^at inner .*\/src\/fail\.ts:10:\d+\)$/) as string,
      expect.stringMatching(/^at .*fail .*\/src\/fail\.ts:7:\d+\)$/) as string,
      "",
    ]);
  });

  test("a name that is not there ends with 2 and says which are", async () => {
    for (const command of ["explain", "show", "invoke"])
      expect(await run(command, "src/greet.ts#great")).toMatchObject({ exit: 2, out: "" });
    expect((await run("explain", "src/greet.ts#great")).err).toContain("It has greet.");
  });

  test("an error in it ends with 1 and is printed", async () => {
    write("src/greet.ts", greet.replace("const loud", "const lot = Math.random();\n  const loud"));
    for (const command of ["explain", "show", "invoke"]) {
      const ran = await run(command, "src/greet.ts#greet");
      expect(ran).toMatchObject({ exit: 1, out: "" });
      expect(ran.err).toContain("DC202");
    }
  });
});

function tsc(): string {
  const program = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
  try {
    return execFileSync(process.execPath, [program, "--pretty", "false"], { cwd, encoding: "utf8" });
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (done()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("waited too long");
}
