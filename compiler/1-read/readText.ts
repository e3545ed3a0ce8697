/** Reads one file without its project, for tools that see one file at a time. Nothing outside the text is known. */
import { ts } from "ts-morph";
import type { Diagnostic } from "../diagnostic.ts";
import type { DurableProgram } from "../program.ts";
import { findClasses } from "./findClasses.ts";
import { findDirectives, type DirectiveMode } from "./findDirectives.ts";
import { findScopes, type Scopes } from "./scopes.ts";
import { createSyntacticOracle } from "./syntacticOracle.ts";

export interface ReadText {
  readonly program: DurableProgram;
  readonly diagnostics: readonly Diagnostic[];
}

export interface TextMode {
  readonly directive?: DirectiveMode;
  /** The global object that holds the runtime, where there is one. */
  readonly global?: string | null;
}

/** `fileName` is relative to the project's root, with forward slashes; it becomes part of ids. */
export function readText(source: string, fileName: string, mode: TextMode = {}): ReadText {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, true, toScriptKind(fileName));
  const program: DurableProgram = { root: "/", program: null, files: [file], modules: [] };
  const errors = findSyntaxErrors(file);
  if (errors.length > 0) return { program, diagnostics: errors };
  const scopes = findScopes(file);
  const twice = findDeclaredTwice(file, scopes);
  if (twice.length > 0) return { program, diagnostics: twice };
  const { functions, marks, problems } = findDirectives(file, fileName, mode.directive);
  const classes = findClasses(file, fileName);
  const oracle = createSyntacticOracle({ scopes, marks, global: mode.global ?? null });
  const module = { file, path: fileName, functions, classes, oracle };
  return { program: { ...program, modules: [module] }, diagnostics: problems };
}

function toScriptKind(fileName: string): ts.ScriptKind {
  if (fileName.endsWith(".tsx")) return ts.ScriptKind.TSX;
  if (fileName.endsWith(".jsx")) return ts.ScriptKind.JSX;
  return /\.[cm]?js$/.test(fileName) ? ts.ScriptKind.JS : ts.ScriptKind.TS;
}

/** TypeScript's own: what does not parse has no meaning to compile. */
function findSyntaxErrors(file: ts.SourceFile): readonly Diagnostic[] {
  const { parseDiagnostics } = file as ts.SourceFile & {
    readonly parseDiagnostics?: readonly ts.DiagnosticWithLocation[];
  };
  return (parseDiagnostics ?? []).map(({ code, messageText, start, length }) =>
    toSyntaxError(file, {
      code: `TS${code}`,
      message: ts.flattenDiagnosticMessageText(messageText, "\n"),
      start,
      end: start + length,
    }),
  );
}

export function toSyntaxError(
  file: ts.SourceFile,
  found: Pick<Diagnostic, "code" | "message" | "start" | "end">,
): Diagnostic {
  return { ...found, severity: "error", file: file.fileName, notes: [], advice: "Correct the syntax." };
}

/** `let a; let a;`: a parser lets it pass, every engine refuses it, and two variables would quietly become one. */
function findDeclaredTwice(file: ts.SourceFile, scopes: Scopes): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const visit = (node: ts.Node): void => {
    for (const { name, declarations } of scopes.scope(node)?.bindings.values() ?? []) {
      const [, second] = declarations;
      if (second === undefined || !declarations.some(isOnlyOnce)) continue;
      const message = `Cannot redeclare block-scoped variable '${name}'.`;
      found.push(toSyntaxError(file, { code: "TS2451", message, start: second.getStart(), end: second.end }));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** `let`, `const`, `using`, `class`. Namespaces, enums and overloads may be many of one name. */
function isOnlyOnce(name: ts.Identifier): boolean {
  const at = ts.findAncestor(name.parent, (node) => !isPattern(node));
  if (at === undefined) return false;
  if (ts.isVariableDeclaration(at) && ts.isVariableDeclarationList(at.parent))
    return (at.parent.flags & ts.NodeFlags.BlockScoped) !== 0;
  return false;
}

function isPattern(node: ts.Node): boolean {
  return ts.isBindingElement(node) || ts.isObjectBindingPattern(node) || ts.isArrayBindingPattern(node);
}
