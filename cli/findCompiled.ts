import { dirname, relative, sep } from "node:path";
import { analyse, type Analysis } from "../compiler/build.ts";
import { compileProgram, type CompiledModule, type Pass } from "../compiler/index.ts";
import { printFunction } from "../compiler/1-read/printModule.ts";
import { readProject } from "../compiler/1-read/readProject.ts";
import type { Machine } from "../compiler/ir.ts";
import { printMachine } from "../compiler/3-lower/printMachine.ts";
import type { ManifestFunction } from "../compiler/5-write/manifest.ts";
import { toManifest } from "../compiler/5-write/toManifest.ts";
import { Trouble } from "./exit.ts";
import type { Io } from "./io.ts";
import type { passes } from "./passes.ts";
import { findTsconfig, type Target } from "./target.ts";

export interface Found {
  readonly analysis: Analysis;
  /** Null if an error stands in the way; `analysis` says which. */
  readonly compiled: {
    readonly module: CompiledModule;
    readonly machine: Machine;
    /** The function itself, then the durable closures in it. */
    readonly functions: readonly ManifestFunction[];
  } | null;
}

/** Compiles the project around a source, in memory, and finds the function that was named. */
export function findCompiled(target: Target, project: string | undefined, io: Io): Found {
  if (!target.isSource)
    throw new Trouble(
      `${target.file} is not a TypeScript source.`,
      "Name the source that the function is written in.",
    );
  const tsconfig = findTsconfig(project, dirname(target.file), io);
  const analysis = analyse({ tsconfig, typeCheck: false });
  if (analysis.hasErrors) return { analysis, compiled: null };
  const path = relative(analysis.root, target.file).split(sep).join("/");
  if (analysis.program.getSourceFile(target.file) === undefined)
    throw new Trouble(`${path} is not part of ${tsconfig}.`, "Name the project it belongs to with -p.");
  const module = analysis.modules.find((one) => one.path === path);
  const machine = module?.machines.find(({ name }) => name === target.name);
  if (module === undefined || machine === undefined)
    throw new Trouble(`${path} has no durable function "${target.name}".`, adviceFor(module));
  const { functions } = toManifest([module], () => path);
  const own = functions.filter(({ id }) => id === machine.id || id.startsWith(`${machine.id}.`));
  return { analysis, compiled: { module, machine, functions: own } };
}

function adviceFor(module: CompiledModule | undefined): string {
  const names = module?.machines.map(({ name }) => name) ?? [];
  return names.length === 0
    ? 'Mark an async function "use durable" as the first statement of its body.'
    : `It has ${names.join(", ")}.`;
}

/** The function after a pass: what was read or found, its machine, or its module's TypeScript and JavaScript. */
export function printAfter(pass: (typeof passes)[number], { analysis, compiled }: Found): string {
  if (compiled === null) return "";
  const { module, machine } = compiled;
  const { program, root, findings } = analysis;
  const file = machine.node.getSourceFile();
  const within = ({ start, end }: { readonly start: number; readonly end: number }): boolean =>
    start >= machine.node.getStart() && end <= machine.node.end;
  if (pass === "emit") return module.code;
  if (pass === "check") {
    const own = findings.filter((finding) => finding.file === file.fileName && within(finding));
    return own.map(({ code, message }) => `${code} ${message}`).join("\n") || "nothing to say";
  }
  const read = readProject({ kind: "program", program, root }).modules.find(
    ({ path }) => path === module.path,
  );
  const fn = read?.functions.find(({ id }) => id === machine.id);
  if (read === undefined || fn === undefined) throw new TypeError(`${machine.id} was not read again`);
  if (pass === "read") return printFunction(read, fn);
  let text = "";
  const onPass = (after: Pass, left: Machine | string): void => {
    if (after !== pass) return;
    if (typeof left === "string") text = left;
    else if (left.id === machine.id) text = printMachine(left, file.text);
  };
  compileProgram({ root, program, files: [file], modules: [read] }, { onPass });
  return text;
}
