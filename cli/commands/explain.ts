import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatCheckpoints, formatCheckpointsMarkdown } from "../format/checkpoints.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { toTarget } from "../target.ts";

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
        .positional("target", { type: "string", demandOption: true, describe: "FILE#FUNCTION" })
        .option("project", { alias: "p", type: "string", describe: "tsconfig.json, or its folder [nearest]" })
        .option("markdown", { type: "boolean", default: false, describe: "Print Markdown tables" }),
    (args) => face.run(args, () => explain(args, face.io)),
  );
}

async function explain(args: ExplainArgs, io: Io): Promise<ExitCode> {
  const target = toTarget(args.target, io);
  const { findCompiled } = await import("../findCompiled.ts");
  const found = findCompiled(target, args, io);
  if (found === null) return EXIT.findings;
  const format = args.markdown ? formatCheckpointsMarkdown : formatCheckpoints;
  io.out(
    args.json ? toJson(found.functions) : found.functions.map((one) => format(one).join("\n")).join("\n\n"),
  );
  return EXIT.ok;
}
