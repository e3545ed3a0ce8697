/**
 * A project as it is while people edit it: the files of its tsconfig, with the texts that are open in an editor in the
 * place of those on the disk. The program is ours, of the TypeScript that durablec comes with.
 */
import { posix } from "node:path";
import { ts } from "ts-morph";
import { createLibraryHost } from "../../compiler/1-read/libraryHost.ts";

/** The text of a file that is open, and a word that is another one for another text. */
export interface OpenText {
  readonly text: string;
  readonly version: string;
}

export interface LiveProjectOptions {
  /** Absolute path, forward slashes. */
  readonly tsconfig: string;
  /** What is open, by absolute path; undefined for a file that is not. */
  readonly openText: (file: string) => OpenText | undefined;
}

export interface LiveProject {
  /** The folder of the tsconfig. */
  readonly root: string;
  /** Tsconfigs that this one refers to, for projects that are made of projects. */
  readonly references: readonly string[];
  /** Whether the tsconfig names the file, or one it names imports it. */
  holds(file: string): boolean;
  /** The program of this moment; the same one until something has changed. */
  program(): ts.Program;
  /** The disk may have changed: files are looked at again, but not those of installed packages. */
  refresh(): void;
}

export function openProject({ tsconfig, openText }: LiveProjectOptions): LiveProject {
  const root = posix.dirname(tsconfig);
  const config = { current: readConfig(tsconfig) };
  const versions = new Map<string, string>();
  const disk = createLibraryHost(config.current.options);
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => config.current.options,
    getProjectReferences: () => config.current.projectReferences,
    getScriptFileNames: () => config.current.fileNames,
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (options) => disk.getDefaultLibFileName(options),
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    fileExists: (path) => disk.fileExists(path),
    readFile: (path) => disk.readFile(path),
    readDirectory: (...given) => ts.sys.readDirectory(...given),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
    realpath: (path) => ts.sys.realpath?.(path) ?? path,
    getScriptVersion(path) {
      const open = openText(path);
      if (open !== undefined) return `open ${open.version}`;
      const known = versions.get(path) ?? readVersion(path);
      versions.set(path, known);
      return known;
    },
    getScriptSnapshot(path) {
      const text = openText(path)?.text ?? disk.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
  };
  const service = ts.createLanguageService(host, ts.createDocumentRegistry());
  const program = (): ts.Program => {
    const current = service.getProgram();
    if (current === undefined) throw new Error(`TypeScript made no program of ${tsconfig}.`);
    return current;
  };
  return {
    root,
    references: (config.current.projectReferences ?? []).map((reference) =>
      ts.resolveProjectReferencePath(reference),
    ),
    holds: (file) => config.current.fileNames.includes(file) || program().getSourceFile(file) !== undefined,
    program,
    refresh() {
      config.current = readConfig(tsconfig);
      for (const path of [...versions.keys()]) if (!path.includes("/node_modules/")) versions.delete(path);
    },
  };
}

/** By time and size; the language's own declarations are on no disk and never change. */
function readVersion(path: string): string {
  const changed = ts.sys.getModifiedTime?.(path);
  return changed === undefined ? "none" : `${changed.getTime()} ${ts.sys.getFileSize?.(path) ?? 0}`;
}

function readConfig(tsconfig: string): ts.ParsedCommandLine {
  const parsed = ts.getParsedCommandLineOfConfigFile(tsconfig, undefined, {
    ...ts.sys,
    // A broken file is TypeScript's to report, and every editor shows it; an empty project finds nothing.
    onUnRecoverableConfigFileDiagnostic: () => undefined,
  });
  return parsed ?? { options: {}, fileNames: [], errors: [] };
}
