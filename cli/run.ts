import yargs from "yargs";
import { addBuild } from "./commands/build.ts";
import { addCallback } from "./commands/callback.ts";
import { addMessages } from "./commands/change.ts";
import { addExecution } from "./commands/execution.ts";
import { addExplain } from "./commands/explain.ts";
import { addInvoke } from "./commands/invoke.ts";
import { addLint } from "./commands/lint.ts";
import { addLsp } from "./commands/lsp.ts";
import { addServe } from "./commands/serve.ts";
import { addShow } from "./commands/show.ts";
import { addStore } from "./commands/store.ts";
import { addTop } from "./commands/top.ts";
import { addWorker } from "./commands/worker.ts";
import { Trouble, type ExitCode } from "./exit.ts";
import { reportTrouble, toFace, type Cli, type Face } from "./face.ts";
import type { Io } from "./io.ts";
import { version } from "../compiler/version.ts";

const commands: readonly ((cli: Cli, face: Face) => Cli)[] = [
  addBuild,
  addLint,
  addLsp,
  addShow,
  addExplain,
  addInvoke,
  addWorker,
  addServe,
  addTop,
  addExecution,
  addMessages,
  addCallback,
  addStore,
];

const exitCodes = `Exit codes: 0 done, 1 findings in the code, 2 wrong usage, 3 an execution or the store failed.`;

/** Runs one command line. Never throws and never ends the process: the caller has the exit code. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  const face = toFace(io);
  const json = argv.includes("--json");
  const start: Cli = yargs()
    .scriptName("durablec")
    .usage(
      '$0 <command>\n\nCompiles async TypeScript functions marked "use durable", and runs what it compiled.',
    )
    .option("json", { type: "boolean", default: false, describe: "Print one JSON document" })
    .strict()
    .recommendCommands()
    .demandCommand(1, "Name a command.")
    .version(version())
    .help()
    .alias({ h: "help", v: "version" })
    .epilogue(exitCodes)
    .wrap(110)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new Trouble(toSentence(message, argv), "durablec --help lists commands and options.");
    });
  const cli = commands.reduce((sofar, add) => add(sofar, face), start);
  try {
    const printed = await parse(cli, argv);
    if (printed !== "") io.out(printed);
    return face.exit();
  } catch (error) {
    return reportTrouble(error, json, io);
  }
}

/** What yargs says, on one line. Its recommendation leaves out what it is a recommendation for. */
function toSentence(message: string | null, argv: readonly string[]): string {
  const line = (message ?? "The command line is wrong.").replace(/\s*\n\s*/g, " ");
  return line.startsWith("Did you mean") ? `Unknown command: ${argv.join(" ")}. ${line}` : line;
}

/** Help and version come back as text: yargs would write them to the console behind our back. */
async function parse(cli: Cli, argv: readonly string[]): Promise<string> {
  const printed = { text: "" };
  await cli.parseAsync(argv, {}, (_error, _args, output) => {
    printed.text = output;
  });
  return printed.text;
}
