/**
 * The modules of a project as Vite asks for them, one at a time: the program is made once, with the first, and again when
 * a file is asked for that has changed since.
 */
import { dirname, resolve } from "node:path";
import { ts } from "ts-morph";
import { checkProgram } from "../../compiler/checkProgram.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { emitLowered, type TransformResult } from "../../compiler/index.ts";
import { readProgram } from "../../compiler/1-read/readProgram.ts";
import { readProject } from "../../compiler/1-read/readProject.ts";
import { toStripOptions } from "../../compiler/4-emit/toStripOptions.ts";

export type ModuleOutput = Pick<TransformResult, "code" | "map" | "diagnostics">;

export interface ProjectCompiler {
  /** Null: the project does not have the file. Without code: nothing in it is durable, so it is somebody else's. */
  compile(path: string, text: string): ModuleOutput | null;
}

interface Project {
  readonly program: ts.Program;
  /** By absolute path. */
  readonly outputs: ReadonlyMap<string, Omit<ModuleOutput, "diagnostics">>;
  readonly findings: readonly Diagnostic[];
}

const NOTHING = { code: null, map: null } as const;

export function createProjectCompiler(tsconfig: string): ProjectCompiler {
  let project: Project | null = null;
  return {
    compile(path, text) {
      project ??= compileProject(tsconfig, undefined);
      const file = project.program.getSourceFile(path);
      if (file === undefined) return null;
      if (file.text !== text) project = compileProject(tsconfig, project.program);
      const diagnostics = project.findings.filter((finding) => finding.file === path);
      return { ...(project.outputs.get(path) ?? NOTHING), diagnostics };
    },
  };
}

function compileProject(tsconfig: string, previous: ts.Program | undefined): Project {
  const program = readProgram({
    tsconfig,
    adjust: toModules,
    ...(previous === undefined ? {} : { previous }),
  });
  const root = dirname(tsconfig);
  const { lowered, findings } = checkProgram(readProject({ kind: "program", program, root }));
  // Vite resolves imports as they are written.
  const options = { ...toStripOptions(program.getCompilerOptions()), rewriteRelativeImportExtensions: false };
  const outputs = lowered.flatMap((one) => {
    const output = emitLowered(one, options);
    return output === null ? [] : [[resolve(root, one.module.path), output] as const];
  });
  return { program, outputs: new Map(outputs), findings };
}

/** Whatever Node would run: Vite's modules are ES modules. */
function toModules(options: ts.CompilerOptions): ts.CompilerOptions {
  return { ...options, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
}
