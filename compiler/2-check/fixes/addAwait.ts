import { ts } from "ts-morph";
import { walkUpWrappers } from "../../1-read/wrappers.ts";
import type { DiagnosticFix } from "../../diagnostic.ts";
import { isAsync } from "../durableCode.ts";
import { findOwner, isInParameter } from "./findNode.ts";

/** `wait("1h")` becomes `await wait("1h")`. Not safe to apply unseen: it may have been meant to run beside the rest. */
export function addAwait(node: ts.Node): DiagnosticFix | null {
  const owner = findOwner(node);
  if (owner === null || !isAsync(owner) || isInParameter(node)) return null;
  const at = findChainEnd(node);
  const { parent } = at;
  // The value of an arrow function that is not async has its owner inside; only these places take an await as it is.
  const isPlace =
    ts.isExpressionStatement(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isBinaryExpression(parent) ||
    ts.isConditionalExpression(parent) ||
    ts.isForStatement(parent) ||
    ts.isVoidExpression(parent);
  if (!isPlace) return null;
  const start = at.getStart();
  return {
    title: "Add await",
    edits: [{ file: node.getSourceFile().fileName, start, end: start, text: "await " }],
    safe: false,
  };
}

/** `save(x).then(f).catch(g)` is awaited as a whole. */
function findChainEnd(node: ts.Node): ts.Node {
  const outer = walkUpWrappers(node);
  const access = outer.parent;
  const call = access.parent as ts.Node | undefined;
  const isChain =
    ts.isPropertyAccessExpression(access) &&
    call !== undefined &&
    ts.isCallExpression(call) &&
    call.expression === access;
  return isChain ? findChainEnd(call) : outer;
}
