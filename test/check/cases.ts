/**
 * Small real projects for the checks. A case is the body of a durable function, or a whole module if it exports
 * something; `=== other.ts` starts another file of it. What a check must find is marked in place: `«Date.now»()`.
 *
 * All cases of a suite are folders of one program, read from disk by the real checker: building a program costs a
 * second, judging a case in it a millisecond.
 */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ts } from "ts-morph";
import { expect, test } from "vitest";
import { createLibraryHost } from "../../compiler/1-read/libraryHost.ts";
import { readProject } from "../../compiler/1-read/readProject.ts";
import { readTypeErrors } from "../../compiler/1-read/readTypeErrors.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import type { DurableProgram } from "../../compiler/program.ts";

export interface Suite {
  readonly program: DurableProgram;
  readonly cases: readonly Case[];
  /** Type errors in the cases: a case that TypeScript refuses proves nothing. */
  readonly typeErrors: string;
}

export interface Case {
  readonly name: string;
  readonly folder: string;
  /** `main.ts: Date.now`, one for each mark. */
  readonly expected: readonly string[];
}

const ROOT = join(import.meta.dirname, "../..");
const OPTIONS = {
  target: "ES2023",
  lib: ["ESNext", "DOM", "DOM.Iterable"],
  module: "NodeNext",
  moduleResolution: "NodeNext",
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  experimentalDecorators: false,
  noEmit: true,
  types: ["node"],
};

export function readCases(sources: Readonly<Record<string, string>>): Suite {
  // The real path: a program names its files by it, and a temporary folder may be behind a link.
  const root = ts.sys.realpath?.(mkdtempSync(join(tmpdir(), "durablec-check-"))) ?? "";
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "cases", type: "module" }));
  writeFileSync(
    join(root, "tsconfig.json"),
    JSON.stringify({ compilerOptions: OPTIONS, include: ["case*/**/*"] }),
  );
  const cases = Object.entries(sources).map(([name, source], index) => {
    const folder = join(root, `case${index}`);
    return { name, folder, expected: writeCase(folder, source) };
  });
  const program = readProject({ kind: "program", program: readProgram(root), root });
  const typeErrors = program.program === null ? [] : readTypeErrors(program.program);
  return { program, cases, typeErrors: formatTypeErrors(typeErrors, root) };
}

/** Declarations of the language and of Node, parsed once: they are most of what a program reads. */
const libraries = new Map<string, ts.SourceFile | undefined>();

function readProgram(root: string): ts.Program {
  const tsconfig = join(root, "tsconfig.json");
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(tsconfig, ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const host = createLibraryHost(options);
  const getSourceFile: ts.CompilerHost["getSourceFile"] = (path, version) => {
    if (!path.includes("/node_modules/")) return host.getSourceFile(path, version);
    if (!libraries.has(path)) libraries.set(path, host.getSourceFile(path, version));
    return libraries.get(path);
  };
  return ts.createProgram({ rootNames: fileNames, options, host: { ...host, getSourceFile } });
}

/** One test a case: what is found, in `diagnostics`, is what is marked. */
export function testCases(suite: Suite, diagnostics: readonly Diagnostic[], code?: string): void {
  test("the cases have no type errors of their own", () =>
    expect(suite.typeErrors.split("\n")).toEqual([""]));
  const relevant = diagnostics.filter((found) => code === undefined || found.code === code);
  test.each(suite.cases)("$name", ({ folder, expected }) => {
    expect(toFound(folder, relevant)).toEqual(expected);
  });
}

/** Everything found in a case, for tests about messages and notes. */
export function findingsOf(
  suite: Suite,
  diagnostics: readonly Diagnostic[],
  name: string,
): readonly Diagnostic[] {
  const folder = suite.cases.find((known) => known.name === name)?.folder ?? name;
  return diagnostics.filter(({ file }) => file.startsWith(`${folder}/`));
}

function toFound(folder: string, diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics
    .filter(({ file }) => file.startsWith(`${folder}/`))
    .map(({ file, start, end }) => `${file.slice(folder.length + 1)}: ${textOf(file).slice(start, end)}`);
}

function textOf(path: string): string {
  return ts.sys.readFile(path) ?? "";
}

/** Writes the files without their marks and returns the texts that were marked. */
function writeCase(folder: string, source: string): string[] {
  const [main = "", ...others] = source.split(/^ *=== */m);
  const files = [["main.ts", toModule(main)], ...others.map(splitName)] as const;
  return files.flatMap(([name = "", text = ""]) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replaceAll(/[«»]/g, ""));
    return [...text.matchAll(/«([^»]*)»/g)].map(([, marked]) => `${name}: ${marked}`);
  });
}

function splitName(part: string): [string, string] {
  const end = part.indexOf("\n");
  return [part.slice(0, end).trim(), part.slice(end + 1)];
}

const OPERATIONS = [
  "checkpoint",
  "createCallback",
  "now",
  "random",
  "step",
  "uuid",
  "wait",
  "waitForCallback",
];

function toModule(text: string): string {
  if (/\bexport\b/.test(text)) {
    const used = OPERATIONS.filter((name) => new RegExp(`\\b${name}[(<]`).test(text));
    return used.length === 0 || text.includes('from "@durablec/runtime"')
      ? text
      : `import { ${used.join(", ")} } from "@durablec/runtime";\n${text}`;
  }
  const imports = [...text.matchAll(/^ *import .*$/gm)].map(([line]) => line);
  const body = text.replaceAll(/^ *import .*$/gm, "");
  return [
    `import { ${OPERATIONS.join(", ")} } from "@durablec/runtime";`,
    ...imports,
    `export async function main(id: string, ids: string[]): Promise<unknown> {\n  "use durable";\n${body}\n  return id;\n}`,
  ].join("\n");
}

function formatTypeErrors(errors: readonly ts.Diagnostic[], root: string): string {
  return ts.formatDiagnostics(errors, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => "\n",
  });
}
