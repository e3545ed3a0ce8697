import type { Analysis } from "../../compiler/build.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import type { Io } from "../io.ts";
import { findTsconfig } from "../target.ts";

const formats = ["pretty", "json", "sarif", "github"] as const;

interface LintArgs extends SharedArgs {
  readonly project?: string | undefined;
  readonly format: (typeof formats)[number];
  readonly fix: boolean;
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
        })
        .option("fix", {
          type: "boolean",
          default: false,
          describe: "Apply the fixes that are safe, then say what is left",
        }),
    (args) => face.run(args, () => lint(args, face.io)),
  );
}

async function lint(args: LintArgs, io: Io): Promise<ExitCode> {
  const { formatFindings } = await import("../format/findings.ts");
  const analysis = await analyseOrFix(args, io);
  const said = formatFindings(analysis, args.json ? "json" : args.format, io);
  if (said !== "") io.out(said);
  else if (args.format === "pretty") io.out(`nothing found in ${countFunctions(analysis)}`);
  return analysis.hasErrors ? EXIT.findings : EXIT.ok;
}

async function analyseOrFix(args: LintArgs, io: Io): Promise<Analysis> {
  const request = { tsconfig: findTsconfig(args.project, io.cwd, io), typeCheck: false, emit: false };
  if (!args.fix) {
    const { analyse } = await import("../../compiler/build.ts");
    return analyse(request);
  }
  const { fixProject } = await import("../../compiler/fixProject.ts");
  const { analysis, count, files } = fixProject(request);
  // Beside the findings, which may be read by a program.
  io.err(
    `applied ${count} fix${count === 1 ? "" : "es"} in ${files.length} file${files.length === 1 ? "" : "s"}`,
  );
  return analysis;
}

function countFunctions({ functionCount: count }: Analysis): string {
  return `${count} durable function${count === 1 ? "" : "s"}`;
}
