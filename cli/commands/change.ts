import type { Argv } from "yargs";
import type { Engine } from "@durablec/runtime";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatState } from "../format/state.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { findModules, importAll } from "../modules.ts";
import { parseJson } from "../parseJson.ts";
import { storeOptions, withClient, type StoreArgs } from "../runtime.ts";

type Group = Argv<SharedArgs & StoreArgs>;
type Args = SharedArgs & StoreArgs & { readonly id: string };

/** `durablec signal` and `durablec query`: talking to a running execution. */
export function addMessages(cli: Cli, face: Face): Cli {
  return cli
    .command(
      "signal <id> <name>",
      "Send a signal to a running execution",
      (one) =>
        idOf(one.options(storeOptions))
          .positional("name", { type: "string", demandOption: true, describe: "The signal's name" })
          .option("payload", { type: "string", default: "null", describe: "JSON" }),
      (args) => face.run(args, () => signal(args, face.io)),
    )
    .command(
      "query <id> [build..]",
      "Variables and pending operations of a running execution",
      (one) =>
        idOf(one.options(storeOptions)).positional("build", {
          type: "string",
          array: true,
          default: ["dist"],
          describe: "Output folder, manifest or built module",
        }),
      (args) => face.run(args, () => query(args, face.io)),
    );
}

/** `durablec execution pause|resume|retry|fork`. */
export function addChanges(group: Group, face: Face): Group {
  const { io } = face;
  return group
    .command("pause <id>", "Start nothing new of one until it is resumed", idOf, (args) =>
      face.run(args, () => tell(args, io, { ask: (engine) => engine.pause(args.id), what: "pause" })),
    )
    .command("resume <id>", "Lift a pause", idOf, (args) =>
      face.run(args, () => tell(args, io, { ask: (engine) => engine.resume(args.id), what: "resume" })),
    )
    .command(
      "retry <id>",
      "Let one that failed, timed out or was stopped go on from before that",
      (one) => idOf(one).option("to", { type: "number", describe: "The last event that stays" }),
      (args) => face.run(args, () => retry(args, io)),
    )
    .command(
      "fork <id>",
      "Let another one go on from the past of this one",
      (one) =>
        idOf(one)
          .option("at", { type: "number", describe: "The last event they have in common" })
          .option("as", { type: "string", describe: "Id of the new one" }),
      (args) => face.run(args, () => fork(args, io)),
    );
}

function idOf(cli: Group) {
  return cli.positional("id", { type: "string", demandOption: true, describe: "The execution's id" });
}

async function signal(
  args: Args & { readonly name: string; readonly payload: string },
  io: Io,
): Promise<ExitCode> {
  const payload = parseJson(args.payload, "--payload");
  const ask = (engine: Engine): Promise<boolean> => engine.signal(args.id, args.name, payload);
  return tell(args, io, { ask, what: `receive ${args.name}` });
}

async function query(args: Args & { readonly build: readonly string[] }, io: Io): Promise<ExitCode> {
  // The code has to be loaded by the copy of the runtime that reads the state.
  await importAll(findModules(args.build, io));
  const state = await withClient(args, io, (engine) => engine.query(args.id));
  if (state === null)
    throw new Trouble(
      `The execution "${args.id}" has ended: it has no state any more.`,
      "durablec execution get shows how it ended.",
    );
  io.out(args.json ? toJson(state) : formatState(state, io.colors).join("\n"));
  return EXIT.ok;
}

interface Asked {
  readonly ask: (engine: Engine) => Promise<boolean>;
  readonly what: string;
}

async function tell(args: Args, io: Io, { ask, what }: Asked): Promise<ExitCode> {
  if (!(await withClient(args, io, ask)))
    throw new Trouble(
      `The execution "${args.id}" has ended already.`,
      "durablec execution get shows how it ended.",
    );
  io.out(
    args.json ? toJson({ id: args.id, asked: what }) : `asked ${args.id} to ${what}; its worker does it`,
  );
  return EXIT.ok;
}

async function retry(args: Args & { readonly to?: number | undefined }, io: Io): Promise<ExitCode> {
  const options = args.to === undefined ? {} : { to: args.to };
  await withClient(args, io, (engine) => engine.retry(args.id, options));
  io.out(args.json ? toJson({ id: args.id, retried: true }) : `${args.id} goes on; its worker does it`);
  return EXIT.ok;
}

async function fork(
  args: Args & { readonly at?: number | undefined; readonly as?: string | undefined },
  io: Io,
): Promise<ExitCode> {
  const options = {
    ...(args.at === undefined ? {} : { at: args.at }),
    ...(args.as === undefined ? {} : { id: args.as }),
  };
  const { id } = await withClient(args, io, (engine) => engine.fork(args.id, options));
  io.out(args.json ? toJson({ id }) : `${id} goes on from the past of ${args.id}`);
  return EXIT.ok;
}
