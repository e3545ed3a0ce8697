import { dirname, join, relative, resolve, sep } from "node:path";
import type { ts } from "ts-morph";
import type { Diagnostic } from "./diagnostic.ts";
import { readProgram } from "./1-read/readProgram.ts";
import { readProject } from "./1-read/readProject.ts";
import { readSyntaxErrors, readTypeErrors } from "./1-read/readTypeErrors.ts";
import { checkProject } from "./2-check/checkProject.ts";
import { compileProgram } from "./index.ts";
import { emitProject, toOutputOptions } from "./5-write/emitProject.ts";
import { manifestName, toManifest, type Manifest } from "./5-write/manifest.ts";
import { writeFiles } from "./5-write/writeFiles.ts";

export interface BuildRequest {
  /** Path of the `tsconfig.json`. */
  readonly tsconfig: string;
  /** In place of the tsconfig's `outDir`. Where neither says one: `dist` beside the tsconfig. */
  readonly outDir?: string;
  /** False leaves out TypeScript's type check, as `tsc --noCheck` does. Default true. */
  readonly typeCheck?: boolean;
  /** The result of the build before this one, of which unchanged files are kept. */
  readonly previous?: BuildResult;
}

export interface BuildResult {
  /** Absolute path of the project's folder. */
  readonly root: string;
  readonly outDir: string;
  /** TypeScript's own. */
  readonly typeErrors: readonly ts.Diagnostic[];
  readonly findings: readonly Diagnostic[];
  /** Null if an error was found: then nothing was written. */
  readonly manifest: Manifest | null;
  /** Absolute paths of all files of the build. */
  readonly files: readonly string[];
  /** Those among them that are not as they were before. */
  readonly changed: readonly string[];
  readonly program: ts.Program;
}

/** Builds a project: all of its output files, or, where anything is wrong with it, none. */
export function build(request: BuildRequest): BuildResult {
  const tsconfig = resolve(request.tsconfig);
  const root = dirname(tsconfig);
  const program = readProgram({
    tsconfig,
    adjust: (options) =>
      toOutputOptions(options, resolve(request.outDir ?? options.outDir ?? join(root, "dist"))),
    ...(request.previous === undefined ? {} : { previous: request.previous.program }),
  });
  const outDir = program.getCompilerOptions().outDir ?? root;
  const read = request.typeCheck === false ? readSyntaxErrors(program) : readTypeErrors(program);
  const nothing = { root, outDir, manifest: null, files: [], changed: [], program };
  // A durable function that does not type-check may be anything: what we would say of it is noise.
  if (read.length > 0) return { ...nothing, typeErrors: read, findings: [] };
  const project = readProject({ kind: "program", program, root });
  const compiled = compileProgram(project);
  const findings = [...checkProject(project), ...compiled.diagnostics];
  const emitted = emitProject(program, root, compiled.modules);
  if (findings.some(({ severity }) => severity === "error") || emitted.errors.length > 0)
    return { ...nothing, typeErrors: emitted.errors, findings };
  const manifest = toManifest(compiled.functions, toModulePaths(emitted.files, { root, outDir }));
  const manifestFile = { path: join(outDir, manifestName), text: `${JSON.stringify(manifest, null, 2)}\n` };
  const files = [...emitted.files, manifestFile];
  const changed = writeFiles(files);
  return {
    root,
    outDir,
    program,
    manifest,
    findings,
    typeErrors: [],
    changed,
    files: files.map(({ path }) => path),
  };
}
