import type { Argv } from "yargs";
import type { Engine, ExecutionView } from "@durablec/runtime";
import { addChanges } from "./change.ts";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatExecution, formatExecutions } from "../format/execution.ts";
import { formatTimeline } from "../format/timeline.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { STATUSES, type Status } from "../statuses.ts";
import { loadRuntime, storeOptions, withClient, type StoreArgs } from "../runtime.ts";

type Args = SharedArgs & StoreArgs;
type OneArgs = Args & { readonly id: string };
type HistoryArgs = OneArgs & { readonly format: "timeline" | "aws" };

interface ListArgs extends Args {
  readonly status?: Status | undefined;
  readonly function?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly queue?: string | undefined;
  readonly limit: number;
  readonly before?: string | undefined;
}

/** `durablec execution`: what is in a store, for people and scripts. */
export function addExecution(cli: Cli, face: Face): Cli {
  return cli.command("execution", "Look at executions, or change how one goes on", (group) =>
    addChanges(group.options(storeOptions), face)
      .demandCommand(1, "Say what to do: get, history, list, stop, pause, resume, retry or fork.")
      .command("get <id>", "Status, input and result of one", idOf, (args) =>
        face.run(args, () => get(args, face.io)),
      )
      .command(
        "history <id>",
        "Everything that happened to one, as a timeline",
        (one) =>
          idOf(one).option("format", {
            choices: ["timeline", "aws"] as const,
            default: "timeline" as const,
            describe: "aws: JSON, as GetDurableExecutionHistory of AWS Lambda gives it",
          }),
        (args) => face.run(args, () => history(args, face.io)),
      )
      .command("list", "Many, newest first", listOptions, (args) => face.run(args, () => list(args, face.io)))
      .command(
        "stop <id>",
        "Stop one; its finally blocks run",
        (one) => idOf(one).option("reason", { type: "string", describe: "Recorded with the execution" }),
        (args) => face.run(args, () => stop(args, face.io)),
      ),
  );
}

type Group = Argv<Args>;

function idOf(cli: Group) {
  return cli.positional("id", { type: "string", demandOption: true, describe: "The execution's id" });
}

function listOptions(cli: Group) {
  return cli
    .option("status", { choices: STATUSES, describe: "Only these" })
    .option("function", { type: "string", describe: "Only of this function, path#name" })
    .option("tag", { type: "string", array: true, describe: "Only with this tag: name=value" })
    .option("queue", { type: "string", describe: "Only of this queue, waiting or not" })
    .option("limit", { type: "number", default: 20, describe: "At most so many" })
    .option("before", {
      type: "string",
      describe: "Only those created before this execution: the next page",
    });
}

async function get(args: OneArgs, io: Io): Promise<ExitCode> {
  const view = await withClient(args, io, (engine) => find(engine, args));
  io.out(args.json ? toJson(view) : formatExecution(view, io.colors).join("\n"));
  return EXIT.ok;
}

async function history(args: HistoryArgs, io: Io): Promise<ExitCode> {
  const [view, events] = await withClient(
    args,
    io,
    async (engine) => [await find(engine, args), await engine.history(args.id)] as const,
  );
  if (args.format === "aws") {
    const { toAwsHistory } = await loadRuntime(io.cwd);
    io.out(JSON.stringify({ Events: toAwsHistory(events, args.id) }, null, 2));
  } else io.out(args.json ? toJson(events) : formatTimeline(view, events).join("\n"));
  return EXIT.ok;
}

async function list(args: ListArgs, io: Io): Promise<ExitCode> {
  const { status, before, limit } = args;
  const filter = {
    limit,
    ...(status === undefined ? {} : { status }),
    ...(before === undefined ? {} : { before }),
    ...(args.queue === undefined ? {} : { queue: args.queue }),
    ...(args.tag === undefined ? {} : { tags: toTags(args.tag) }),
    ...(args.function === undefined ? {} : { function: args.function }),
  };
  const views = await withClient(args, io, async (engine) => engine.list(filter));
  io.out(args.json ? toJson(views) : formatExecutions(views, Date.now()).join("\n"));
  return EXIT.ok;
}

function toTags(given: readonly string[]): Readonly<Record<string, string>> {
  const pairs = given.map((text): readonly [string, string] => {
    const at = text.indexOf("=");
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw new Trouble(`--tag ${text} has no value.`, "Write --tag name=value.");
  });
  return Object.fromEntries(pairs);
}

async function stop(args: OneArgs & { readonly reason?: string | undefined }, io: Io): Promise<ExitCode> {
  await withClient(args, io, async (engine) => {
    await find(engine, args);
    await engine.stop(args.id, args.reason);
  });
  io.out(args.json ? toJson({ id: args.id, stop: "asked" }) : `asked ${args.id} to stop; its worker does it`);
  return EXIT.ok;
}

async function find(engine: Engine, { id }: OneArgs): Promise<ExecutionView> {
  const view = await engine.get(id);
  if (view !== null) return view;
  throw new Trouble(
    `There is no execution "${id}" in ${engine.storeName}.`,
    "durablec execution list shows those that are there.",
  );
}
