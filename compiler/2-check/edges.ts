/**
 * Where code leads on to other code: calls, constructions, templates with a tag, getters and setters, functions passed by
 * name. Into the project's own functions, and into the code of its packages where that is installed.
 */
import { ts } from "ts-morph";
import type { Origin } from "../1-read/origin.ts";
import type { Resolver } from "../1-read/resolver.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { toPackageSearch, type ImpureSearch } from "./findImpureUse.ts";
import { findPackageUnit, type CodeUnit } from "./packageCode.ts";

/** A place that leads on to other code. */
export interface Edge {
  readonly node: ts.Node;
  readonly to: CodeUnit;
  /** What answers for names in `to`. */
  readonly search: ImpureSearch;
  /** Where it leads into a package: which export of it. */
  readonly origin: Origin | null;
  /** How many arguments are given for certain: the defaults of those parameters are not evaluated. */
  readonly given: number;
}

/** The code that evaluating this one node may run, children aside. What the configuration calls pure is not followed. */
export function findEdges(search: ImpureSearch, node: ts.Node): readonly Edge[] {
  const { resolver, listed } = search;
  return findAllEdges(search, node).filter(({ to, origin: entered }) => {
    if (listed.hasDeclaration("pure", to)) return false;
    // In a package, what the configuration says of another package holds too.
    const origin = search.isPackage && entered === null ? resolver.originOfDeclaration(to) : null;
    return origin === null || !listed.hasOrigin("pure", origin);
  });
}

function findAllEdges(search: ImpureSearch, node: ts.Node): Edge[] {
  if (ts.isCallExpression(node)) {
    const callees = findCallees(search, node.expression);
    return [
      ...callees.flatMap((callee) => toFunctionEdge(search, callee, countGiven(node))),
      ...findArgumentEdges(search, node),
    ];
  }
  if (ts.isTaggedTemplateExpression(node)) return toFunctionEdge(search, node.tag, Infinity);
  if (ts.isNewExpression(node))
    return [...toClassEdge(search, node.expression, countGiven(node)), ...findArgumentEdges(search, node)];
  if (ts.isBindingElement(node)) return findPatternEdge(search, node);
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)
    ? findAccessorEdge(search, node)
    : [];
}

/** What a call may call: `(urgent ? fast : slow)()`, `(0, f)()`, `f.call(null)`. */
function findCallees(search: ImpureSearch, expression: ts.Expression): readonly ts.Expression[] {
  const callee = skipWrappers(expression);
  if (ts.isConditionalExpression(callee))
    return [callee.whenTrue, callee.whenFalse].flatMap((one) => findCallees(search, one));
  if (ts.isBinaryExpression(callee)) {
    const isComma = callee.operatorToken.kind === ts.SyntaxKind.CommaToken;
    return [...(isComma ? [] : findCallees(search, callee.left)), ...findCallees(search, callee.right)];
  }
  const isApplied =
    ts.isPropertyAccessExpression(callee) &&
    /^(?:call|apply)$/.test(callee.name.text) &&
    isOfLanguage(search, callee);
  return isApplied ? findCallees(search, callee.expression) : [expression];
}

/** `const { total } = order` reads the getter `total`. */
function findPatternEdge(search: ImpureSearch, node: ts.BindingElement): Edge[] {
  const { resolver } = search;
  const symbol = findPatternSymbol(resolver, node);
  const at = node.propertyName ?? node.name;
  return (symbol === null ? [] : findAccessors(symbol, ts.isGetAccessor))
    .filter((accessor) => resolver.isProjectFile(accessor.getSourceFile()))
    .map((to) => ({ node: at, to, search, origin: null, given: Infinity }));
}

/** The property that a part of an object pattern takes its value from. */
function findPatternSymbol({ checker }: Resolver, node: ts.BindingElement): ts.Symbol | null {
  const name = node.propertyName ?? node.name;
  if (!ts.isObjectBindingPattern(node.parent) || !ts.isIdentifier(name)) return null;
  return checker.getPropertyOfType(checker.getTypeAtLocation(node.parent), name.text) ?? null;
}

function findAccessors(
  symbol: ts.Symbol,
  isMeant: (node: ts.Node) => node is ts.AccessorDeclaration,
): ts.AccessorDeclaration[] {
  return (symbol.declarations ?? []).filter(isMeant).filter((accessor) => accessor.body !== undefined);
}

