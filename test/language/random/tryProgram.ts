/**
 * One random program in every way that must give the same.
 *
 * - To the microtask: native, compiled without an execution, rebuilt at every await.
 * - In an execution: kept in memory; dropped and brought back from text at every await; killed at random commits. The
 *   engine has turns of its own, so a program with work beside it is compared with the execution kept in memory.
 */
import { isDeepStrictEqual } from "node:util";
import * as support from "../../../fixtures/language/support.ts";
import { readText } from "../../../compiler/1-read/readText.ts";
import { emitModule } from "../../../compiler/4-emit/emitModule.ts";
import { printText } from "../../../compiler/4-emit/printText.ts";
import type { Diagnostic } from "../../../compiler/diagnostic.ts";
import { toMachines, transformText } from "../../../compiler/index.ts";
import * as authoring from "../../../runtime/authoring.ts";
import * as machineWords from "../../../runtime/machine.ts";
import { runMemory, runRebuild } from "../../../runtime/testing.ts";
import { runInEngine, runKilled, type EngineRun } from "./engineRuns.ts";
import { IMPORTS, type RandomProgram } from "./program.ts";

type Main = (...args: readonly unknown[]) => Promise<unknown>;
type Log = readonly string[];

export type Outcome =
  | { readonly kind: "same"; readonly restarts: number }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "different"; readonly problem: string };

machineWords.registerClass("fixtures/language/support.ts#Walk", support.Walk);

/** A proxy is no value that a state can hold. */
const storableSupport = { ...support, spy: (_name: string, target: object) => target };

export async function tryProgram(
  { source, isParallel }: RandomProgram,
  random: () => number,
): Promise<Outcome> {
  const compiledText = random() < 0.1 ? compileWhole(source) : compileQuickly(source);
  if (typeof compiledText !== "string") return compiledText;
  const compiled = toMain(compiledText, support);
  const native = await recorded(() => runMemory(toNative(source, support), undefined), true);
  const problem =
    difference("compiled", native, await recorded(() => runMemory(compiled, undefined), true)) ??
    difference("rebuilt", native, await recorded(() => runRebuild(compiled, undefined), true));
  if (problem !== null) return { kind: "different", problem };
  return tryEngine({ source, isParallel }, toMain(compiledText, storableSupport), random);
}

type Refused = Extract<Outcome, { kind: "refused" }>;

const FILE = "fixtures/language/fuzz/input.ts";

function compileWhole(source: string): string | Refused {
  const { code, diagnostics } = transformText(source, { fileName: FILE, verify: true, commonjs: true });
  return code === null ? toRefused(source, diagnostics) : code;
}

/** All passes of ours, without the last, which takes out types and takes most of the time: these programs have none. */
function compileQuickly(source: string): string | Refused {
  const { program, diagnostics } = readText(source, FILE);
  const [module] = program.modules;
  const lowered = module === undefined ? null : toMachines(module, { verify: true });
  const found = [...diagnostics, ...(lowered?.diagnostics ?? [])];
  if (lowered === null || found.length > 0) return toRefused(source, found);
  const { context, machines } = lowered;
  const reach = { kind: "import", name: "@durablec/runtime/machine" } as const;
  const code = emitModule({ module: lowered.module, words: context.words, context, machines, reach });
  const { text } = printText(code, { file: lowered.module.file, name: lowered.module.path, constants: [] });
  return `${text.replaceAll(/^import \{([^}]*)\} from ("[^"]*");/gm, toRequire).replace(/^export function main/m, "function main")}\nexports.main = main;`;
}

function toRequire(_: string, names: string, module: string): string {
  return `const {${names.replaceAll(" as ", ": ")}} = require(${module});`;
}

function toRefused(source: string, diagnostics: readonly Diagnostic[]): Refused {
  const messages = diagnostics.map(
    ({ code, message, start, end }) => `${code} ${message} <${source.slice(start, end)}>`,
  );
  return { kind: "refused", message: messages.join("\n") };
}

async function tryEngine(
  { source, isParallel }: RandomProgram,
  main: Main,
  random: () => number,
): Promise<Outcome> {
  const native = await recorded(() => runMemory(toNative(source, storableSupport), undefined));
  const told: EngineRun = { restarts: 0, unwritten: [] };
  const expected = isParallel ? await recorded(() => runInEngine(main, { drops: false, told })) : native;
  const dropped = await recorded(() => runInEngine(main, { drops: true, told }));
  // What is re-run after a state that could not be written is logged again.
  const seen = told.unwritten.length === 0 ? dropped : withoutRepeats(dropped, expected);
  const problem =
    difference(`restarted (${told.unwritten.length} unwritten)`, expected, seen) ??
    (random() < 0.3
      ? difference(
          "killed",
          native.slice(-1),
          (await recorded(() => runKilled(main, random))).slice(-1),
          isParallel,
        )
      : null);
  return problem === null ? { kind: "same", restarts: told.restarts } : { kind: "different", problem };
}

/** What a program leaves running logs until it is idle: not into the next one's log. */
async function recorded(run: () => Promise<unknown>, timed = false): Promise<Log> {
  const log = [...(await support.record(run, timed))];
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return log;
}

/** The entries of `log` that continue `expected`. */
function withoutRepeats(log: Log, expected: Log): Log {
  const kept: string[] = [];
  for (const entry of log) if (entry === expected[kept.length]) kept.push(entry);
  return kept;
}

function difference(...[way, expected, found, excused = false]: [string, Log, Log, boolean?]): string | null {
  if (excused || isDeepStrictEqual(expected, found)) return null;
  const at = expected.findIndex((line, index) => line !== found[index]);
  const from = Math.max(0, (at < 0 ? expected.length : at) - 2);
  const around = (log: Log): string => JSON.stringify(log.slice(from, from + 6));
  return `${way}\nexpected ${around(expected)}\n   found ${around(found)}`;
}

/** The program as it was written. Throws when it is no program. */
export function toNative(source: string, modules: object): Main {
  const body = source
    .replace(/^import .*$/m, `const { ${IMPORTS} } = $support;`)
    .replace("export async function main", "async function main");
  return new Function("$support", `"use strict";\n${body}\nreturn main;`)(modules) as Main;
}

function toMain(code: string, supported: object): Main {
  const modules: Readonly<Record<string, object>> = {
    "../support.ts": supported,
    "@durablec/runtime": authoring,
    "@durablec/runtime/machine": machineWords,
  };
  const exported: { main?: Main } = {};
  // The program under test is the argument of the test: it has to become code somewhere.
  new Function("exports", "require", code)(exported, (name: string) => modules[name]);
  if (exported.main === undefined) throw new Error("the program exports no main");
  return exported.main;
}
