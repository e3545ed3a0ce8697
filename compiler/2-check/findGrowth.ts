import { ts } from "ts-morph";
import { isReference } from "../1-read/references.ts";
import type { Resolver } from "../1-read/resolver.ts";
import { isFunctionWithBody } from "./durableCode.ts";
import { findMutation } from "./findMutation.ts";

/**
 * Arrays that an endless loop only ever appends to, if `node` is one: `for (;;) { seen.push(await next()); }`. A loop
 * that can be left (`break`, `return`) is taken to be, and an array that is also emptied or replaced in it to be bounded.
 */
export function findGrowth(resolver: Resolver, node: ts.Node): readonly ts.Identifier[] {
  const body = toEndlessBody(node);
  if (body === null || !has(body, ts.isAwaitExpression) || has(body, isExit)) return [];
  const uses = new Map<ts.Symbol, { appends: ts.Identifier[]; isBounded: boolean }>();
  const visit = (at: ts.Node): void => {
    if (ts.isIdentifier(at) && isReference(at)) {
      const symbol = resolver.symbolOf(at);
      const declaration = symbol?.valueDeclaration;
      if (symbol !== null && declaration !== undefined && isOutside(declaration, node)) {
        const use = uses.get(symbol) ?? { appends: [], isBounded: false };
        if (isAppend(resolver, at)) use.appends.push(at);
        else if (findMutation(resolver, at) !== null) use.isBounded = true;
        uses.set(symbol, use);
      }
    }
    ts.forEachChild(at, visit);
  };
  visit(body);
  return [...uses.values()].flatMap(({ appends, isBounded }) => (isBounded ? [] : appends.slice(0, 1)));
}

function toEndlessBody(node: ts.Node): ts.Statement | null {
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

function isAppend(resolver: Resolver, node: ts.Identifier): boolean {
  const { parent } = node;
  if (!ts.isPropertyAccessExpression(parent) || !["push", "unshift"].includes(parent.name.text)) return false;
  const symbol = resolver.symbolOf(parent);
  const isCalled = ts.isCallExpression(parent.parent) && parent.parent.expression === parent;
  return isCalled && symbol !== null && resolver.originOf(symbol)?.member.startsWith("Array.") === true;
}
