import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { toTarget } from "../target.ts";
import { passes } from "../passes.ts";

interface ShowArgs extends SharedArgs {
  readonly target: string;
  readonly project?: string | undefined;
  readonly pass: (typeof passes)[number];
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
          choices: passes,
          default: "emit" as const,
          describe: "After which pass",
        }),
    (args) => face.run(args, () => show(args, face.io)),
  );
}

async function show(args: ShowArgs, io: Io): Promise<ExitCode> {
  const target = toTarget(args.target, io);
  const { findCompiled, printAfter } = await import("../findCompiled.ts");
  const { formatFindings } = await import("../format/findings.ts");
  const found = findCompiled(target, args.project, io);
  const { analysis, compiled } = found;
  const said = formatFindings(analysis, "pretty", io);
  if (said !== "") io.err(said);
  if (compiled === null) return EXIT.findings;
  const text = printAfter(args.pass, found);
  io.out(args.json ? toJson({ function: compiled.machine.id, pass: args.pass, text }) : text.trimEnd());
  return EXIT.ok;
}
