import { existsSync } from "node:fs";
import { join } from "node:path";
import { manifestName } from "../../compiler/5-write/manifest.ts";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { importBuilt } from "../modules.ts";
import { loadRuntime, storeOption, toStore, type StoreArgs } from "../runtime.ts";

interface WorkerArgs extends SharedArgs, StoreArgs {
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
        .option("store", storeOption),
    (args) => face.run(args, () => work(args, face.io)),
  );
}

async function work(args: WorkerArgs, io: Io): Promise<ExitCode> {
  const functions = await importBuilt(args.build?.length ? args.build : [defaultBuild(io)], io);
  if (functions.length === 0)
    throw new Trouble(
      "The build exports no durable function.",
      `Mark one "use durable", export it, and build again.`,
    );
  const { open } = await loadRuntime(io.cwd);
  const onError = (error: unknown) =>
    io.err(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  const engine = await open({ store: toStore(args, io), functions: [...functions], onError });
  try {
    io.err(`worker ${process.pid}: ${functions.length} functions, store ${args.store}. Ctrl-C ends it.`);
    await aborted(io.stopped);
    io.err("finishing the steps that run now; what waits goes on with the next worker");
  } finally {
    await engine.close();
  }
  if (args.json)
    io.out(toJson({ functions: functions.length, store: args.store, endedBy: io.stopped.reason }));
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
