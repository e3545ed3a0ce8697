import { ts } from "ts-morph";
import { toCalleeName } from "../../1-read/calleeName.ts";
import type { Resolver } from "../../1-read/resolver.ts";
import { walkUpWrappers } from "../../1-read/wrappers.ts";
import type { DiagnosticFix } from "../../diagnostic.ts";
import { isAsync } from "../durableCode.ts";
import { findUnstorable } from "../storability.ts";
import { findOwner, isInParameter } from "./findNode.ts";
import { toRuntimeName } from "./runtimeName.ts";

/**
 * `readFileSync(path)` becomes `await step("readFileSync", () => readFileSync(path))`. Not safe to apply unseen: it adds
 * a checkpoint, and code that ran in one go may now be interrupted there.
 */
export function wrapInStep(resolver: Resolver, node: ts.Node): DiagnosticFix | null {
  const whole = findWhole(node);
  const owner = whole === null ? null : findOwner(whole);
  if (whole === null || owner === null || !isAsync(owner) || owner.asteriskToken !== undefined) return null;
  if (isInParameter(whole) || hasOwnAwait(whole) || isAssigned(whole)) return null;
  const { checker } = resolver;
  const type = checker.getTypeAtLocation(whole);
  if (findUnstorable(resolver, { type, isGiven: true }) !== null) return null;
  const name = toRuntimeName(checker, whole, "step");
  if (name === null) return null;
  const file = whole.getSourceFile().fileName;
  const [open, close] = needsParentheses(whole) ? ["(", ")"] : ["", ""];
  const label = JSON.stringify(toName(whole));
  const before = `${open}await ${name.text}(${label}, () => `;
  return {
    title: `Wrap in step(${label}, ...)`,
    edits: [
      ...name.edits,
      { file, start: whole.getStart(), end: whole.getStart(), text: before },
      { file, start: whole.end, end: whole.end, text: `)${close}` },
    ],
    safe: false,
  };
}

/** The call whose callee was found, the construction, or the chain of members (`process.env.HOME`). */
function findWhole(node: ts.Node): ts.Expression | null {
  if (!ts.isExpression(node) || ts.isBindingElement(node.parent)) return null;
  let at: ts.Expression = node;
  if (ts.isPropertyAccessExpression(at.parent) && at.parent.name === at) at = at.parent;
  for (;;) {
    const { parent } = walkUpWrappers(at);
    const isObject =
      (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) &&
      parent.expression === walkUpWrappers(at);
    const isCallee =
      (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === walkUpWrappers(at);
    if (isCallee && !ts.isCallExpression(at)) return parent;
    if (ts.isCallExpression(at) || ts.isNewExpression(at)) return at;
    if (!isObject) return isCallable(at) ? null : at;
    at = parent;
  }
}

/** A name that is handed on (`ids.map(unlink)`) is not evaluated here. */
function isCallable(node: ts.Expression): boolean {
  return ts.isCallExpression(node.parent) || ts.isVariableDeclaration(node.parent) ? !isMember(node) : false;
}

function isMember(node: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
}

function isAssigned(node: ts.Expression): boolean {
  const { parent } = walkUpWrappers(node);
  return (
    (ts.isBinaryExpression(parent) &&
      parent.left === walkUpWrappers(node) &&
      parent.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      parent.operatorToken.kind <= ts.SyntaxKind.LastAssignment) ||
    ts.isDeleteExpression(parent)
  );
}

/** An await or yield cannot move into an arrow function. */
function hasOwnAwait(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) return true;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => (hasOwnAwait(child) ? true : undefined)) === true;
}

/** `await` binds less than a member, a call, a template tag and `**`. */
function needsParentheses(node: ts.Expression): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isNonNullExpression(parent)) return true;
  if (ts.isElementAccessExpression(parent) || ts.isCallExpression(parent) || ts.isNewExpression(parent))
    return parent.expression === node;
  if (ts.isTaggedTemplateExpression(parent)) return true;
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken;
}

function toName(node: ts.Expression): string {
  if (ts.isCallExpression(node)) return toCalleeName(node.expression);
  if (ts.isNewExpression(node)) return `new ${toCalleeName(node.expression)}`;
  return toCalleeName(node);
}
