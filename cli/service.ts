import { relative } from "node:path";
import type { Engine, LogEntry } from "@durablec/runtime";
import { aborted } from "./aborted.ts";
import { EXIT, Trouble } from "./exit.ts";
import type { SharedArgs } from "./face.ts";
import type { Io } from "./io.ts";
import { readKeys } from "./keys.ts";
import { importAll } from "./modules.ts";
import { readQueues, type QueueArgs } from "./queues.ts";
import { loadRuntime, toStore, type StoreArgs } from "./runtime.ts";

export interface ServiceArgs extends SharedArgs, StoreArgs, QueueArgs {
  /** Seconds. */
  readonly drain: number;
}

/** An engine that is open until a signal ends it. */
export interface Service {
  readonly engine: Engine;
  /** Writes a line of the log: to standard output, unless one JSON document is to be all there. */
  log(entry: LogEntry): void;
  /** Resolves when the process is told to stop. Throws a `Trouble` when the engine gives up first. */
  stopped(): Promise<void>;
  /** Lets steps at work finish. */
  close(): Promise<void>;
}

export const drainOption = {
  type: "number",
  default: 30,
  describe: "Seconds that steps at work get to finish",
} as const;

/** An error that an engine outlives: it tries again by itself. */
export function isPassing({ name }: Error): boolean {
  return name === "StoreUnavailableError" || name === "FencedError";
}

/** Opens the store, and runs the functions of these modules on it; without modules, only as a client. */
export async function openService(args: ServiceArgs, io: Io, modules: readonly string[]): Promise<Service> {
  const drainMs = toDrainMs(args);
  const functions = await importAll(modules);
  const { open, toLogLine } = await loadRuntime(io.cwd);
  const names = modules.map((path) => relative(io.cwd, path)).join(", ");
  const gaveUp = new AbortController();
  const log = (entry: LogEntry): void => {
    (args.json ? io.err : io.out)(toLogLine(entry));
    if (isOpen && entry.event === "worker.started") tellRuns(true);
  };
  /** For people, and for scripts that wait for it: the line that says the worker is ready. */
  const tellRuns = (runs: boolean): void =>
    io.err(
      runs
        ? `worker ${process.pid} runs ${names} on ${engine.storeName}; Ctrl-C ends it`
        : `worker ${process.pid} stands by: another process runs ${engine.storeName}`,
    );
  let isOpen = false;
  const engine = await open({
    store: toStore(args, io),
    ...readKeys(args, io),
    ...readQueues(args, io),
    functions,
    worker: modules.length > 0,
    logger: log,
    onError(error, execution) {
      const passes = isPassing(error);
      const what = passes ? "trying again" : "the engine gave up";
      io.err(`${execution === null ? what : `${execution} is parked`}: ${error.message}`);
      if (execution === null && !passes) gaveUp.abort(error);
    },
  });
  isOpen = true;
  if (modules.length > 0) tellRuns(engine.running);
  return {
    engine,
    log,
    async stopped() {
      await aborted(AbortSignal.any([io.stopped, gaveUp.signal]));
      if (gaveUp.signal.aborted)
        throw new Trouble((gaveUp.signal.reason as Error).message, "Start it again.", EXIT.failed);
      if (modules.length === 0) return;
      io.err(
        `finishing the steps at work, for at most ${args.drain} s; what waits goes on with the next worker`,
      );
    },
    close: () => engine.close({ drainMs }),
  };
}

function toDrainMs({ drain }: ServiceArgs): number {
  if (Number.isFinite(drain) && drain >= 0) return drain * 1_000;
  throw new Trouble(
    `--drain must be a number of seconds, 0 or more, not ${drain}.`,
    "30 is the default; with 0, steps at work are run again by the next worker.",
  );
}