/** What `class ... extends` leads to: making one makes the other. */
export function findBaseClass(search: ImpureSearch, unit: ts.ClassLikeDeclaration): Edge[] {
  const clause = unit.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  const base = clause?.types[0]?.expression;
  return base === undefined ? [] : toClassEdge(search, base, Infinity);
}

function countGiven(node: ts.CallExpression | ts.NewExpression): number {
  const given = node.arguments ?? [];
  const open = given.findIndex(
    (argument) =>
      ts.isSpreadElement(argument) || (ts.isIdentifier(argument) && argument.text === "undefined"),
  );
  return open === -1 ? given.length : open;
}

/**
 * Functions passed by name, which the callee may call: `lines.map(toTotal)`. An operation runs them in a step. What a
 * package hands to anything but the language's own functions may be kept for an event that never comes.
 */
function findArgumentEdges(search: ImpureSearch, node: ts.CallExpression | ts.NewExpression): Edge[] {
  if (ts.isCallExpression(node) && search.resolver.operationOf(node.expression) !== null) return [];
  if (search.isPackage && !isOfLanguage(search, node.expression)) return [];
  return (node.arguments ?? []).flatMap((argument) => {
    const inner = skipWrappers(argument);
    const isName = ts.isIdentifier(inner) || ts.isPropertyAccessExpression(inner);
    return isName ? toFunctionEdge(search, inner, Infinity) : [];
  });
}

export function isOfLanguage({ resolver }: ImpureSearch, callee: ts.Expression): boolean {
  const symbol = resolver.valueOf(callee);
  return symbol !== null && resolver.originOf(symbol)?.module === "language";
}

function toFunctionEdge(search: ImpureSearch, callee: ts.Expression, given: number): Edge[] {
  const { resolver } = search;
  const to = resolver.functionOf(callee) ?? findDestructured(resolver, callee);
  if (to === null) return toPackageEdge(search, callee, given);
  // What is marked keeps its own books; what stands in place is walked in place.
  if (resolver.markOf(to) !== null || skipWrappers(callee) === to) return [];
  return [{ node: callee, to, search, origin: null, given }];
}

/** `const { draw } = table; draw()`: the function that the table's type says. */
function findDestructured(resolver: Resolver, callee: ts.Expression): ts.FunctionLikeDeclaration | null {
  const declaration = resolver.symbolOf(callee)?.valueDeclaration;
  if (declaration === undefined || !ts.isBindingElement(declaration)) return null;
  const symbol = findPatternSymbol(resolver, declaration);
  return symbol === null ? null : resolver.functionOfSymbol(symbol);
}

function toClassEdge(search: ImpureSearch, callee: ts.Expression, given: number): Edge[] {
  const symbol = search.resolver.valueOf(callee);
  const to = symbol === null ? null : search.resolver.classOfSymbol(symbol);
  return to === null
    ? toPackageEdge(search, callee, given)
    : [{ node: callee, to, search, origin: null, given }];
}

/** What the table or the configuration speaks of needs no reading. */
function toPackageEdge(search: ImpureSearch, callee: ts.Expression, given: number): Edge[] {
  const { resolver, listed, table } = search;
  const symbol = search.isPackage ? null : resolver.valueOf(callee);
  const origin = symbol === null ? null : resolver.originOf(symbol);
  if (symbol === null || origin === null) return [];
  const isJudged =
    (["pure", "impure", "step"] as const).some((list) => listed.hasOrigin(list, origin)) ||
    table.find(origin, "reference", true) !== null ||
    table.find(origin, "construction", true) !== null;
  const found = isJudged ? null : findPackageUnit(search, callee);
  if (found === null) return [];
  return [{ node: callee, to: found.unit, search: toPackageSearch(search, found.package), origin, given }];
}

function findAccessorEdge(
  search: ImpureSearch,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): Edge[] {
  const { resolver } = search;
  const symbol = resolver.symbolOf(node);
  if (symbol === null || (symbol.flags & ts.SymbolFlags.Accessor) === 0) return [];
  const { parent } = node;
  const isWritten =
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  const at = ts.isPropertyAccessExpression(node) ? node.name : node;
  return findAccessors(symbol, isWritten ? ts.isSetAccessor : ts.isGetAccessor)
    .filter((accessor) => resolver.isProjectFile(accessor.getSourceFile()))
    .map((to) => ({ node: at, to, search, origin: null, given: Infinity }));
}
