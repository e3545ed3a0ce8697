import type { Analysis } from "../../compiler/build.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import {
  findingFormats,
  formatDiagnostics,
  readFromDisk,
  type FindingFormat,
} from "../format/diagnostics.ts";
import type { Io } from "../io.ts";
import { readLintCache, writeLintCache, type LintResult } from "../lintCache.ts";
import { findTsconfig } from "../target.ts";

interface LintArgs extends SharedArgs {
  readonly project?: string | undefined;
  readonly format: FindingFormat;
  readonly fix: boolean;
  readonly cache: boolean;
  readonly maxWarnings?: number | undefined;
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
          choices: findingFormats,
          default: "pretty" as const,
          describe: "For people, programs, or CI",
        })
        .option("fix", {
          type: "boolean",
          default: false,
          describe: "Apply the fixes that are safe, then say what is left",
        })
        .option("max-warnings", { type: "number", describe: "Fail if there are more warnings than this" })
        .option("cache", {
          type: "boolean",
          default: true,
          describe: "Answer from .durable/lint-cache.json if nothing has changed",
        }),
    (args) => face.run(args, () => lint(args, face.io)),
  );
}

/** What was found, and how to say it. Syntax errors are TypeScript's to say, and are in the text only. */
interface Found extends LintResult {
  readonly text: string;
  readonly hasErrors: boolean;
}

async function lint(args: LintArgs, io: Io): Promise<ExitCode> {
  const { maxWarnings } = args;
  if (maxWarnings !== undefined && !(Number.isInteger(maxWarnings) && maxWarnings >= 0))
    throw new Trouble("--max-warnings takes a whole number.", "For example --max-warnings 0.");
  const tsconfig = findTsconfig(args.project, io.cwd, io);
  const found =
    (args.cache && !args.fix ? findCached(tsconfig, args, io) : null) ?? (await find(tsconfig, args, io));
  const format = toFormat(args);
  if (found.text !== "") io.out(found.text);
  else if (format === "pretty") io.out(`nothing found in ${countFunctions(found)}`);
  return found.hasErrors || hasTooManyWarnings(found, args, io) ? EXIT.findings : EXIT.ok;
}

function toFormat({ json, format }: LintArgs): FindingFormat {
  return json ? "json" : format;
}

function findCached(tsconfig: string, args: LintArgs, io: Io): Found | null {
  const result = readLintCache(tsconfig);
  if (result === null) return null;
  const formatting = { cwd: io.cwd, colors: io.colors, readText: readFromDisk };
  return {
    ...result,
    text: formatDiagnostics(result.findings, toFormat(args), formatting),
    hasErrors: result.findings.some(({ severity }) => severity === "error"),
  };
}

async function find(tsconfig: string, args: LintArgs, io: Io): Promise<Found> {
  const analysis = await analyseOrFix(tsconfig, args, io);
  const { findings, functionCount, hasErrors, typeErrors } = analysis;
  // Broken syntax is about to be mended: nothing of it is worth keeping.
  if (args.cache && typeErrors.length === 0)
    writeLintCache(tsconfig, await listFiles(analysis), { findings, functionCount });
  const { formatFindings } = await import("../format/findings.ts");
  return { findings, functionCount, hasErrors, text: formatFindings(analysis, toFormat(args), io) };
}

async function listFiles({ program, tsconfig }: Analysis): Promise<readonly string[]> {
  const { listConfigFiles } = await import("../../compiler/1-read/readProgram.ts");
  const { listPackageFiles } = await import("../../compiler/2-check/packageCode.ts");
  const sources = program.getSourceFiles().map(({ fileName }) => fileName);
  return [...listConfigFiles(tsconfig), ...sources, ...listPackageFiles(program)];
}

async function analyseOrFix(tsconfig: string, args: LintArgs, io: Io): Promise<Analysis> {
  const request = { tsconfig, typeCheck: false, emit: false };
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

function hasTooManyWarnings({ findings }: Found, { maxWarnings }: LintArgs, io: Io): boolean {
  const count = findings.filter(({ severity }: Diagnostic) => severity === "warning").length;
  if (maxWarnings === undefined || count <= maxWarnings) return false;
  io.err(`${count} warning${count === 1 ? "" : "s"}, and --max-warnings allows ${maxWarnings}`);
  return true;
}

function countFunctions({ functionCount: count }: LintResult): string {
  return `${count} durable function${count === 1 ? "" : "s"}`;
}
