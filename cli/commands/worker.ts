import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { LogEntry } from "@durablec/runtime";
import { manifestName } from "../../compiler/5-write/manifest.ts";
import { aborted } from "../aborted.ts";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { findModules, importAll } from "../modules.ts";
import { readKeys } from "../keys.ts";
import { loadRuntime, storeOptions, toStore, type StoreArgs } from "../runtime.ts";

export interface DrainArgs {
  /** Seconds. */
  readonly drain: number;
}

interface WorkerArgs extends SharedArgs, StoreArgs, DrainArgs {
  readonly build?: readonly string[] | undefined;
}

export const drainOption = {
  type: "number",
  default: 30,
  describe: "Seconds that steps at work get to finish",
} as const;

/** `durablec worker`: runs executions until it is told to stop, then finishes what is in its hands. */
export function addWorker(cli: Cli, face: Face): Cli {
  return cli.command(
    "worker [build..]",
    "Run all durable functions of a build until SIGINT or SIGTERM",
    (one) =>
      one
        .positional("build", {
          type: "string",
          array: true,
          describe: "Output folder, manifest or built module [dist]",
        })
        .option("drain", drainOption)
        .options(storeOptions),
    (args) => face.run(args, () => work(args, face.io)),
  );
}

async function work(args: WorkerArgs, io: Io): Promise<ExitCode> {
  const drainMs = toDrainMs(args);
  const modules = findModules(args.build?.length ? args.build : [defaultBuild(io)], io);
  const functions = await importAll(modules);
  const { open, toLogLine } = await loadRuntime(io.cwd);
  const names = modules.map((path) => relative(io.cwd, path)).join(", ");
  const gaveUp = Promise.withResolvers<Error>();
  const engine = await open({
    store: toStore(args, io),
    ...readKeys(args, io),
    functions,
    logger(entry) {
      // The code's own lines and the engine's are the output; with --json, there is one document.
      (args.json ? io.err : io.out)(toLogLine(entry));
      tellState(entry, names, io);
    },
    onError(error, execution) {
      io.err(`${execution === null ? "the engine gave up" : `${execution} is parked`}: ${error.message}`);
      if (execution === null) gaveUp.resolve(error);
    },
  });
  const { storeName } = engine;
  let failure: Error | null;
  try {
    failure = await Promise.race([aborted(io.stopped).then(() => null), gaveUp.promise]);
    if (failure === null)
      io.err(
        `finishing the steps at work, for at most ${args.drain} s; what waits goes on with the next worker`,
      );
  } finally {
    await engine.close({ drainMs });
  }
  if (failure !== null) throw new Trouble(failure.message, "Start the worker again.", EXIT.failed);
  if (args.json) io.out(toJson({ modules, store: storeName, endedBy: io.stopped.reason }));
  return EXIT.ok;
}

/** For people, and for scripts that wait for it: the line that says the worker is ready. */
function tellState({ event, fields }: LogEntry, names: string, io: Io): void {
  if (event === "worker.standby")
    io.err(`worker ${process.pid} stands by: another process runs ${String(fields?.["store"])}`);
  if (event === "worker.started")
    io.err(`worker ${process.pid} runs ${names} on ${String(fields?.["store"])}; Ctrl-C ends it`);
}

export function toDrainMs({ drain }: DrainArgs): number {
  if (Number.isFinite(drain) && drain >= 0) return drain * 1_000;
  throw new Trouble(
    `--drain must be a number of seconds, 0 or more, not ${drain}.`,
    "30 is the default; with 0, steps at work are run again by the next worker.",
  );
}

function defaultBuild(io: Io): string {
  if (existsSync(join(io.cwd, "dist", manifestName))) return "dist";
  throw new Trouble(
    `There is no build in ${join(io.cwd, "dist")}.`,
    "Run durablec build first, or name the folder it wrote to: durablec worker OUTDIR.",
  );
}
