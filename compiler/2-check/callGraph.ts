/**
 * What a function does when it is called, through any number of other functions. Facts about one function are found
 * once; a search over them, nearest first, gives the shortest chain to each kind of impurity and ends on recursion.
 */
import { ts } from "ts-morph";
import { walkUpWrappers } from "../1-read/wrappers.ts";
import { isFunctionWithBody, isTypeOnly } from "./durableCode.ts";
import { findBaseClass, findEdges, isOfLanguage, type Edge } from "./edges.ts";
import { findImpureUse, type ImpureSearch, type ImpureUse } from "./findImpureUse.ts";
import type { ImpureFamily } from "./impure.ts";
import type { CodeUnit } from "./packageCode.ts";

/** A way to something impure: the calls to follow, and the use at the end. */
export interface Chain {
  readonly edges: readonly Edge[];
  readonly use: ImpureUse;
}

export interface CallGraph {
  /** The shortest chain from what an edge leads to, to each family that it reaches. */
  findChains(start: Edge): ReadonlyMap<ImpureFamily, Chain>;
}

interface Facts {
  readonly uses: readonly InDefault<ImpureUse>[];
  readonly edges: readonly InDefault<Edge>[];
}

/** Something in a function, and which parameter's default it stands in: it matters only if that argument is left out. */
interface InDefault<Found> {
  readonly found: Found;
  readonly parameter: number | null;
}

/** How many functions are followed from one call: enough for every helper of a project; a package's are left at that. */
const UNITS_MAX = 400;

/** Families that are no finding inside a package: it asks where it runs, and tells its own listeners. */
const PACKAGE_MAY: ReadonlySet<ImpureFamily> = new Set<ImpureFamily>(["environment", "effects"]);

export function createCallGraph(): CallGraph {
  const facts = new Map<CodeUnit, Facts>();
  const chains = new Map<CodeUnit, Map<number, ReadonlyMap<ImpureFamily, Chain>>>();
  const factsOf = ({ to, search }: Edge): Facts => {
    const known = facts.get(to) ?? collectFacts(search, to);
    facts.set(to, known);
    return known;
  };
  return {
    findChains(start) {
      const ofUnit = chains.get(start.to) ?? new Map<number, ReadonlyMap<ImpureFamily, Chain>>();
      chains.set(start.to, ofUnit);
      const found = ofUnit.get(start.given) ?? findChains(start, factsOf);
      ofUnit.set(start.given, found);
      return found;
    },
  };
}

function findChains(start: Edge, factsOf: (edge: Edge) => Facts): ReadonlyMap<ImpureFamily, Chain> {
  const found = new Map<ImpureFamily, Chain>();
  const reached = new Map<CodeUnit, readonly Edge[]>([[start.to, []]]);
  // A Map is walked in the order of insertion, also over what is added meanwhile: breadth first.
  for (const edges of reached.values()) {
    const from = edges.at(-1) ?? start;
    const { uses, edges: next } = factsOf(from);
    const isEvaluated = ({ parameter }: InDefault<unknown>): boolean =>
      parameter === null || parameter >= from.given;
    for (const use of uses.filter(isEvaluated))
      if (!found.has(use.found.family)) found.set(use.found.family, { edges, use: use.found });
    for (const { found: edge } of next.filter(isEvaluated))
      if (!reached.has(edge.to) && reached.size < UNITS_MAX) reached.set(edge.to, [...edges, edge]);
  }
  return found;
}

function collectFacts(search: ImpureSearch, unit: CodeUnit): Facts {
  const uses: InDefault<ImpureUse>[] = [];
  const edges: InDefault<Edge>[] = [];
  const visit = (node: ts.Node, parameter: number | null): void => {
    if (isTypeOnly(node) || (isFunctionWithBody(node) && !isRunInPlace(search, node))) return;
    const use = findImpureUse(search, node, unit);
    if (use !== null && !(search.isPackage && isHarmless(use))) uses.push({ found: use, parameter });
    for (const edge of findEdges(search, node)) edges.push({ found: edge, parameter });
    ts.forEachChild(node, (child) => visit(child, parameter));
  };
  for (const { node, parameter } of toParts(unit)) visit(node, parameter);
  if (ts.isClassLike(unit))
    for (const edge of findBaseClass(search, unit)) edges.push({ found: edge, parameter: null });
  return { uses, edges };
}

/** `formatter.format();` as a statement asks whether it would throw: what it answers goes nowhere. */
function isHarmless({ family, node }: ImpureUse): boolean {
  if (PACKAGE_MAY.has(family)) return true;
  const outer = walkUpWrappers(node);
  const call = ts.isCallExpression(outer.parent) && outer.parent.expression === outer ? outer.parent : outer;
  return (family === "clock" || family === "randomness") && ts.isExpressionStatement(call.parent);
}

interface Part {
  readonly node: ts.Node;
  readonly parameter: number | null;
}

/** What a call runs of a function, and `new` of a class: field initialisers and the constructor. */
function toParts(unit: CodeUnit): Part[] {
  if (!ts.isClassLike(unit)) return toFunctionParts(unit);
  return unit.members.flatMap((member): Part[] => {
    if (ts.isConstructorDeclaration(member)) return toFunctionParts(member);
    const isField = ts.isPropertyDeclaration(member) && !isStatic(member);
    return isField && member.initializer !== undefined ? [{ node: member.initializer, parameter: null }] : [];
  });
}

function toFunctionParts(fn: ts.FunctionLikeDeclaration): Part[] {
  const defaults = fn.parameters.flatMap(({ name, initializer }, parameter): Part[] => [
    { node: name, parameter: null },
    ...(initializer === undefined ? [] : [{ node: initializer, parameter }]),
  ]);
  const { body } = fn;
  return body === undefined ? defaults : [...defaults, { node: body, parameter: null }];
}

function isStatic(member: ts.PropertyDeclaration): boolean {
  return (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
}

/**
 * A function written inside a helper runs when the helper does only if it is called there or handed to something that
 * calls it (`map`). One that is returned may become the body of a step: `step("load", makeLoad(id))`.
 */
function isRunInPlace(search: ImpureSearch, node: ts.FunctionLikeDeclaration): boolean {
  const outer = walkUpWrappers(node);
  const { parent } = outer;
  if (!ts.isCallExpression(parent) && !ts.isNewExpression(parent)) return false;
  if (parent.expression === outer) return true;
  if (search.isPackage) return isOfLanguage(search, parent.expression);
  return ts.isNewExpression(parent) || search.resolver.operationOf(parent.expression) === null;
}
