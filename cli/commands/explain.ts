import { dirname } from "node:path";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatCheckpoints, formatCheckpointsMarkdown } from "../format/checkpoints.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { describeFunction } from "../describeFunction.ts";
import { findTsconfig, toTarget } from "../target.ts";

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
        .option("markdown", { type: "boolean", default: false, describe: "Print a Markdown table" }),
    (args) => face.run(args, () => explain(args, face.io)),
  );
}
