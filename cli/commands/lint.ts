import type { Analysis } from "../../compiler/build.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import type { Io } from "../io.ts";
import { findTsconfig } from "../target.ts";

const formats = ["pretty", "json", "sarif", "github"] as const;

interface LintArgs extends SharedArgs {
  readonly project?: string | undefined;
  readonly format: (typeof formats)[number];
}

/** `durablec lint`: what would break durability, without building anything. */
export function addLint(cli: Cli, face: Face): Cli {
  return cli.command(
    "lint",
    "Say what would break durability, and where",
    (one) =>
      one
        .option("project", { alias: "p", type: "string", describe: "tsconfig.json, or its folder [nearest]" })
        .option("format", {
          choices: formats,
          default: "pretty" as const,
          describe: "For people, programs, or CI",
        }),
    (args) => face.run(args, () => lint(args, face.io)),
  );
}

async function lint(args: LintArgs, io: Io): Promise<ExitCode> {
  const { analyse } = await import("../../compiler/build.ts");
  const { formatFindings } = await import("../format/findings.ts");
  const analysis = analyse({ tsconfig: findTsconfig(args.project, io.cwd, io), typeCheck: false });
  const said = formatFindings(analysis, args.json ? "json" : args.format, io);
  if (said !== "") io.out(said);
  else if (args.format === "pretty") io.out(`nothing found in ${countFunctions(analysis)}`);
  return analysis.hasErrors ? EXIT.findings : EXIT.ok;
}

function countFunctions({ modules }: Analysis): string {
  const count = modules.reduce((sum, { machines }) => sum + machines.length, 0);
  return `${count} durable function${count === 1 ? "" : "s"}`;
}
