import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { findDirectionProblems } from "./tidy/direction.ts";
import { findProblems, type Problem, type SourceText } from "./tidy/rules.ts";

const root = join(import.meta.dirname, "..");
const skipped: ReadonlySet<string> = new Set(["node_modules", "dist", ".git", ".durable", ".cache"]);

function pathsIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name).split(sep).join("/");
    return entry.isDirectory() ? pathsIn(path) : [path];
  });
}

function read(path: string): SourceText {
  return {
    path: relative(root, join(root, path)).split(sep).join("/"),
    text: readFileSync(join(root, path), "utf8"),
  };
}

/** Fixtures are other people's code by intent: only the quickstart has to be as tidy as we are. */
const committed = pathsIn(".").map((path) => path.replace(/^\.\//, ""));
const sources = committed
  .filter(
    (path) =>
      path.endsWith(".ts") && (!path.startsWith("fixtures/") || path.startsWith("fixtures/quickstart/")),
  )
  .map(read);

interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

function readPackage(path: string): PackageFile {
  return JSON.parse(read(path).text) as PackageFile;
}

const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

function shown(problems: readonly Problem[]): string[] {
  return problems.map(({ path, line, message }) => `${path}:${line} ${message}`);
}

function messagesOf(text: string, path = "compiler/sample.ts"): string[] {
  return findProblems({ path, text }).map(({ message }) => message);
}

describe("the repository", () => {
  test("holds the sources that the rules are about", () => {
    for (const folder of ["compiler/", "runtime/", "cli/", "test/", "fixtures/quickstart/"])
      expect(
        sources.some(({ path }) => path.startsWith(folder)),
        folder,
      ).toBe(true);
  });

  test("keeps files and functions small and types honest", () => {
    expect(shown(sources.flatMap(findProblems))).toEqual([]);
  });

  test("imports downwards only, and only what is declared", () => {
    const [own, runtime] = ["package.json", "runtime/package.json"].map((path) => {
      const { dependencies, peerDependencies } = readPackage(path);
      return Object.keys({ ...dependencies, ...peerDependencies });
    });
    if (!own || !runtime) throw new Error("two packages");
    const dependencies = { compiler: own, cli: own, integrations: own, runtime };
    expect(shown(findDirectionProblems(sources, dependencies))).toEqual([]);
  });

  test("gives the runtime no dependency but peers that are optional", () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = readPackage("runtime/package.json");
    expect(dependencies ?? {}).toEqual({});
    for (const name of Object.keys(peerDependencies ?? {}))
      expect(peerDependenciesMeta?.[name], name).toEqual({ optional: true });
  });

  test("pins every version exactly", () => {
    for (const path of ["package.json", "runtime/package.json"]) {
      const { dependencies, devDependencies, peerDependencies } = readPackage(path);
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
        expect(version, `${name} in ${path}`).toMatch(exact);
      // A peer is the user's to choose, except our own other half.
      for (const [name, version] of Object.entries(peerDependencies ?? {}))
        if (name.startsWith("@durablec/")) expect(version, `${name} in ${path}`).toMatch(exact);
    }
  });

  test("names no package registry, in the lock file neither", () => {
    const named = committed.filter((path) => /registry\.[a-z]+\.(org|com)|deb\.debian/.test(read(path).text));
    expect(named).toEqual([]);
    expect(read("package-lock.json").text).not.toMatch(/"resolved": "(https?|git)/);
  });
});

describe("the rules find", () => {
  test("a file that is too long", () => {
    expect(messagesOf("//\n".repeat(400))).toEqual([]);
    expect(messagesOf("//\n".repeat(401))).toEqual(["401 lines, at most 400"]);
  });

  test("a function that is too long, but not a suite of tests", () => {
    const body = `{${"\n".repeat(70)}}`;
    expect(messagesOf(`function f() ${body}`)).toEqual(["f has 71 lines, at most 70"]);
    expect(messagesOf(`describe("x", () => ${body});`)).toEqual([]);
    expect(messagesOf(`test("x", () => ${body});`)).toEqual(["a function has 71 lines, at most 70"]);
  });

  test("a function with more than three parameters", () => {
    expect(messagesOf("const f = (a, b, c, d) => a;")).toEqual(["a function has 4 parameters, at most 3"]);
    expect(messagesOf('test.each([[1, 2, 3, 4]])("x", (a, b, c, d) => a);')).toEqual([]);
    expect(messagesOf("class A { f(this: A, a, b, c) {} }")).toEqual([]);
    expect(messagesOf("type F = (a: 1, b: 1, c: 1, d: 1) => void;")).toEqual([]);
  });

  test("loose types", () => {
    expect(messagesOf("let x: any;")).toEqual(["`any`"]);
    expect(messagesOf("const x = y as unknown as string;")).toEqual(["a cast through `unknown`"]);
    expect(messagesOf("const x = (y as unknown) as string;")).toEqual(["a cast through `unknown`"]);
    expect(messagesOf('const x = "any"; // any comment')).toEqual([]);
  });

  test("loose exports", () => {
    expect(messagesOf("export let x = 1;")).toEqual(["an exported `let`"]);
    expect(messagesOf("export default 1;")).toEqual(["a default export"]);
    expect(messagesOf("export default function f() {}")).toEqual(["a default export"]);
    expect(messagesOf("export default {};", "vitest.config.ts")).toEqual([]);
    expect(messagesOf("export const x = 1; let y;")).toEqual([]);
  });

  test("enums, markers, silenced checks and imports without their ending", () => {
    expect(messagesOf("enum E { A }")).toEqual(["an `enum`"]);
    expect(messagesOf(`// ${"TO" + "DO"}: later`)).toEqual(["a left-over marker"]);
    expect(messagesOf(`// ${"@ts-" + "ignore"}`)).toEqual(["a silenced type check"]);
    expect(messagesOf('import { a } from "./a.js";')).toEqual(['import of "./a.js" without `.ts`']);
    expect(messagesOf('import { a } from "./a.ts"; import b from "b";')).toEqual([]);
  });

  const directionOf = (files: Readonly<Record<string, string>>) =>
    findDirectionProblems(
      Object.entries(files).map(([path, text]) => ({ path, text })),
      { compiler: ["ts-morph"], cli: ["yargs"], integrations: [], runtime: [] },
    ).map(({ path, message }) => `${path}: ${message}`);

  test("a part that imports what it must not know", () => {
    expect(directionOf({ "runtime/a.ts": 'import { a } from "../compiler/a.ts";' })).toHaveLength(1);
    expect(directionOf({ "runtime/a.ts": 'type A = import("durablec/compiler").A;' })).toHaveLength(1);
    expect(directionOf({ "runtime/a.ts": 'import pg from "pg";' })).toHaveLength(1);
    expect(directionOf({ "compiler/a.ts": 'export * from "../cli/a.ts";' })).toHaveLength(1);
    expect(directionOf({ "cli/a.ts": 'await import("left-pad/x");' })).toHaveLength(1);
    expect(directionOf({ "cli/a.ts": 'import { open } from "../runtime/index.ts";' })).toHaveLength(1);
    expect(
      directionOf({ "cli/a.ts": 'import "yargs/helpers"; import "node:fs"; import "@durablec/runtime";' }),
    ).toEqual([]);
  });

  test("an optional package outside its home", () => {
    const imports = (path: string): readonly Problem[] =>
      findDirectionProblems([{ path, text: 'import pg from "pg";' }], { runtime: ["pg"] });
    expect(imports("runtime/stores/postgres-a.ts")).toEqual([]);
    expect(imports("runtime/engine/a.ts")).toHaveLength(1);
  });

  test("a pass that reaches a later one, also through a file without a number", () => {
    const pipeline = 'import { emit } from "./4-emit/emit.ts";';
    expect(directionOf({ "compiler/1-read/a.ts": 'import "../2-check/b.ts";' })).toHaveLength(1);
    expect(directionOf({ "compiler/3-lower/a.ts": 'import "../1-read/b.ts"; import "../ir.ts";' })).toEqual(
      [],
    );
    expect(
      directionOf({ "compiler/3-lower/a.ts": 'import "../index.ts";', "compiler/index.ts": pipeline }),
    ).toEqual([
      'compiler/3-lower/a.ts: reaches a later pass, compiler/4-emit/emit.ts, through "../index.ts"',
    ]);
  });
});
