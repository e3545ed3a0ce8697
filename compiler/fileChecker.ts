/**
 * Checks single files of a program that is being edited, again and again. A file is checked anew only if an edit can
 * have changed its findings: if it, a project file that it imports (through any number of others), or anything that
 * every file sees is another text than before. TypeScript keeps the `SourceFile` of an unchanged text from one program
 * to the next, so identity is all there is to compare. If the file alone is another text, only those of its statements
 * are checked anew that the edit can concern (`reuse.ts`).
 */
import { ts } from "ts-morph";
import { conclude, findAll } from "./checkProgram.ts";
import type { Config } from "./config.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { sortFindings } from "./diagnostics/sortFindings.ts";
import { toMachines, type LoweredModule } from "./index.ts";
import type { DurableProgram } from "./program.ts";
import { planReuse, type Judged } from "./reuse.ts";
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
  return {
    findings(at) {
      if (at.program.getSyntacticDiagnostics(at.file).length > 0) return [];
      const { config } = readConfig(at.root);
      const now = { ...findSources(at), settings: toText(config) };
      const before = remembered.get(at.file.fileName);
      if (before !== undefined && isSame(before, now)) return before.findings;
      const judged = before !== undefined && isOnlyEdited(before, now) ? before.judged : null;
      const checked = check(at, config, judged);
      remembered.set(at.file.fileName, { ...now, ...checked });
      return checked.findings;
    },
    lowered(at) {
      if (at.program.getSyntacticDiagnostics(at.file).length > 0) return null;
      if (last.at?.program !== at.program || last.at.file !== at.file) {
        const [module] = readFile(at).modules;
        last.at = at;
        last.lowered = module === undefined ? null : toMachines(module);
      }
      return last.lowered;
    },
  };
}

function readFile({ program, root, file }: FileInProgram): DurableProgram {
  return readProject({ kind: "program", program, root, only: [file] });
}

/** `before`: the file as it was judged last, if it alone has changed since then. */
function check(
  at: FileInProgram,
  config: Config,
  before: Judged | null,
): Pick<Remembered, "findings" | "judged"> {
  const program = readFile(at);
  const functions = program.modules.flatMap((module) => module.functions);
  const reuse = before === null ? null : planReuse(before, { file: at.file, functions });
  const affected = program.modules.map((module) => ({
    ...module,
    functions: module.functions.filter(({ node }) => reuse === null || reuse.isAffected(node)),
  }));
  const anew = findAll({ ...program, modules: affected }, config).found;
  const found = reuse === null ? anew : sortFindings([...reuse.kept, ...anew]);
  return { findings: conclude(program, found, config), judged: { file: at.file, functions, found } };
}

/** All that findings are made from. */
interface Sources {
  /** All files but the one itself. */
  readonly sources: ReadonlySet<ts.SourceFile>;
  readonly file: ts.SourceFile;
  /** Whether what the file declares can show in those. */
  readonly isShared: boolean;
  /** The project's configuration, as text. */
  readonly settings: string;
}

interface Remembered extends Sources {
  readonly findings: readonly Diagnostic[];
  readonly judged: Judged;
}

function findSources({ program, root, file }: FileInProgram): Omit<Sources, "settings"> {
  const resolver = createResolver(program, root);
  const sources = new Set([file]);
  let isShared = isSeenByAll(file, resolver);
  for (const source of sources) {
    for (const imported of findImportedFiles(source, resolver.checker)) {
      if (imported === file) isShared = true;
      if (resolver.isProjectFile(imported)) sources.add(imported);
    }
  }
  for (const source of program.getSourceFiles()) if (isSeenByAll(source, resolver)) sources.add(source);
  sources.delete(file);
  return { sources, file, isShared };
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
  return a.file === b.file && hasSameSurroundings(a, b);
}

function isOnlyEdited(a: Sources, b: Sources): boolean {
  return !a.isShared && !b.isShared && hasSameSurroundings(a, b);
}

function hasSameSurroundings(a: Sources, b: Sources): boolean {
  return (
    a.settings === b.settings &&
    a.sources.size === b.sources.size &&
    [...a.sources].every((file) => b.sources.has(file))
  );
}
