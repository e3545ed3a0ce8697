/**
 * Reads a project: a `tsconfig.json`, or a program that an editor has already, becomes a `DurableProgram`.
 *
 * Guarantees: every module with a sound durable function is there, and every module with a top-level class that such
 * code can reach through imports. Relies on nothing being free of type errors; those are `readTypeErrors`' matter.
 */
import { posix } from "node:path";
import { ts } from "ts-morph";
import type { DurableProgram, DurableModule, Oracle } from "../program.ts";
import { findClasses } from "./findClasses.ts";
import { readProgram } from "./readProgram.ts";
import { createResolver, toPath, type Resolver } from "./resolver.ts";
import { createTypedOracle } from "./typedOracle.ts";

/** `root` is what ids are relative to; for a tsconfig it is the folder it is in. */
export type ProjectSource =
  | { readonly kind: "tsconfig"; readonly path: string }
  | {
      readonly kind: "program";
      readonly program: ts.Program;
      readonly root: string;
      /** The files to look at, for an editor that shows one of many. Default: all of the project's own. */
      readonly only?: readonly ts.SourceFile[];
    };

export function readProject(source: ProjectSource): DurableProgram {
  const { program, root } = source.kind === "program" ? source : readTsconfig(source.path);
  const resolver = createResolver(program, root);
  const oracle = createTypedOracle(resolver, program.getCompilerOptions());
  const only = source.kind === "program" ? source.only : undefined;
  const files = (only ?? program.getSourceFiles()).filter((file) => resolver.isProjectFile(file));
  // Which classes state can hold matters to what is emitted, and that is never asked of a part.
  const reached = only === undefined ? findReachedFiles(files, resolver) : new Set<ts.SourceFile>();
  const modules = files.map((file) =>
    toModule(file, { root, resolver, oracle, isReached: reached.has(file) }),
  );
  return {
    root,
    program,
    files,
    modules: modules.filter(({ functions, classes }) => functions.length > 0 || classes.length > 0),
  };
}

function readTsconfig(path: string): { readonly program: ts.Program; readonly root: string } {
  const tsconfig = posix.resolve(ts.sys.resolvePath(path));
  return { program: readProgram({ tsconfig }), root: posix.dirname(tsconfig) };
}

/** Files that durable code can reach through imports, itself included: only their classes can be in its state. */
function findReachedFiles(files: readonly ts.SourceFile[], resolver: Resolver): ReadonlySet<ts.SourceFile> {
  const reached = new Set(files.filter((file) => resolver.directivesOf(file).functions.length > 0));
  for (const file of reached) {
    for (const imported of findImportedFiles(file, resolver.checker))
      if (resolver.isProjectFile(imported)) reached.add(imported);
  }
  return reached;
}

/** The files that imports and re-exports of a file lead to, libraries included. */
export function findImportedFiles(file: ts.SourceFile, checker: ts.TypeChecker): ts.SourceFile[] {
  return file.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const specifier = statement.moduleSpecifier;
    const declaration = specifier && checker.getSymbolAtLocation(specifier)?.valueDeclaration;
    return declaration !== undefined && ts.isSourceFile(declaration) ? [declaration] : [];
  });
}

function toModule(
  file: ts.SourceFile,
  context: {
    readonly root: string;
    readonly resolver: Resolver;
    readonly oracle: Oracle;
    readonly isReached: boolean;
  },
): DurableModule {
  const path = toPath(context.root, file);
  return {
    file,
    path,
    functions: context.resolver.directivesOf(file).functions,
    classes: context.isReached ? findClasses(file, path) : [],
    oracle: context.oracle,
  };
}
