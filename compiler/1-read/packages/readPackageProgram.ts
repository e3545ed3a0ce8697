/**
 * A program of the code of installed packages: JavaScript as TypeScript infers it, or the author's TypeScript. Beside the
 * program of the project, not in it: there, declarations stand for packages, which is what types are told from.
 *
 * Bounded: beyond `FILES_MAX` files, and in files beyond `BYTES_MAX`, imports lead nowhere, so what is behind them is
 * not seen. That makes what is found incomplete, never wrong.
 */
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { ts } from "ts-morph";
import { createLibraryHost } from "../libraryHost.ts";
import { findEntry, findScript } from "./findEntry.ts";

const FILES_MAX = 1_000;
const BYTES_MAX = 1_000_000;

/** `roots`: files with code. `project`: whose declarations of the language and of Node are used again, not read again. */
export function readPackageProgram(roots: readonly string[], project: ts.Program): ts.Program {
  const options: ts.CompilerOptions = {
    ...project.getCompilerOptions(),
    allowJs: true,
    checkJs: false,
    noEmit: true,
    composite: false,
    incremental: false,
  };
  const host = createLibraryHost(options);
  const admitted = new Set(roots);
  const admit = (path: string | null): ts.ResolvedModuleFull | undefined => {
    if (path === null) return undefined;
    if (!admitted.has(path) && (admitted.size >= FILES_MAX || !isReadable(path))) return undefined;
    admitted.add(path);
    return { resolvedFileName: path, extension: posix.extname(path), isExternalLibraryImport: false };
  };
  const resolve = (specifier: string, from: string): ts.ResolvedModuleFull | undefined => {
    if (/\.d\.[cm]?ts$/.test(from))
      return ts.resolveModuleName(specifier, from, options, host).resolvedModule;
    if (isBuiltin(specifier)) return undefined;
    const folder = posix.dirname(from);
    return admit(
      /^\.{1,2}(?:\/|$)/.test(specifier)
        ? findScript(posix.join(folder, specifier))
        : findEntry(specifier, folder),
    );
  };
  return ts.createProgram({
    rootNames: [...roots.filter(isReadable), ...findPlatform(project)],
    options,
    host: {
      ...host,
      getSourceFile: (path, ...rest) => findDeclarations(project, path) ?? host.getSourceFile(path, ...rest),
      resolveModuleNameLiterals: (names, from) =>
        names.map(({ text }) => ({ resolvedModule: resolve(text, from) })),
    },
  });
}

function isReadable(path: string): boolean {
  return (ts.sys.getFileSize?.(path) ?? 0) <= BYTES_MAX;
}

function findDeclarations(project: ts.Program, path: string): ts.SourceFile | undefined {
  return /\.d\.[cm]?ts$/.test(path) ? project.getSourceFile(path) : undefined;
}

/** Node's declarations, however the project came by them. */
function findPlatform(project: ts.Program): readonly string[] {
  return project
    .getSourceFiles()
    .map(({ fileName }) => fileName)
    .filter((path) => path.endsWith("/@types/node/index.d.ts"));
}
