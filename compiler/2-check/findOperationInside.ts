import { ts } from "ts-morph";
import type { Resolver } from "../1-read/resolver.ts";
import type { OperationName } from "../program.ts";
import { isFunctionWithBody, isTypeOnly } from "./durableCode.ts";

export interface OperationInside {
  readonly operation: OperationName;
  readonly node: ts.Node;
}

/** How many functions are followed: a helper of a helper of a helper is found, a whole project is not walked. */
const FUNCTIONS_MAX = 50;

/**
 * The first operation that an unmarked function calls when it runs, itself or through other unmarked functions of the
 * project. What a nested function does is its own matter: it may run anywhere.
 */
export function findOperationInside(
  resolver: Resolver,
  start: ts.FunctionLikeDeclaration,
): OperationInside | null {
  const reached = new Set([start]);
  for (const fn of reached) {
    if (resolver.markOf(fn) !== null) continue;
    let found: OperationInside | null = null;
    const visit = (node: ts.Node): void => {
      if (found !== null || isTypeOnly(node) || isFunctionWithBody(node)) return;
      if (ts.isCallExpression(node)) {
        const operation = resolver.operationOf(node.expression);
        if (operation !== null) found = { operation, node };
        const next = resolver.functionOf(node.expression);
        if (next !== null && reached.size < FUNCTIONS_MAX) reached.add(next);
      }
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(fn, visit);
    if (found !== null) return found;
  }
  return null;
}
