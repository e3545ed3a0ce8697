/** The function whose `this`, `super` and `new.target` an expression means: the nearest one around it that is no arrow. */
import { ts } from "ts-morph";
import { isFunctionBoundary, type FunctionBoundary } from "../1-read/scopes.ts";

export function ownerOf(node: ts.Node): FunctionBoundary | null {
  const owner = ts.findAncestor(node.parent, (at) => isFunctionBoundary(at) && !ts.isArrowFunction(at));
  return owner !== undefined && isFunctionBoundary(owner) ? owner : null;
}
