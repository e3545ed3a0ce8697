/**
 * What a project function does when it is called, through any number of other project functions. Facts about one
 * function are found once; a search over them, nearest first, gives the shortest chain to each kind of impurity and
 * ends on recursion.
 */
import { ts } from "ts-morph";
import type { Resolver } from "../1-read/resolver.ts";
import { skipWrappers, walkUpWrappers } from "../1-read/wrappers.ts";
import { isFunctionWithBody, isTypeOnly } from "./durableCode.ts";
import { findImpureUse, type ImpureSearch, type ImpureUse } from "./findImpureUse.ts";
import type { ImpureFamily } from "./impure.ts";

/** Code that a call can lead to: a function, or a class whose construction runs its fields and constructor. */
export type CodeUnit = ts.FunctionLikeDeclaration | ts.ClassLikeDeclaration;

/** A place that leads on to other code. */
export interface Edge {
  readonly node: ts.Node;
  readonly to: CodeUnit;
}

/** A way to something impure: the calls to follow, and the use at the end. */
export interface Chain {
  readonly edges: readonly Edge[];
  readonly use: ImpureUse;
}

export interface CallGraph {
  /** The code that evaluating this one node may run, children aside. */
  findEdges(node: ts.Node): readonly Edge[];
  /** The shortest chain from `unit` to each family that it reaches. */
  findChains(unit: CodeUnit): ReadonlyMap<ImpureFamily, Chain>;
}

interface Facts {
  readonly uses: readonly ImpureUse[];
  readonly edges: readonly Edge[];
}

export function createCallGraph(search: ImpureSearch): CallGraph {
  const facts = new Map<CodeUnit, Facts>();
  const chains = new Map<CodeUnit, ReadonlyMap<ImpureFamily, Chain>>();
  const factsOf = (unit: CodeUnit): Facts => {
    const known = facts.get(unit);
    if (known !== undefined) return known;
    const found = collectFacts(search, unit);
    facts.set(unit, found);
    return found;
  };
  return {
    findEdges: (node) => withoutPure(search, findEdges(search.resolver, node)),
    findChains(unit) {
      const known = chains.get(unit);
      if (known !== undefined) return known;
      const found = findChains(unit, factsOf);
      chains.set(unit, found);
      return found;
    },
  };
}

function findChains(start: CodeUnit, factsOf: (unit: CodeUnit) => Facts): ReadonlyMap<ImpureFamily, Chain> {
  const found = new Map<ImpureFamily, Chain>();
  const reached = new Map<CodeUnit, readonly Edge[]>([[start, []]]);
  // A Map is walked in the order of insertion, also over what is added meanwhile: breadth first.
  for (const [unit, edges] of reached) {
    const { uses, edges: next } = factsOf(unit);
    for (const use of uses) if (!found.has(use.family)) found.set(use.family, { edges, use });
    for (const edge of next) if (!reached.has(edge.to)) reached.set(edge.to, [...edges, edge]);
  }
  return found;
}

function collectFacts(search: ImpureSearch, unit: CodeUnit): Facts {
  const uses: ImpureUse[] = [];
  const edges: Edge[] = [];
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node) || (isFunctionWithBody(node) && !isRunInPlace(search.resolver, node))) return;
    const use = findImpureUse(search, node, unit);
    if (use !== null) uses.push(use);
    edges.push(...withoutPure(search, findEdges(search.resolver, node)));
    ts.forEachChild(node, visit);
  };
  if (ts.isClassLike(unit)) for (const part of toConstruction(unit)) visit(part);
  else ts.forEachChild(unit, visit);
  edges.push(...(ts.isClassLike(unit) ? findBaseClass(search.resolver, unit) : []));
  return { uses, edges };
}

/** What the configuration calls pure is not followed. */
function withoutPure({ listed }: ImpureSearch, edges: readonly Edge[]): readonly Edge[] {
  return edges.filter(({ to }) => !listed.hasDeclaration("pure", to));
}

