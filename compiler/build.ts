/**
 * Building a project: the passes one after the other over all of it, and then its files. The library's face for tools
 * that build (the CLI, bundlers); `index.ts` is the pipeline of one module.
 */
import { dirname, join, relative, resolve, sep } from "node:path";
import type { ts } from "ts-morph";
import { checkProgram } from "./checkProgram.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { emitLowered, type CompiledModule } from "./index.ts";
import { readConfig } from "./1-read/config/readConfig.ts";
import { readProgram } from "./1-read/readProgram.ts";
import { readProject } from "./1-read/readProject.ts";
import { readSyntaxErrors, readTypeErrors } from "./1-read/readTypeErrors.ts";
import { toStripOptions } from "./4-emit/toStripOptions.ts";
import { emitProject, toOutputOptions, type OutputFile } from "./5-write/emitProject.ts";
import { manifestName, type Manifest } from "./5-write/manifest.ts";
import { toManifest } from "./5-write/toManifest.ts";
import { writeFiles } from "./5-write/writeFiles.ts";

export interface BuildRequest {
  /** Path of the `tsconfig.json`. */
  readonly tsconfig: string;
  /** Absolute. In place of the tsconfig's `outDir`. Where neither says one: `dist` beside the tsconfig. */
  readonly outDir?: string;
  /** False leaves out TypeScript's type check, as `tsc --noCheck` does. Default true. */
  readonly typeCheck?: boolean;
  /** False stops after the checks: `modules` stays empty. Default true. */
  readonly emit?: boolean;
  /** A build before this one, of which unchanged files are kept. */
  readonly previous?: Analysis;
}

/** What is known of a project before anything is written. */
export interface Analysis {
  readonly tsconfig: string;
  /** Absolute path of the project's folder. */
  readonly root: string;
  readonly outDir: string;
  readonly program: ts.Program;
  /** TypeScript's own. While there are any, nothing is compiled. */
  readonly typeErrors: readonly ts.Diagnostic[];
  readonly findings: readonly Diagnostic[];
  readonly modules: readonly CompiledModule[];
  /** Outermost durable functions that were looked at. */
  readonly functionCount: number;
  /** Whether any of the findings is an error, TypeScript's included. */
  readonly hasErrors: boolean;
}

export interface BuildResult extends Analysis {
  /** Null if an error was found: then nothing was written. */
  readonly manifest: Manifest | null;
  /** Absolute paths of all files of the build. */
  readonly files: readonly string[];
  /** Those among them that are not as they were before. */
  readonly changed: readonly string[];
}

/** Reads, checks and compiles a project, in memory. */
export function analyse(request: BuildRequest): Analysis {
  const tsconfig = resolve(request.tsconfig);
  const root = dirname(tsconfig);
  const toOutDir = ({ outDir = join(root, "dist") }: ts.CompilerOptions) => resolve(request.outDir ?? outDir);
  const program = readProgram({
    tsconfig,
    // Options of the output bring errors of their own (TS5011), which are no matter of somebody who only checks.
    ...(request.emit === false ? {} : { adjust: (options) => toOutputOptions(options, toOutDir(options)) }),
    ...(request.previous === undefined ? {} : { previous: request.previous.program }),
  });
  const options = program.getCompilerOptions();
  const found = { tsconfig, root, outDir: toOutDir(options), program };
  const typeErrors = request.typeCheck === false ? readSyntaxErrors(program) : readTypeErrors(program);
  // A durable function that does not type-check may be anything: what we would say of it is noise.
  if (typeErrors.length > 0)
    return { ...found, typeErrors, findings: [], modules: [], functionCount: 0, hasErrors: true };
  const { config, problems } = readConfig(root);
  const checked = checkProgram(readProject({ kind: "program", program, root }), config);
  const { lowered } = checked;
  const findings = [...problems, ...checked.findings];
  const emitted = request.emit === false ? [] : lowered;
  const modules = emitted.flatMap((one) => emitLowered(one, toStripOptions(options)) ?? []);
  return {
    ...found,
    typeErrors,
    findings,
    modules,
    functionCount: lowered.reduce((sum, { machines }) => sum + machines.length, 0),
    hasErrors: findings.some(({ severity }) => severity === "error"),
  };
}

/** Builds a project: all of its output files, or, where anything is wrong with it, none. */
export function build(request: BuildRequest): BuildResult {
  const analysis = analyse(request);
  const { program, root, outDir, modules } = analysis;
  if (analysis.hasErrors) return { ...analysis, manifest: null, files: [], changed: [] };
  const emitted = emitProject(program, root, modules);
  if (emitted.errors.length > 0 && request.typeCheck !== false)
    return {
      ...analysis,
      typeErrors: emitted.errors,
      hasErrors: true,
      manifest: null,
      files: [],
      changed: [],
    };
  const manifest = toManifest(modules, (path) =>
    findModule(emitted.files, { source: resolve(root, path), outDir }),
  );
  const manifestFile = { path: join(outDir, manifestName), text: `${JSON.stringify(manifest, null, 2)}\n` };
  const files = [...emitted.files, manifestFile];
  return { ...analysis, manifest, files: files.map(({ path }) => path), changed: writeFiles(files) };
}

/** The JavaScript of a source, relative to the output folder. */
function findModule(
  files: readonly OutputFile[],
  { source, outDir }: { readonly source: string; readonly outDir: string },
): string {
  const module = files.find((file) => file.source === source && /\.[cm]?jsx?$/.test(file.path));
  return relative(outDir, module?.path ?? outDir)
    .split(sep)
    .join("/");
}
