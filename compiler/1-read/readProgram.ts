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
  const { config, error } = ts.readConfigFile(path, ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, posix.dirname(path), undefined, path);
  const options = adjust ? adjust(parsed.options) : parsed.options;
  return ts.createProgram({
    rootNames: error === undefined ? parsed.fileNames : [],
    options,
    projectReferences: parsed.projectReferences ?? [],
    configFileParsingDiagnostics: error === undefined ? parsed.errors : [error],
    host: createLibraryHost(options),
    ...(previous === undefined ? {} : { oldProgram: previous }),
  });
}
