import { open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Finding } from "@durablec/runtime";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { readKeys } from "../keys.ts";
import { loadRuntime, storeOptions, toExistingStore, toStore, type StoreArgs } from "../runtime.ts";
import { STATUSES, type Status } from "../statuses.ts";

type Args = SharedArgs & StoreArgs;

interface ExportArgs extends Args {
  readonly execution?: readonly string[] | undefined;
  readonly status?: Status | undefined;
  readonly move: boolean;
}

interface ImportArgs extends Args {
  readonly file: string;
  readonly adopt: boolean;
}

/** `durablec store`: what concerns a store as a whole. */
export function addStore(cli: Cli, face: Face): Cli {
  return cli.command("store", "Check a store, or take executions from one to another", (group) =>
    group
      .options(storeOptions)
      .demandCommand(1, "Say what to do: check, export, import or rekey.")
      .command(
        "check",
        "Read all of a store and say what is wrong in it",
        (one) => one,
        (args) => face.run(args, () => check(args, face.io)),
      )
      .command(
        "export",
        "Write executions to standard output, as lines of JSON",
        (one) =>
          one
            .option("execution", { type: "string", array: true, describe: "Only these" })
            .option("status", { choices: STATUSES, describe: "Only these" })
            .option("move", {
              type: "boolean",
              default: false,
              describe: "Freeze here those that run, so that they can run elsewhere",
            }),
        (args) => face.run(args, () => exportAll(args, face.io)),
      )
      .command(
        "import <file>",
        "Read executions from such a file",
        (one) =>
          one
            .positional("file", { type: "string", demandOption: true, describe: "What export wrote" })
            .option("adopt", {
              type: "boolean",
              default: false,
              describe: "Also run those that were not moved: only if the store they came from is gone",
            }),
        (args) => face.run(args, () => importAll(args, face.io)),
      )
      .command(
        "rekey",
        "Encrypt with the newest key what is under older ones, while workers go on",
        (one) => one,
        (args) => face.run(args, () => rekey(args, face.io)),
      ),
  );
}

async function check(args: Args, io: Io): Promise<ExitCode> {
  const { checkStore } = await loadRuntime(io.cwd);
  const found: Finding[] = [];
  for await (const finding of checkStore({ store: toExistingStore(args, io), ...readKeys(args, io) })) {
    found.push(finding);
    if (!args.json) io.out(`${finding.execution === null ? "" : `${finding.execution}: `}${finding.what}`);
  }
  if (args.json) io.out(toJson(found));
  else if (found.length === 0) io.out("nothing is wrong");
  return found.length === 0 ? EXIT.ok : EXIT.failed;
}

async function exportAll(args: ExportArgs, io: Io): Promise<ExitCode> {
  const { openStore, exportExecutions } = await loadRuntime(io.cwd);
  const store = await openStore({ store: toExistingStore(args, io), ...readKeys(args, io) });
  try {
    const { execution, status, move } = args;
    const options = {
      move,
      ...(execution === undefined ? {} : { executions: execution }),
      ...(status === undefined ? {} : { status }),
    };
    for await (const line of exportExecutions(store, options)) io.out(line);
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

async function rekey(args: Args, io: Io): Promise<ExitCode> {
  const { rekeyStore } = await loadRuntime(io.cwd);
  const { encryption } = readKeys(args, io);
  if (encryption === undefined)
    throw new Trouble(
      "Nothing was rekeyed: no keys were given.",
      "Name the file of all keys with --key-file.",
    );
  const rekeyed = await rekeyStore({ store: toExistingStore(args, io), encryption });
  io.out(
    args.json
      ? toJson({ rekeyed })
      : `${rekeyed} ${rekeyed === 1 ? "text" : "texts"} under the key ${encryption.current} now`,
  );
  return EXIT.ok;
}

async function importAll(args: ImportArgs, io: Io): Promise<ExitCode> {
  const { openStore, importExecutions } = await loadRuntime(io.cwd);
  const store = await openStore({ store: toStore(args, io), ...readKeys(args, io) });
  try {
    const lines = (await open(resolve(io.cwd, args.file))).readLines();
    const { imported, skipped } = await importExecutions(store, lines, { adopt: args.adopt });
    io.out(
      args.json
        ? toJson({ imported, skipped })
        : `imported ${imported} ${imported === 1 ? "execution" : "executions"}${skipped === 0 ? "" : `; ${skipped} were here already`}`,
    );
    return EXIT.ok;
  } finally {
    await store.close();
  }
}
