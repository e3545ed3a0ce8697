/**
 * Checks single files of a program that is being edited, again and again. A file is checked anew only if an edit can
 * have changed its findings: if it, a project file that it imports (through any number of others), or anything that
 * every file sees is another text than before. TypeScript keeps the `SourceFile` of an unchanged text from one program
 * to the next, so identity is all there is to compare.
 */
import { ts } from "ts-morph";
import { checkProgram } from "./checkProgram.ts";
import { DEFAULT_CONFIG, type Config } from "./config.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { LoweredModule } from "./index.ts";
import { readConfig } from "./1-read/config/readConfig.ts";
import { findImportedFiles, readProject } from "./1-read/readProject.ts";
import { createResolver, type Resolver } from "./1-read/resolver.ts";

/** A file in the program of this moment. */
export interface FileInProgram {
  readonly program: ts.Program;
  /** What ids are relative to: the folder of the tsconfig. */
  readonly root: string;
  readonly file: ts.SourceFile;
}

export interface FileChecker {
  /** The findings in the file, as of the whole program. None while its syntax is broken: then it means nothing yet. */
  findings(at: FileInProgram): readonly Diagnostic[];
  /** The file's machines, or null if there is no durable function in it. */
  lowered(at: FileInProgram): LoweredModule | null;
}

export function createFileChecker(): FileChecker {
  const remembered = new Map<string, Remembered>();
  // Of machines only the last ones: their nodes keep a whole program in memory.
  const last: { at: FileInProgram | null; lowered: LoweredModule | null } = { at: null, lowered: null };
  const check = (at: FileInProgram, config: Config): readonly Diagnostic[] => {
    const { program, root, file } = at;
    const checked = checkProgram(readProject({ kind: "program", program, root, only: [file] }), config);
    last.at = at;
    last.lowered = checked.lowered[0] ?? null;
    return checked.findings;
  };
  return {
    findings(at) {
      if (at.program.getSyntacticDiagnostics(at.file).length > 0) return [];
      const { config } = readConfig(at.root);
      const now = { sources: findSources(at), settings: toText(config) };
      const before = remembered.get(at.file.fileName);
      if (before !== undefined && isSame(before, now)) return before.findings;
      const findings = check(at, config);
      remembered.set(at.file.fileName, { ...now, findings });
      return findings;
    },
    lowered(at) {
      if (at.program.getSyntacticDiagnostics(at.file).length > 0) return null;
      if (last.at?.program !== at.program || last.at.file !== at.file) check(at, DEFAULT_CONFIG);
      return last.lowered;
    },
  };
}

/** All that findings are made from. */
interface Sources {
  readonly sources: ReadonlySet<ts.SourceFile>;
  /** The project's configuration, as text. */
  readonly settings: string;
}

interface Remembered extends Sources {
  readonly findings: readonly Diagnostic[];
}

function findSources({ program, root, file }: FileInProgram): ReadonlySet<ts.SourceFile> {
  const resolver = createResolver(program, root);
  const sources = new Set([file]);
  for (const source of sources) {
    for (const imported of findImportedFiles(source, resolver.checker))
      if (resolver.isProjectFile(imported)) sources.add(imported);
  }
  for (const source of program.getSourceFiles()) if (isSeenByAll(source, resolver)) sources.add(source);
  return sources;
}

/** Libraries, scripts, and modules that add to the global scope or to other modules. */
function isSeenByAll(file: ts.SourceFile, resolver: Resolver): boolean {
  return (
    !resolver.isProjectFile(file) ||
    !ts.isExternalModule(file) ||
    file.statements.some((node) => ts.isModuleDeclaration(node) && !isNamespace(node))
  );
}

function isNamespace(node: ts.ModuleDeclaration): boolean {
  return ts.isIdentifier(node.name) && (node.flags & ts.NodeFlags.GlobalAugmentation) === 0;
}

function toText(config: Config): string {
  const plain = (_key: string, value: unknown): unknown =>
    value instanceof Set || value instanceof Map ? [...value] : value;
  return JSON.stringify(config, plain);
}

function isSame(a: Sources, b: Sources): boolean {
  return (
    a.settings === b.settings &&
    a.sources.size === b.sources.size &&
    [...a.sources].every((file) => b.sources.has(file))
  );
}
