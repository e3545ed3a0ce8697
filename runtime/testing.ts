/**
 * Ways to run a durable function in tests. All give the result of the function, or throw what it throws.
 *
 * - `runMemory`: a plain call; no store, native timing.
 * - `runRebuild`: at every await, the activation is thrown away and rebuilt from its checkpoint and live slots.
 * - `runRestart`: at every await, the whole execution is written, dropped from memory and brought back from bytes.
 * - `runRestartInProcesses`: the same, and each time it is another process that goes on.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import "./classes.ts";
import type { Slots } from "./contract.ts";
import type { DurableContext } from "./context.ts";
import type { DurableFunction } from "./engine/engine.ts";
import type { OpenOptions } from "./engine/open.ts";
import { open, openWith } from "./engine/open.ts";
import type { UnwritablePlace } from "./engine/state.ts";
import type { ChangedByStep } from "./engine/sharing.ts";
import { UnknownFunctionError } from "./errors.ts";
import { Frame, launch } from "./frame.ts";
import { rebuildHost } from "./rebuild.ts";
import { findDurable } from "./registry.ts";
import { rootArguments } from "./rootArguments.ts";
import type { Life, LifeReport } from "./testingLife.ts";

export type { ChangedByStep } from "./engine/sharing.ts";
export type { UnwritablePlace } from "./engine/state.ts";
export type { StepCall, StepHandler } from "./testing/bodies.ts";
export { everyCheckpoint } from "./testing/everyCheckpoint.ts";
export type { EveryCheckpointReport, Scenario } from "./testing/everyCheckpoint.ts";
export type { TestExecution, TestOperation } from "./testing/execution.ts";
export { toOperations } from "./testing/operations.ts";
export type { OperationStatus, OperationView } from "./testing/operations.ts";
export type { CrashPoint } from "./testing/process.ts";
export { createTestRunner, TestStuckError } from "./testing/runner.ts";
export type { CallbackHandler, TestedFunction, TestRunner, TestRunnerOptions } from "./testing/runner.ts";

export async function runMemory<I, O>(fn: (input: I) => Promise<O>, input: I): Promise<O> {
  return fn(input);
}

export async function runRebuild<I, O>(fn: (input: I) => Promise<O>, input: I): Promise<O> {
  const machine = findDurable(fn);
  if (machine?.enter === undefined) throw new UnknownFunctionError(`${fn.name} is not a compiled function.`);
  const frame = new Frame(machine);
  const call = {
    enter: machine.enter as (...args: unknown[]) => Slots,
    self: undefined,
    args: rootArguments(machine.enter, input, null),
  };
  return launch(frame, call, rebuildHost.begin(frame, null)) as Promise<O>;
}

/** A state that could not be written, and why. One entry a variable and checkpoint. */
export interface Unwritten {
  /** Null: what an operation needs, not a variable. */
  readonly place: UnwritablePlace | null;
  /** From the variable to the value: `order.lines[2].client`. */
  readonly path: string;
  /** What the value is, and what to do. */
  readonly reason: string;
  /** All of it as one sentence. */
  readonly message: string;
}

export interface RestartOutcome<O> {
  readonly result: O;
  /** How many times the execution was dropped and brought back. */
  readonly restarts: number;
  /** States that could not be written: those restarts re-ran code from an older one. */
  readonly unwritten: readonly Unwritten[];
  /** Variables that are read after a step whose body has changed them: after a restart they may be as before. */
  readonly changed: readonly ChangedByStep[];
}

export async function runRestart<I, O>(
  fn: (input: I, context: DurableContext) => Promise<O>,
  input: I,
  options: Partial<OpenOptions> = {},
): Promise<RestartOutcome<O>> {
  let restarts = 0;
  const unwritten = new Map<string, Unwritten>();
  const changed = new Map<string, ChangedByStep>();
  const parked = Promise.withResolvers<never>();
  const engine = await openWith(
    {
      store: "memory:",
      functions: [fn],
      // A parked execution has no result: without this the test would wait for ever.
      onError: parked.reject,
      ...options,
    },
    {
      drops: true,
      changed: (change) => void changed.set(change.message, change),
      told: ({ dropped, problem }) => {
        if (dropped) restarts++;
        if (problem !== null) unwritten.set(problem.message, problem);
      },
    },
  );
  try {
    const { id } = await engine.start(fn as DurableFunction<I>, input);
    const result = await Promise.race([engine.result(id), parked.promise]);
    const found = { unwritten: [...unwritten.values()], changed: [...changed.values()] };
    return { result: result as O, restarts, ...found };
  } finally {
    await engine.close();
  }
}

/** Where a compiled function is: what another process needs to load it. */
export interface ModuleFunction {
  /** URL or absolute path of the compiled module. */
  readonly module: string | URL;
  /** The name it is exported by. */
  readonly name: string;
}

/**
 * `runRestart` with a new process after every commit: nothing of the old one is left, not even the language's own objects.
 * Each process is ended by SIGKILL once the state is on the disk, and takes about 150 ms to start.
 */
export async function runRestartInProcesses<O = unknown>(
  { module, name }: ModuleFunction,
  input: unknown,
): Promise<RestartOutcome<O>> {
  const url =
    module instanceof URL ? module.href : /^file:/.test(module) ? module : pathToFileURL(module).href;
  const loaded = (await import(url)) as Readonly<Record<string, unknown>>;
  const fn = loaded[name];
  if (typeof fn !== "function" || findDurable(fn) === undefined) {
    throw new UnknownFunctionError(`${name} of ${url} is not a compiled function.`);
  }
  const folder = mkdtempSync(join(tmpdir(), "durablec-"));
  const store = join(folder, "state.db");
  try {
    const engine = await open({ store, functions: [fn], worker: false });
    try {
      const { id } = await engine.start(fn as DurableFunction<unknown>, input);
      const unwritten = new Map<string, Unwritten>();
      const changed = new Map<string, ChangedByStep>();
      let restarts = 0;
      for (let report = live({ store, url, id }); ; report = live({ store, url, id })) {
        for (const problem of report.unwritten) unwritten.set(problem.message, problem);
        for (const change of report.changed) changed.set(change.message, change);
        if (report.ended) break;
        restarts++;
      }
      const found = { unwritten: [...unwritten.values()], changed: [...changed.values()] };
      return { result: (await engine.result(id)) as O, restarts, ...found };
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs one process until it has been killed, or has seen the end. */
function live(life: Life): LifeReport {
  const file = new URL(`./testingLife${extname(import.meta.url)}`, import.meta.url);
  const { status, signal, output, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(file), JSON.stringify(life)],
    { encoding: "utf8", stdio: ["ignore", "inherit", "pipe", "pipe"] },
  );
  const lines = (output[3] ?? "").split("\n").filter((line) => line !== "");
  const reports = lines.map((line) => JSON.parse(line) as LifeReport);
  const last = reports.at(-1);
  if (last === undefined || (status !== 0 && signal !== "SIGKILL")) {
    throw new Error(`A process of runRestartInProcesses ended with ${status ?? signal}:\n${stderr}`);
  }
  return {
    ended: last.ended,
    unwritten: reports.flatMap(({ unwritten }) => unwritten),
    changed: reports.flatMap(({ changed }) => changed),
  };
}
