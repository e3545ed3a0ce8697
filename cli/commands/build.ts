import { dirname, relative, resolve } from "node:path";
import type { BuildRequest, BuildResult } from "../../compiler/build.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatDuration } from "../format/duration.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { findTsconfig } from "../target.ts";
import { watch } from "../watch.ts";

interface BuildArgs extends SharedArgs {
  readonly project?: string | undefined;
  readonly outDir?: string | undefined;
  readonly watch: boolean;
  readonly noCheck: boolean;
}

/** `durablec build`: takes the place of `tsc` in a project's build. */
export function addBuild(cli: Cli, face: Face): Cli {
  return cli.command(
    "build",
    "Compile a project",
    (one) =>
      one
        // `noCheck` is the option's name, as in tsc, and not "not --check".
        .parserConfiguration({ "boolean-negation": false })
        .option("project", { alias: "p", type: "string", describe: "tsconfig.json, or its folder [nearest]" })
        .option("outDir", { type: "string", describe: "In place of the tsconfig's outDir" })
        .option("watch", {
          alias: "w",
          type: "boolean",
          default: false,
          describe: "Build again after each change",
        })
        .option("noCheck", {
          type: "boolean",
          default: false,
          describe: "Leave out TypeScript's type check",
        }),
    (args) => face.run(args, () => (args.watch ? buildAndWatch(args, face.io) : buildOnce(args, face.io))),
  );
}

async function buildOnce(args: BuildArgs, io: Io): Promise<ExitCode> {
  return report(await timed(toRequest(args, io)), args, io);
}

/** Builds after each change; ends well when it is told to stop, whatever the last build found. */
async function buildAndWatch(args: BuildArgs, io: Io): Promise<ExitCode> {
  const request = toRequest(args, io);
  const last = { build: await timed(request) };
  await report(last.build, args, io);
  const watched = {
    root: dirname(request.tsconfig),
    ignored: [last.build.result.outDir],
    stopped: io.stopped,
  };
  await watch(watched, async () => {
    last.build = await timed({ ...request, previous: last.build.result });
    await report(last.build, args, io);
  });
  return EXIT.ok;
}

function toRequest(args: BuildArgs, io: Io): BuildRequest {
  return {
    tsconfig: findTsconfig(args.project, io.cwd, io),
    typeCheck: !args.noCheck,
    ...(args.outDir === undefined ? {} : { outDir: resolve(io.cwd, args.outDir) }),
  };
}

interface TimedBuild {
  readonly result: BuildResult;
  readonly tookMs: number;
}

/** The compiler is loaded only where it is needed: it is most of the time that a small command takes. */
async function timed(request: BuildRequest): Promise<TimedBuild> {
  const { build } = await import("../../compiler/build.ts");
  const start = performance.now();
  const result = build(request);
  return { result, tookMs: performance.now() - start };
}

async function report({ result, tookMs }: TimedBuild, args: BuildArgs, io: Io): Promise<ExitCode> {
  const { formatFindings, listFindings } = await import("../format/findings.ts");
  const { manifest, outDir, files, changed } = result;
  const exit = manifest === null ? EXIT.findings : EXIT.ok;
  if (args.json) {
    const findings = listFindings(result, io);
    io.out(toJson({ ok: manifest !== null, outDir, files, changed, manifest, findings }));
    return exit;
  }
  const said = formatFindings(result, "pretty", io);
  if (said !== "") io.out(said);
  if (manifest === null) return exit;
  const checkpoints = manifest.functions.reduce((sum, one) => sum + one.checkpoints.length, 0);
  io.out(
    `built ${count(manifest.functions.length, "durable function")} with ${count(checkpoints, "checkpoint")}: ` +
      `${count(files.length, "file")} in ${relative(io.cwd, outDir) || "."}, ${formatDuration(tookMs)}`,
  );
  return exit;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
