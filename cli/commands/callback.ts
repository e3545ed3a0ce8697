import type { Argv } from "yargs";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { parseJson } from "../parseJson.ts";
import { storeOptions, withClient, type StoreArgs } from "../runtime.ts";

type Args = SharedArgs & StoreArgs & { readonly id: string };

/** `durablec callback`: what a person or a script answers to an execution that waits for it. */
export function addCallback(cli: Cli, face: Face): Cli {
  return cli.command("callback", "Settle a callback that an execution waits for", (group) =>
    group
      .options(storeOptions)
      .demandCommand(1, "Say how the callback ends: succeed, fail or heartbeat.")
      .command(
        "succeed <id>",
        "The callback's await returns a value",
        (one) => idOf(one).option("value", { type: "string", default: "null", describe: "JSON" }),
        (args) => face.run(args, () => succeed(args, face.io)),
      )
      .command(
        "fail <id>",
        "The callback's await throws an error",
        (one) =>
          idOf(one).option("message", { type: "string", default: "failed", describe: "The error's message" }),
        (args) => face.run(args, () => fail(args, face.io)),
      )
      .command(
        "heartbeat <id>",
        "Whoever works on it is still there",
        (one) => idOf(one),
        (args) => face.run(args, () => heartbeat(args, face.io)),
      ),
  );
}

function idOf(cli: Argv<SharedArgs & StoreArgs>) {
  return cli.positional("id", { type: "string", demandOption: true, describe: "The callback's id" });
}

async function succeed(args: Args & { readonly value: string }, io: Io): Promise<ExitCode> {
  const value = parseJson(args.value, "--value");
  await withClient(args, io, (engine) => engine.callbacks.succeed(args.id, value));
  return done(args, io, "succeeded");
}

async function fail(args: Args & { readonly message: string }, io: Io): Promise<ExitCode> {
  await withClient(args, io, (engine) => engine.callbacks.fail(args.id, new Error(args.message)));
  return done(args, io, "failed");
}

async function heartbeat(args: Args, io: Io): Promise<ExitCode> {
  await withClient(args, io, (engine) => engine.callbacks.heartbeat(args.id));
  return done(args, io, "heard");
}

function done(args: Args, io: Io, how: string): ExitCode {
  io.out(args.json ? toJson({ callback: args.id, how }) : `callback ${args.id} ${how}`);
  return EXIT.ok;
}
