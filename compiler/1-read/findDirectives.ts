/**
 * Finds what an author marked, from the syntax of one file alone, so that the typed reader and the one-file reader
 * cannot differ. A directive is a string statement at the head of a body, in its exact spelling; a directive at the
 * head of a module marks every exported async function of it.
 *
 *     export async function fulfil() { "use durable"; }   // functions: [fulfil]
 *     export async function charge() { "use step"; }      // marks: charge -> "use step"
 *     async function ship() { "use durables"; }           // problems: DC101
 *
 * Guarantees: a function with a problem of its own is not among `functions`, so later passes see only sound ones.
 */
import { ts } from "ts-morph";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import type { DurableFunction, DurableNode } from "../program.ts";
import { findMeantDirective, isDirective, type Directive } from "./directiveSpelling.ts";
import { findExportedFunctions } from "./findExportedFunctions.ts";
import { findFunctionName, toQualifiedName } from "./functionName.ts";
import { walkUpWrappers } from "./wrappers.ts";

export interface Directives {
  /** Outermost durable functions, in source order. */
  readonly functions: readonly DurableFunction[];
  /** Every marked function, nested ones and those with a problem too. */
  readonly marks: ReadonlyMap<ts.Node, Directive>;
  readonly problems: readonly Diagnostic[];
}

/** One marked function as the walk meets it. */
interface Mark {
  readonly node: ts.FunctionLikeDeclaration;
  readonly directive: Directive;
  /** Where problems are shown: the directive, or the function's name when the module is marked. */
  readonly place: ts.Node;
}

const NONE: Directives = { functions: [], marks: new Map(), problems: [] };

/** `required`: what is marked is durable. `all`: every async function is, where one-file mode is asked for that. */
export type DirectiveMode = "required" | "all";

/** `path` is the file's path in ids: `src/fulfil.ts`. */
export function findDirectives(
  file: ts.SourceFile,
  path: string,
  mode: DirectiveMode = "required",
): Directives {
  // Most files of a project name no directive at all; this saves the walk.
  if (mode === "required" && !/["'`]\s*(?:use|durable)/i.test(file.text)) return NONE;
  const strings: ts.StringLiteralLike[] = [];
  const functions: ts.FunctionLikeDeclaration[] = [];
  collect(file, strings, functions);
  const found = functions.flatMap(findMarks);
  const ofModule = findModuleMarks(file, new Set(found.map(({ node }) => node)));
  const marked = [...found, ...ofModule.marks];
  const others = mode === "all" ? findUnmarked(functions, marked) : [];
  const all = [...marked, ...others].sort((a, b) => a.node.pos - b.node.pos);
  const marks = new Map(all.map(({ node, directive }) => [node, directive] as const));
  const problems = all.map((mark) => findProblem(mark, all, mode));
  const sound = all.filter((mark, index) => mark.directive === "use durable" && problems[index] === null);
  const named = nameFunctions(sound, { marks, path, mode });
  return {
    functions: named.functions,
    marks,
    problems: [
      ...strings.flatMap(findStringProblem),
      ...ofModule.problems,
      ...problems.filter((problem) => problem !== null),
      ...named.problems,
    ].sort((a, b) => a.start - b.start),
  };
}

function collect(
  node: ts.Node,
  strings: ts.StringLiteralLike[],
  functions: ts.FunctionLikeDeclaration[],
): void {
  if (ts.isStringLiteralLike(node)) strings.push(node);
  if (isFunctionWithBody(node)) functions.push(node);
  ts.forEachChild(node, (child) => collect(child, strings, functions));
}

function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

function findMarks(node: ts.FunctionLikeDeclaration): Mark[] {
  if (node.body === undefined || !ts.isBlock(node.body)) return [];
  const [first] = findPrologueDirectives(node.body.statements);
  return first === undefined ? [] : [{ node, directive: first.directive, place: first.place }];
}

function findPrologueDirectives(
  statements: readonly ts.Statement[],
): readonly { readonly directive: Directive; readonly place: ts.StringLiteral }[] {
  const found = [];
  for (const statement of statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isStringLiteral(statement.expression)) break;
    const directive = toRawText(statement.expression);
    if (isDirective(directive)) found.push({ directive, place: statement.expression });
  }
  return found;
}

/** The text between the quotes: with an escape in it, a string is no directive, as in JavaScript. */
function toRawText(node: ts.StringLiteralLike): string {
  return node.getText().slice(1, -1);
}

function findModuleMarks(
  file: ts.SourceFile,
  own: ReadonlySet<ts.Node>,
): { readonly marks: readonly Mark[]; readonly problems: readonly Diagnostic[] } {
  const [first] = findPrologueDirectives(file.statements);
  if (first === undefined) return { marks: [], problems: [] };
  const exported = findExportedFunctions(file);
  const marks = exported
    .filter((node) => isAsync(node) && !own.has(node))
    .map((node) => ({ node, directive: first.directive, place: node.name ?? node }));
  const problems =
    exported.some(isAsync) || first.directive === "use step" ? [] : [report("DC109", first.place, {})];
  return { marks, problems };
}

/** The outermost ones: what is written inside another has its part in that one, and a step's code is ordinary. */
function findUnmarked(
  functions: readonly ts.FunctionLikeDeclaration[],
  marked: readonly Mark[],
): readonly Mark[] {
  const candidates = new Set<ts.Node>([...functions.filter(isAsync), ...marked.map(({ node }) => node)]);
  const own = new Set(marked.map(({ node }) => node));
  return functions
    .filter((node) => isAsync(node) && !own.has(node))
    .filter((node) => ts.findAncestor(node.parent, (at) => candidates.has(at)) === undefined)
    .map((node) => ({ node, directive: "use durable", place: node.name ?? node }));
}

function isAsync(node: ts.FunctionLikeDeclaration): boolean {
  return ts.canHaveModifiers(node) && has(node, ts.SyntaxKind.AsyncKeyword);
}

function has(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind)
  );
}

