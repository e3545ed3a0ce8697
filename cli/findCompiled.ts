import { dirname, relative, sep } from "node:path";
import { analyse, type Analysis } from "../compiler/build.ts";
import type { CompiledModule } from "../compiler/index.ts";
import type { Machine } from "../compiler/ir.ts";
import { printMachine } from "../compiler/3-lower/printMachine.ts";
import type { ManifestFunction } from "../compiler/5-write/manifest.ts";
import { toManifest } from "../compiler/5-write/toManifest.ts";
import { Trouble } from "./exit.ts";
import type { Io } from "./io.ts";
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

/** The function after a pass: its machine, or the module's JavaScript. */
export function printAfter(
  pass: "lower" | "emit",
  { module, machine }: NonNullable<Found["compiled"]>,
): string {
  return pass === "emit" ? module.code : printMachine(machine, machine.node.getSourceFile().text);
}
