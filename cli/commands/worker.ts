import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { manifestName } from "../../compiler/5-write/manifest.ts";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatValue, toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { findModules, importAll } from "../modules.ts";
import { readKeys } from "../keys.ts";
import { loadRuntime, storeOptions, toStore, type StoreArgs } from "../runtime.ts";

interface WorkerArgs extends SharedArgs, StoreArgs {
  /** Seconds. */
  readonly drain: number;
  readonly build?: readonly string[] | undefined;
}

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
        .option("drain", {
          type: "number",
          default: 30,
          describe: "Seconds that steps at work get to finish",
        })
        .options(storeOptions),
    (args) => face.run(args, () => work(args, face.io)),
  );
}

async function work(args: WorkerArgs, io: Io): Promise<ExitCode> {
  const modules = findModules(args.build?.length ? args.build : [defaultBuild(io)], io);
  const functions = await importAll(modules);
  const { open } = await loadRuntime(io.cwd);
  const engine = await open({
    store: toStore(args, io),
    ...readKeys(args, io),
    functions,
    onError: (error) => io.err(formatValue(error, false)),
  });
  try {
    const names = modules.map((path) => relative(io.cwd, path)).join(", ");
    io.err(`worker ${process.pid} runs ${names} on ${args.store}; Ctrl-C ends it`);
    await aborted(io.stopped);
    io.err(
      `finishing the steps at work, for at most ${args.drain} s; what waits goes on with the next worker`,
    );
  } finally {
    await engine.close({ drainMs: args.drain * 1_000 });
  }
  if (args.json) io.out(toJson({ modules, store: args.store, endedBy: io.stopped.reason }));
  return EXIT.ok;
}

function defaultBuild(io: Io): string {
  if (existsSync(join(io.cwd, "dist", manifestName))) return "dist";
  throw new Trouble(
    `There is no build in ${join(io.cwd, "dist")}.`,
    "Run durablec build first, or name the folder it wrote to: durablec worker OUTDIR.",
  );
}

/** Resolves when the signal fires. Keeps the process alive until then, whether or not the engine has anything to do. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const alive = setInterval(() => undefined, 60_000);
    signal.addEventListener("abort", () => {
      clearInterval(alive);
      resolve();
    });
  });
}
