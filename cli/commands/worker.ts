import { existsSync } from "node:fs";
import { join } from "node:path";
import { manifestName } from "../../compiler/5-write/manifest.ts";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face } from "../face.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { findModules } from "../modules.ts";
import { queuesOption } from "../queues.ts";
import { storeOptions } from "../runtime.ts";
import { drainOption, openService, type ServiceArgs } from "../service.ts";

interface WorkerArgs extends ServiceArgs {
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
        .option("drain", drainOption)
        .option("queues", queuesOption)
        .options(storeOptions),
    (args) => face.run(args, () => work(args, face.io)),
  );
}

async function work(args: WorkerArgs, io: Io): Promise<ExitCode> {
  const modules = findModules(args.build?.length ? args.build : [defaultBuild(io)], io);
  const service = await openService(args, io, modules);
  const store = service.engine.storeName;
  try {
    await service.stopped();
  } finally {
    await service.close();
  }
  if (args.json) io.out(toJson({ modules, store, endedBy: io.stopped.reason }));
  return EXIT.ok;
}

function defaultBuild(io: Io): string {
  if (existsSync(join(io.cwd, "dist", manifestName))) return "dist";
  throw new Trouble(
    `There is no build in ${join(io.cwd, "dist")}.`,
    "Run durablec build first, or name the folder it wrote to: durablec worker OUTDIR.",
  );
}