/** What is wrong with a marked function by itself, or null. One problem a function: the first one explains the rest. */
function findProblem(
  { node, directive, place }: Mark,
  all: readonly Mark[],
  mode: DirectiveMode,
): Diagnostic | null {
  const host = toImpossibleHost(node);
  if (host !== null) return report("DC104", place, { host, directive });
  const name = findFunctionName(node) ?? "this function";
  if (!isAsync(node)) return report("DC103", place, { name, directive });
  if (hasBoth(node)) return report("DC108", place, { name });
  if (directive === "use step") return null;
  if (mode === "required" && findFunctionName(node) === null && !isInside(node, all))
    return report("DC106", place, {});
  return null;
}

function toImpossibleHost(node: ts.FunctionLikeDeclaration): string | null {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  if (ts.isGetAccessor(node)) return "getter";
  return ts.isSetAccessor(node) ? "setter" : null;
}

function hasBoth(node: ts.FunctionLikeDeclaration): boolean {
  const statements = node.body !== undefined && ts.isBlock(node.body) ? node.body.statements : [];
  return new Set(findPrologueDirectives(statements).map(({ directive }) => directive)).size > 1;
}

function isInside(node: ts.Node, all: readonly Mark[]): boolean {
  const outer = ts.findAncestor(node.parent, (at) => all.some((mark) => mark.node === at));
  return outer !== undefined;
}

interface Naming {
  readonly marks: ReadonlyMap<ts.Node, Directive>;
  readonly path: string;
  readonly mode: DirectiveMode;
}

/**
 * Keeps the outermost ones, gives them their ids, and refuses a second function of the same name. In the mode `all` it
 * numbers them instead, as their author never named them for this.
 */
function nameFunctions(
  sound: readonly Mark[],
  { marks, path, mode }: Naming,
): { readonly functions: readonly DurableFunction[]; readonly problems: readonly Diagnostic[] } {
  const functions: DurableFunction[] = [];
  const problems: Diagnostic[] = [];
  const taken = new Set<string>();
  for (const { node, place } of sound) {
    const nested = ts.findAncestor(node.parent, (at) => marks.get(at) === "use durable");
    const name = findFunctionName(node) ?? (mode === "all" ? "anonymous" : null);
    if (nested !== undefined || name === null || !isDurableNode(node)) continue;
    const wanted = `${path}#${toQualifiedName(node, name)}`;
    let id = wanted;
    for (let n = 2; mode === "all" && taken.has(id); n++) id = `${wanted}.${n}`;
    if (taken.has(id)) problems.push(report("DC107", place, { name }));
    else functions.push({ id, name, node });
    taken.add(id);
  }
  return { functions, problems };
}

function isDurableNode(node: ts.FunctionLikeDeclaration): node is DurableNode {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node)
  );
}

/** A string that stands alone and is, or was meant as, a directive that does not count. */
function findStringProblem(node: ts.StringLiteralLike): Diagnostic[] {
  const text = toRawText(node);
  const meant = isDirective(text) ? text : findMeantDirective(text);
  if (meant === null) return [];
  if (!isAlone(node) && !isDirective(text)) return [];
  const where = findMisplacement(node);
  if (where === null)
    return isDirective(text) || !isAlone(node) ? [] : [report("DC101", node, { found: text, meant })];
  return [report("DC102", node, { directive: meant, where })];
}

/** True for a statement of its own, in parentheses or not: nobody writes that except as a directive. */
function isAlone(node: ts.StringLiteralLike): boolean {
  return ts.isExpressionStatement(walkUpWrappers(node).parent);
}

/** Why a string counts for nothing, or null if it stands where directives stand or is an ordinary value. */
function findMisplacement(node: ts.StringLiteralLike): string | null {
  if (ts.isArrowFunction(node.parent) && node.parent.body === node)
    return isAsync(node.parent) ? "is the value of an arrow function" : null;
  if (!isAlone(node)) return null;
  const outer = walkUpWrappers(node);
  const misplaced = findStatementMisplacement(outer.parent);
  // Formatters put a string that is no directive in parentheses: where it stands is the cause, they are a symptom.
  if (misplaced !== null) return misplaced;
  if (outer !== node) return "stands in parentheses";
  return ts.isNoSubstitutionTemplateLiteral(node) ? "is written with backticks" : null;
}

function findStatementMisplacement(statement: ts.Node): string | null {
  const holder = statement.parent;
  if (ts.isSourceFile(holder))
    return isInPrologue(statement, holder.statements) ? null : "is not the module's first statement";
  if (!ts.isBlock(holder) || !ts.isFunctionLike(holder.parent))
    return "does not stand at the head of a function";
  return isInPrologue(statement, holder.statements) ? null : "is not the function's first statement";
}

function isInPrologue(statement: ts.Node, statements: readonly ts.Statement[]): boolean {
  for (const before of statements) {
    if (before === statement) return true;
    if (!ts.isExpressionStatement(before) || !ts.isStringLiteral(before.expression)) return false;
  }
  return false;
}
