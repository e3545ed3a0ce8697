import { ts } from "ts-morph";
import { isReference } from "../1-read/references.ts";
import type { Resolver } from "../1-read/resolver.ts";
import { isFunctionWithBody } from "./durableCode.ts";
import { findMutation } from "./findMutation.ts";

/**
 * Arrays, maps and sets that an endless loop only ever appends to, if `node` is one: `for (;;) { seen.push(await next()); }`. A loop
 * that can be left (`break`, `return`) is taken to be, and an array that is also emptied or replaced in it to be bounded.
 */
export function findGrowth(resolver: Resolver, node: ts.Node): readonly ts.Identifier[] {
  const body = toEndlessBody(node);
  if (body === null || !has(body, ts.isAwaitExpression) || has(body, isExit)) return [];
  return findAppended(resolver, node).flatMap(({ appends, isBounded }) =>
    isBounded ? [] : appends.slice(0, 1),
  );
}

/** A variable from outside a loop that the loop appends to. */
export interface Appended {
  readonly symbol: ts.Symbol;
  readonly appends: ts.Identifier[];
  /** It is also emptied or replaced in the loop. */
  isBounded: boolean;
}

export function findAppended(resolver: Resolver, loop: ts.Node): readonly Appended[] {
  const uses = new Map<ts.Symbol, Appended>();
  const visit = (at: ts.Node): void => {
    if (ts.isIdentifier(at) && isReference(at)) {
      const symbol = resolver.symbolOf(at);
      const declaration = symbol?.valueDeclaration;
      if (symbol !== null && declaration !== undefined && isOutside(declaration, loop)) {
        const use = uses.get(symbol) ?? { symbol, appends: [], isBounded: false };
        if (isAppend(resolver, at)) use.appends.push(at);
        else if (findMutation(resolver, at) !== null) use.isBounded = true;
        uses.set(symbol, use);
      }
    }
    ts.forEachChild(at, visit);
  };
  visit(loop);
  return [...uses.values()];
}

/** The body of a loop that has no condition to end it; null for other nodes. */
export function toEndlessBody(node: ts.Node): ts.Statement | null {
  if (ts.isForStatement(node))
    return node.condition === undefined || isTrue(node.condition) ? node.statement : null;
  return (ts.isWhileStatement(node) || ts.isDoStatement(node)) && isTrue(node.expression)
    ? node.statement
    : null;
}

function isTrue(node: ts.Expression): boolean {
  return node.kind === ts.SyntaxKind.TrueKeyword || (ts.isNumericLiteral(node) && node.text !== "0");
}

function isExit(node: ts.Node): boolean {
  return ts.isBreakStatement(node) || ts.isReturnStatement(node);
}

/** In the loop's own code: what a function inside does is another matter. */
function has(node: ts.Node, is: (at: ts.Node) => boolean): boolean {
  if (is(node)) return true;
  if (isFunctionWithBody(node)) return false;
  return ts.forEachChild(node, (child) => (has(child, is) ? true : undefined)) === true;
}

/** Declared in the function, and not anew in each round. */
function isOutside(declaration: ts.Node, loop: ts.Node): boolean {
  return declaration.getSourceFile() === loop.getSourceFile() && declaration.end <= loop.pos;
}

const APPENDS = /^(?:Array\.(?:push|unshift)|Map\.set|Set\.add)$/;

function isAppend(resolver: Resolver, node: ts.Identifier): boolean {
  const { parent } = node;
  if (!ts.isPropertyAccessExpression(parent) || !["push", "unshift", "set", "add"].includes(parent.name.text))
    return false;
  const symbol = resolver.symbolOf(parent);
  const isCalled = ts.isCallExpression(parent.parent) && parent.parent.expression === parent;
  return isCalled && symbol !== null && APPENDS.test(resolver.originOf(symbol)?.member ?? "");
}
