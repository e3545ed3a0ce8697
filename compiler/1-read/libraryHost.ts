import { Project, ts } from "ts-morph";

/** A folder that exists only in ts-morph: its copy of the language's declarations, of the same version as its `ts`. */
const LIBRARY_FOLDER = "/node_modules/typescript/lib";

/**
 * A host that reads the project from disk and the language's own declarations (`lib.es2023.d.ts`) from ts-morph. The
 * `ts` inside ts-morph comes without those files beside it; those of the TypeScript that the user's project has
 * installed belong to another version.
 */
export function createLibraryHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const library = new Project({ useInMemoryFileSystem: true }).getModuleResolutionHost();
  const isLibrary = (path: string): boolean => path.startsWith(`${LIBRARY_FOLDER}/`);
  return {
    ...host,
    // As `tsc` does it: what is written in comments for editors is a quarter of what there is to parse.
    jsDocParsingMode: ts.JSDocParsingMode.ParseForTypeErrors,
    getDefaultLibLocation: () => LIBRARY_FOLDER,
    getDefaultLibFileName: (given) => `${LIBRARY_FOLDER}/${ts.getDefaultLibFileName(given)}`,
    fileExists: (path) => (isLibrary(path) ? library.fileExists(path) : host.fileExists(path)),
    readFile: (path) => (isLibrary(path) ? library.readFile(path) : host.readFile(path)),
    getSourceFile(path, version, ...rest) {
      if (!isLibrary(path)) return host.getSourceFile(path, version, ...rest);
      const text = library.readFile(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, version);
    },
  };
}
