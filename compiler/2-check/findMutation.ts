/** Whether a use of a variable changes it: assigns it, or changes the object or the collection that it holds. */
import { ts } from "ts-morph";
import { accessOf, isAssignmentOperator, isUpdate } from "../1-read/references.ts";
import type { Resolver } from "../1-read/resolver.ts";
import { walkUpWrappers } from "../1-read/wrappers.ts";

/** `x = 1`, `x++`: the variable. `x.a.b = 1`, `delete x.a`, `xs.push(1)`, `Object.assign(x, y)`: what it holds. */
export type Mutation = "assigned" | "changed";

const METHODS =
  /^(?:\w*Array\.(?:push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin|set)|(?:Weak)?Map\.(?:set|delete|clear)|(?:Weak)?Set\.(?:add|delete|clear)|Date\.set\w+|URLSearchParams\.(?:append|delete|set|sort))$/;

export function findMutation(resolver: Resolver, name: ts.Identifier): Mutation | null {
  if (accessOf(name) !== "read") return "assigned";
  let at: ts.Node = walkUpWrappers(name);
  if (isFirstArgument(resolver, at)) return "changed";
  while (isMemberOf(at.parent, at)) {
    const call = at.parent.parent;
    if (ts.isCallExpression(call) && call.expression === at.parent)
      return isChangingMethod(resolver, at.parent) ? "changed" : null;
    at = walkUpWrappers(at.parent);
    if (isTarget(at)) return "changed";
  }
  return null;
}

type Member = ts.PropertyAccessExpression | ts.ElementAccessExpression;

function isMemberOf(parent: ts.Node, object: ts.Node): parent is Member {
  const isMember = ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent);
  return isMember && parent.expression === object;
}

function isTarget(member: ts.Node): boolean {
  const { parent } = member;
  if (ts.isDeleteExpression(parent)) return true;
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) return isUpdate(parent);
  return (
    ts.isBinaryExpression(parent) && parent.left === member && isAssignmentOperator(parent.operatorToken.kind)
  );
}

function isChangingMethod(resolver: Resolver, callee: ts.Expression): boolean {
  const symbol = resolver.symbolOf(callee);
  const origin = symbol === null ? null : resolver.originOf(symbol);
  const isLibrary = origin?.module === "language" || origin?.module === "platform";
  return origin !== null && isLibrary && METHODS.test(origin.member);
}

/** `Object.assign(x, ...)`, `Object.defineProperty(x, ...)`, `Reflect.set(x, ...)`. */
function isFirstArgument(resolver: Resolver, node: ts.Node): boolean {
  const { parent } = node;
  if (!ts.isCallExpression(parent) || parent.arguments[0] !== node) return false;
  const symbol = resolver.symbolOf(parent.expression);
  const origin = symbol === null ? null : resolver.originOf(symbol);
  return /^(?:ObjectConstructor\.(?:assign|definePropert(?:y|ies))|Reflect\.(?:set|deleteProperty|defineProperty))$/.test(
    origin?.member ?? "",
  );
}