/** What `new` runs of a class: field initialisers and the constructor. */
function toConstruction(unit: ts.ClassLikeDeclaration): ts.Node[] {
  return unit.members.flatMap((member): ts.Node[] => {
    if (ts.isConstructorDeclaration(member))
      return [...member.parameters, ...(member.body?.statements ?? [])];
    const isField = ts.isPropertyDeclaration(member) && !isStatic(member);
    return isField && member.initializer !== undefined ? [member.initializer] : [];
  });
}

function isStatic(member: ts.PropertyDeclaration): boolean {
  return (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
}

function findBaseClass(resolver: Resolver, unit: ts.ClassLikeDeclaration): Edge[] {
  const clause = unit.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  const base = clause?.types[0]?.expression;
  const to = base === undefined ? null : findClass(resolver, base);
  return base === undefined || to === null ? [] : [{ node: base, to }];
}

/**
 * A function written inside a helper runs when the helper does only if it is called there or handed to something that
 * calls it (`map`). One that is returned may become the body of a step: `step("load", makeLoad(id))`.
 */
function isRunInPlace(resolver: Resolver, node: ts.FunctionLikeDeclaration): boolean {
  const outer = walkUpWrappers(node);
  const { parent } = outer;
  if (!ts.isCallExpression(parent) && !ts.isNewExpression(parent)) return false;
  if (parent.expression === outer) return true;
  return ts.isNewExpression(parent) || resolver.operationOf(parent.expression) === null;
}

function findEdges(resolver: Resolver, node: ts.Node): Edge[] {
  if (ts.isCallExpression(node))
    return [...toFunctionEdge(resolver, node.expression), ...findArgumentEdges(resolver, node)];
  if (ts.isTaggedTemplateExpression(node)) return toFunctionEdge(resolver, node.tag);
  if (ts.isNewExpression(node)) {
    const to = findClass(resolver, node.expression);
    const made: Edge[] = to === null ? [] : [{ node: node.expression, to }];
    return [...made, ...findArgumentEdges(resolver, node)];
  }
  return ts.isPropertyAccessExpression(node) ? findAccessorEdge(resolver, node) : [];
}

/** Functions passed by name, which the callee may call: `lines.map(toTotal)`. An operation runs them in a step. */
function findArgumentEdges(resolver: Resolver, node: ts.CallExpression | ts.NewExpression): Edge[] {
  if (ts.isCallExpression(node) && resolver.operationOf(node.expression) !== null) return [];
  return (node.arguments ?? []).flatMap((argument) => {
    const inner = skipWrappers(argument);
    const isName = ts.isIdentifier(inner) || ts.isPropertyAccessExpression(inner);
    return isName ? toFunctionEdge(resolver, inner) : [];
  });
}

function toFunctionEdge(resolver: Resolver, callee: ts.Expression): Edge[] {
  const to = resolver.functionOf(callee);
  // What is marked keeps its own books; what stands in place is walked in place.
  if (to === null || resolver.markOf(to) !== null || isOwn(callee, to)) return [];
  return [{ node: callee, to }];
}

function isOwn(callee: ts.Expression, to: ts.Node): boolean {
  return skipWrappers(callee) === to;
}

function findAccessorEdge(resolver: Resolver, node: ts.PropertyAccessExpression): Edge[] {
  const symbol = resolver.symbolOf(node);
  if (symbol === null || (symbol.flags & ts.SymbolFlags.Accessor) === 0) return [];
  const { parent } = node;
  const isWritten =
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  return (symbol.declarations ?? []).flatMap((accessor) => {
    const isMeant = isWritten ? ts.isSetAccessor(accessor) : ts.isGetAccessor(accessor);
    const isOurs =
      isMeant && isFunctionWithBody(accessor) && resolver.isProjectFile(accessor.getSourceFile());
    return isOurs ? [{ node: node.name, to: accessor }] : [];
  });
}

function findClass(resolver: Resolver, expression: ts.Expression): ts.ClassLikeDeclaration | null {
  const declaration = resolver.valueOf(expression)?.valueDeclaration;
  if (declaration === undefined || !resolver.isProjectFile(declaration.getSourceFile())) return null;
  if (ts.isClassLike(declaration)) return declaration;
  const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  const inner = value === undefined ? undefined : skipWrappers(value);
  return inner !== undefined && ts.isClassExpression(inner) ? inner : null;
}
