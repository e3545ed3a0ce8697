import { posix } from "node:path";
import { ts } from "ts-morph";
import { createLibraryHost } from "./libraryHost.ts";

export interface ProgramSource {
  /** Path of the `tsconfig.json`. */
  readonly tsconfig: string;
  /** Changes the file's options: what a build needs whatever the project says. */
  readonly adjust?: (options: ts.CompilerOptions) => ts.CompilerOptions;
  /** The program before this one, whose unchanged files are kept. */
  readonly previous?: ts.Program;
}

/** A project's program. Errors of the file itself are the program's `getConfigFileParsingDiagnostics`. */
export function readProgram({ tsconfig, adjust, previous }: ProgramSource): ts.Program {
  const path = posix.resolve(ts.sys.resolvePath(tsconfig));
  const unreadable: ts.Diagnostic[] = [];
  // As `tsc` does it: the other function for this forgets where in the file an error stands.
  const parsed = ts.getParsedCommandLineOfConfigFile(path, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (error) => unreadable.push(error),
  });
  const given = parsed?.options ?? {};
  const options = adjust ? adjust(given) : given;
  return ts.createProgram({
    rootNames: parsed?.fileNames ?? [],
    options,
    projectReferences: parsed?.projectReferences ?? [],
    configFileParsingDiagnostics:
      parsed === undefined ? unreadable : ts.getConfigFileParsingDiagnostics(parsed),
    host: createLibraryHost(options),
    ...(previous === undefined ? {} : { oldProgram: previous }),
  });
}

/** Absolute paths of a tsconfig and of all that it extends. Read again: a program's options need not be those of its file. */
export function listConfigFiles(tsconfig: string): readonly string[] {
  const parsed = ts.getParsedCommandLineOfConfigFile(tsconfig, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: () => undefined,
  });
  const { configFile } = (parsed?.options ?? {}) as { readonly configFile?: ts.TsConfigSourceFile };
  return [tsconfig, ...(configFile?.extendedSourceFiles ?? [])];
}
