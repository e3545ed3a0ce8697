/**
 * Runs one program in several ways whose logs must be equal: as it was written; compiled; and compiled with every frame
 * rebuilt at every await from its live slots alone, where reading any other slot throws.
 */
import { createRequire } from "node:module";
import { transformSync } from "@swc/core";
import { ts } from "ts-morph";
import * as support from "../../fixtures/language/support.ts";
import { transformText } from "../../compiler/index.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import * as authoring from "../../runtime/authoring.ts";
import * as machineWords from "../../runtime/machine.ts";
import { realWorld, type World } from "../../runtime/engine/world.ts";
import { runMemory, runRebuild, runRestart, type RestartOutcome } from "../../runtime/testing.ts";

type Main = (...args: readonly unknown[]) => Promise<unknown>;
type Log = readonly string[];

export interface Program {
  readonly native: Main;
  readonly compiled: Main;
  readonly rebuilt: Main;
  /** Written, dropped and brought back from bytes at every await. */
  readonly restarted: () => Promise<RestartOutcome<unknown>>;
  readonly code: string;
}

export class CompileError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[], source: string) {
    super(
      diagnostics
        .map((found) => `${found.code} ${found.message} <${source.slice(found.start, found.end)}>`)
        .join("\n"),
    );
    this.diagnostics = diagnostics;
  }
}

/** `source` is a module that exports `main`. */
export function toProgram(source: string, fileName: string): Program {
  const { code, diagnostics } = transformText(source, { fileName, verify: true });
  if (code === null || diagnostics.length > 0) throw new CompileError(diagnostics, source);
  const native = toNative(source);
  const [compiled, rebuilt, restarted] = [0, 1, 2].map(() => evaluate(code, authoring)) as [Main, Main, Main];
  return {
    native: () => runMemory(native, undefined),
    compiled: () => runMemory(compiled, undefined),
    // Modules of their own, so that module variables start afresh.
    rebuilt: () => runRebuild(rebuilt, undefined),
    restarted: () => runRestart(restarted, undefined, { world: createFastWorld() }),
    code,
  };
}

/** The program as it was written. Throws when it is no program. */
export function toNative(source: string): Main {
  return evaluate(source, nativeOperations);
}

export async function runAll(
  { native, compiled, rebuilt }: Program,
  timed = true,
): Promise<Readonly<Record<"native" | "compiled" | "rebuilt", Log>>> {
  return {
    native: await support.record(() => native(), timed),
    compiled: await support.record(() => compiled(), timed),
    rebuilt: await support.record(() => rebuilt(), timed),
  };
}

/** Time runs fifty times as fast: retries and waits take little of ours, and stay in their order. */
function createFastWorld(): World {
  const start = Date.now();
  const now = (): number => start + (Date.now() - start) * 50;
  return {
    ...realWorld,
    random: () => 0,
    now,
    setTimer(at, callback) {
      const timer = setTimeout(callback, Math.max(0, at - now()) / 50);
      return () => clearTimeout(timer);
    },
  };
}

export interface Restarted {
  /** Without the turns, which are the engine's. */
  readonly log: Log;
  /** Why a state could not be written; then code was run again, and logged again. */
  readonly unwritten: RestartOutcome<unknown>["unwritten"];
  readonly restarts: number;
}

export async function runRestarted({
  native,
  restarted,
}: Program): Promise<{ readonly native: Log; readonly restarted: Restarted }> {
  const found: Omit<Restarted, "log"> = { unwritten: [], restarts: 0 };
  const expected = await support.record(() => native(), false);
  const log = await support.record(async () => {
    const { result, unwritten, restarts } = await restarted();
    Object.assign(found, { unwritten, restarts });
    return result;
  }, false);
  return { native: expected, restarted: { log, ...found } };
}

/** What the operations mean to code that is not compiled, so that it can be compared. */
const nativeOperations = {
  step: async (...args: readonly unknown[]): Promise<unknown> =>
    (args.find((arg) => typeof arg === "function") as () => unknown)(),
  wait: async (): Promise<void> => undefined,
  checkpoint: async (): Promise<void> => undefined,
  now: (): number => 0,
  random: (): number => 0.5,
  uuid: (): string => "uuid",
};

function transform(source: string): string {
  return transformSync(source, {
    configFile: false,
    swcrc: false,
    isModule: true,
    module: { type: "commonjs", noInterop: true },
    jsc: { target: "esnext", parser: { syntax: "typescript" } },
  }).code;
}

function toCommonJs(source: string): string {
  const { ScriptTarget, ModuleKind } = ts;
  const compilerOptions = { target: ScriptTarget.ESNext, module: ModuleKind.CommonJS };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}

function evaluate(source: string, operations: object): Main {
  // What swc makes of `using`, and of `(await a) ** b`, is not the language's.
  const code = /\busing\b|\) \*\* /.test(source) ? toCommonJs(source) : transform(source);
  const modules: Readonly<Record<string, object>> = {
    "../support.ts": support,
    "@durablec/runtime": operations,
    "@durablec/runtime/machine": machineWords,
  };
  const exported: { main?: Main } = {};
  const require = (name: string): unknown => modules[name] ?? createRequire(import.meta.url)(name);
  // The program under test is the argument of the test: it has to become code somewhere.
  new Function("exports", "require", code)(exported, require);
  if (exported.main === undefined) throw new Error("the program exports no main");
  return exported.main;
}
