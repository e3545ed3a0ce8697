import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { toTarget } from "../target.ts";

interface ShowArgs extends SharedArgs {
  readonly target: string;
  readonly project?: string | undefined;
  readonly pass: string;
}

/** `durablec show`: what the compiler made of a function, after any of its passes. */
export function addShow(cli: Cli, face: Face): Cli {
  return cli.command(
    "show <target>",
    "Print a durable function as a pass of the compiler left it",
    (one) =>
      one
        .positional("target", { type: "string", demandOption: true, describe: "FILE#FUNCTION" })
        .option("project", { alias: "p", type: "string", describe: "tsconfig.json, or its folder [nearest]" })
        .option("pass", {
          choices: ["lower", "emit"] as const,
          default: "emit" as const,
          describe: "After which pass",
        }),
    (args) => face.run(args, () => show(args, face.io)),
  );
}

async function show(args: ShowArgs, io: Io): Promise<ExitCode> {
  const target = toTarget(args.target, io);
  const { findCompiled } = await import("../findCompiled.ts");
  const found = findCompiled(target, args, io);
  if (found === null) return EXIT.findings;
  const text = found.show(args.pass);
  io.out(args.json ? toJson({ target: args.target, pass: args.pass, text }) : text);
  return EXIT.ok;
}
