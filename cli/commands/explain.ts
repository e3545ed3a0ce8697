import type { ManifestFunction } from "../../compiler/5-write/manifest.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatCheckpoints, formatCheckpointsMarkdown } from "../format/checkpoints.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { findListed } from "../modules.ts";
import { toTarget, type Target } from "../target.ts";

interface ExplainArgs extends SharedArgs {
  readonly target: string;
  readonly project?: string | undefined;
  readonly markdown: boolean;
}

/** `durablec explain`: where a function can be stopped and carried on, and what is stored there. */
export function addExplain(cli: Cli, face: Face): Cli {
  return cli.command(
    "explain <target>",
    "List the checkpoints of a durable function",
    (one) =>
      one
        .positional("target", {
          type: "string",
          demandOption: true,
          describe: "FILE#FUNCTION, a source or built",
        })
        .option("project", { alias: "p", type: "string", describe: "tsconfig.json, or its folder [nearest]" })
        .option("markdown", { type: "boolean", default: false, describe: "Print Markdown tables" }),
    (args) => face.run(args, () => explain(args, face.io)),
  );
}

async function explain(args: ExplainArgs, io: Io): Promise<ExitCode> {
  const target = toTarget(args.target, io);
  const functions = target.isSource ? await compile(target, args, io) : findListed(target.file, target.name);
  if (functions === null) return EXIT.findings;
  const format = args.markdown ? formatCheckpointsMarkdown : formatCheckpoints;
  io.out(args.json ? toJson(functions) : functions.map((one) => format(one).join("\n")).join("\n\n"));
  return EXIT.ok;
}

/** Null if the source has errors; they are printed. */
async function compile(
  target: Target,
  args: ExplainArgs,
  io: Io,
): Promise<readonly ManifestFunction[] | null> {
  const { findCompiled } = await import("../findCompiled.ts");
  const { formatFindings } = await import("../format/findings.ts");
  const { analysis, compiled } = findCompiled(target, args.project, io);
  const said = formatFindings(analysis, "pretty", io);
  if (said !== "") io.err(said);
  return compiled === null ? null : compiled.functions;
}
