import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import { createViteServer } from "vitest/node";
import { transformText, type TransformOptions } from "../../compiler/index.ts";
import * as authoring from "../../runtime/index.ts";
import * as machine from "../../runtime/machine.ts";
import { runRebuild } from "../../runtime/testing.ts";

/** Inside the repository, so that what is run there finds the runtime. */
const folder = mkdtempSync(join(import.meta.dirname, "../../node_modules/.transform-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Read the expected file as a person: that it is easy to read is what this test keeps. */
test.each(["fulfil"])("the output of %s is as docs/machine.md describes it", async (name) => {
  const fixture = new URL(`../../fixtures/language-output/${name}/`, import.meta.url);
  const source = readFileSync(new URL("input.ts", fixture), "utf8");
  const { code, diagnostics } = transformText(source, { fileName: `src/${name}.ts`, verify: true });
  expect(diagnostics).toEqual([]);
  await expect(code).toMatchFileSnapshot(new URL("expected.js", fixture).pathname);
});

describe("text that is no program has no code, and is told where", () => {
  test.each([
    ["a broken expression", "const a = (1;", ";"],
    ["await in a function that is not async", "function f() {\n  await g();\n}", "await"],
    ["a jump out of nothing", "let a = 1;\nbreak;", "break;"],
    ["a name declared twice", "async function f() { let a; const [a] = []; }", "a"],
    ["types in JavaScript", "export const a: number = 1;", "a", "module.js"],
    ["an import in a script", 'import "a";', "import", "module.cjs"],
  ])("%s", (_name, source, place, fileName = "module.ts") => {
    const { code, map, functions, diagnostics } = transformText(source, { fileName });
    expect([code, map, functions]).toEqual([null, null, []]);
    const [found] = diagnostics;
    expect(found?.severity).toBe("error");
    expect(source.slice(found?.start, found?.end)).toContain(place);
  });

  test("and refused constructs are told in scripts too", () => {
    const refused = (body: string): string =>
      transformText(`async function f(a) { "use durable"; ${body} }`, {
        fileName: "f.js",
        sourceType: "script",
      })
        .diagnostics.map(({ code, message }) => `${code} ${message}`)
        .join("\n");
    expect(refused("await eval(a);")).toMatch(/DC111 .*eval/);
    expect(refused("with (a) { await b; }")).toMatch(/DC111 .*with/);
    expect(refused("{ function g() {} } await g();")).toMatch(/DC111 .*'g' of a block/);
    expect(refused('"use strict"; { function g() {} } await g();')).toBe("");
  });
});

test.each<readonly [Record<string, unknown>, RegExp]>([
  [{ filename: "a.ts" }, /no option filename/],
  [{ fileName: "README.md" }, /fileName is "README.md"/],
  [{ directive: "some" }, /directive is "some", and must be one of "required", "all"/],
  [{ runtime: {} }, /runtime is \{\}/],
  [{ runtime: { require: "x" } }, /an ES module has no require/],
  [{ sourceType: "script", runtime: { import: "x" } }, /a script has no imports/],
])("an option that cannot be is a TypeError that names it: %j", (options, message) => {
  expect(() => transformText("", options as TransformOptions)).toThrow(TypeError);
  expect(() => transformText("", options as TransformOptions)).toThrow(message);
});

/** What each call is, in order, with a mark where it is not awaited there. */
function meanings(source: string, options: TransformOptions = {}): readonly string[] {
  const { functions, diagnostics } = transformText(source, { ...options, verify: true });
  expect(diagnostics).toEqual([]);
  return functions.flatMap(({ checkpoints }) =>
    checkpoints.map(({ kind, name, awaited }) =>
      `${kind} ${name ?? ""}${awaited ? "" : " (not awaited)"}`.trim(),
    ),
  );
}

describe("what a call means is told from the syntax", () => {
  const inFunction = (body: string, parameters = "order, ctx"): readonly string[] =>
    meanings(
      `import { a, b } from "./a.js"; import { step, type DurableContext } from "@durablec/runtime";\n` +
        `export async function f(${parameters}) { "use durable"; ${body} }`,
    );

  test("a call is a step where only its settled value is used, and an ordinary call elsewhere", () => {
    expect(inFunction("await a(); b();")).toEqual(["step a"]);
    expect(inFunction("await Promise.all([a(), b()]);")).toEqual([
      "value",
      "step a (not awaited)",
      "step b (not awaited)",
    ]);
    expect(inFunction("const p = a(); b(); await p;")).toEqual(["step a (not awaited)", "value"]);
    expect(inFunction("const p = a(); b(p); await p;")).toEqual(["value"]);
    expect(inFunction("let p = a(); await p; p = 1; return p;")).toEqual(["value"]);
    expect(inFunction("return a();")).toEqual([]);
  });

  test("methods of the second parameter are operations, if it is used as a context", () => {
    expect(inFunction('await ctx.step("s", () => a()); await ctx.wait("w", "1s");')).toEqual([
      "step s",
      "wait w",
    ]);
    expect(inFunction("await ctx.map(order); await ctx.length;")).toEqual(["call ctx.map", "value"]);
    expect(inFunction("await ctx.map(order);", "order, ctx: DurableContext")).toEqual(["batch"]);
    expect(inFunction('await ctx.step("s");', "order, ctx: Stairs")).toEqual(["call ctx.step"]);
    expect(
      inFunction('await ctx.runInChildContext("c", async (own) => { await own.step("s", a); });'),
    ).toEqual(["context c", "step s"]);
  });

  test("operations may be required, or members of the global object", () => {
    const body = 'async function f() { "use durable"; await step("s", () => 1); }';
    expect(
      meanings(`const { step } = require("@durablec/runtime");\n${body}`, { fileName: "f.cjs" }),
    ).toEqual(["step s"]);
    expect(
      meanings(body.replace("step(", "durablec.step("), { fileName: "f.js", sourceType: "script" }),
    ).toEqual(["step s"]);
  });
});

test("with directive 'all' every async function is durable, and has an id of its own", () => {
  const source =
    "export default async () => 1; const o = { async: async () => await 2 }, f = [async () => 3, async () => 4];" +
    "async function outer() { await Promise.all([1].map(async (x) => await x)); } function sync() {}";
  const { functions, diagnostics } = transformText(source, { directive: "all", verify: true });
  expect(diagnostics).toEqual([]);
  expect(functions.map(({ id }) => id)).toEqual([
    "module.ts#anonymous",
    "module.ts#o.async",
    "module.ts#f.anonymous",
    "module.ts#f.anonymous.2",
    "module.ts#outer",
    "module.ts#outer.$1",
  ]);
  expect(transformText(source).functions).toEqual([]);
});

test("scripts of one realm reach the runtime through a global, and do not disturb each other", async () => {
  const realm = createContext({ durablec: { ...authoring, machine }, log: [] });
  const script = (fileName: string, value: number): string =>
    transformText(
      `function keep(f) { log.push(f); } async function f(n) { return this.base + (await n) + ${value}; } keep(f);`,
      { fileName, sourceType: "script", directive: "all" },
    ).code ?? "";
  runInContext("var base = 100;", realm);
  for (const [name, value] of [
    ["a.js", 1],
    ["b.js", 2],
    ["a.js", 1],
  ] as const)
    runInContext(script(name, value), realm);
  const [a, b] = (realm as { log: ((n: number) => Promise<number>)[] }).log;
  // Sloppy code: `this` is the global object.
  expect([await a?.(10), await b?.(10)]).toEqual([111, 112]);
});

test("CommonJS as it is written stays so", async () => {
  const source = `exports.f = async function f(n) { "use durable"; let sum = 0; while (n-- > 0) sum += await n; return sum; };`;
  const { code } = transformText(source, { fileName: "f.cjs" });
  const exported: { f?: (n: number) => Promise<number> } = {};
  new Function("exports", "require", code ?? "")(exported, () => machine);
  expect(await runRebuild(exported.f as (n: number) => Promise<number>, 4)).toBe(6);
});

const MAIN = `import { later } from "./later.ts";
export async function main(n: number): Promise<number> {
  "use durable";
  const found = await later<number>(n);
  return found + 1;
}
`;

test("a loader of Node can be made of it", () => {
  writeFileSync(join(folder, "main.ts"), MAIN);
  writeFileSync(join(folder, "later.ts"), "export const later = async <T>(value: T): Promise<T> => value;\n");
  const compiler = JSON.stringify(new URL("../../dist/compiler/index.js", import.meta.url).href);
  const loader = `
    import { readFileSync } from "node:fs";
    import { registerHooks } from "node:module";
    import { fileURLToPath } from "node:url";
    import { transformText } from ${compiler};
    registerHooks({
      load(url, context, next) {
        if (!url.includes("/.transform-") || !url.endsWith(".ts")) return next(url, context);
        const source = readFileSync(fileURLToPath(url), "utf8");
        const { code, diagnostics } = transformText(source, { fileName: url.split("/").at(-1) });
        if (code === null) throw new SyntaxError(diagnostics[0].message);
        return { format: "module", source: code, shortCircuit: true };
      },
    });
    const { main } = await import("./main.ts");
    const { open } = await import("@durablec/runtime");
    const engine = await open({ store: "memory:", functions: [main] });
    const { id } = await engine.start(main, 20);
    console.log(await engine.result(id), JSON.stringify(await engine.history(id)));
    await engine.close();
  `;
  writeFileSync(join(folder, "run.mjs"), loader);
  const out = execFileSync(process.execPath, ["--no-warnings", join(folder, "run.mjs")], {
    encoding: "utf8",
  });
  expect(out).toMatch(/^21 .*StepSucceeded.*later/);
});

test("a plugin of a bundler can be made of it", async () => {
  writeFileSync(join(folder, "main.ts"), MAIN);
  writeFileSync(join(folder, "later.ts"), "export const later = async <T>(value: T): Promise<T> => value;\n");
  const server = await createViteServer({
    root: folder,
    configFile: false,
    logLevel: "silent",
    server: { middlewareMode: true, watch: null, ws: false },
    plugins: [
      {
        name: "durablec",
        enforce: "pre",
        transform(source, id) {
          if (!id.startsWith(folder)) return null;
          const { code, map } = transformText(source, { fileName: id.slice(folder.length + 1) });
          return code === null ? null : { code, map: JSON.parse(map ?? "null") as never };
        },
      },
    ],
  });
  try {
    const { main } = (await server.ssrLoadModule("/main.ts")) as { main: (n: number) => Promise<number> };
    expect(await main(1)).toBe(2);
    const made = await server.transformRequest("/main.ts", { ssr: true });
    expect(made?.code).toContain('"step"');
    expect(made?.map).toMatchObject({ sourcesContent: [MAIN] });
  } finally {
    await server.close();
  }
});
