import { ts } from "ts-morph";
import { isReference } from "../1-read/references.ts";
import { walkUpWrappers } from "../1-read/wrappers.ts";

/** `mistake`: nothing has the promise. `purpose`: its author said so, with `void` or a handler for its failure. */
export type Drop = "mistake" | "purpose";

/** Whether the promise of a call goes nowhere. Null if something has it: a variable, a caller, a collection. */
export function findDrop(checker: ts.TypeChecker, call: ts.CallExpression, region: ts.Node): Drop | null {
  return findDropOf({ checker, region, isHandled: false }, call);
}

interface Search {
  readonly checker: ts.TypeChecker;
  readonly region: ts.Node;
  /** A `.catch` stands on the way. */
  readonly isHandled: boolean;
}

function findDropOf(search: Search, value: ts.Node): Drop | null {
  const node = walkUpWrappers(value);
  const { parent } = node;
  const dropped: Drop = search.isHandled ? "purpose" : "mistake";
  if (ts.isExpressionStatement(parent)) return dropped;
  if (ts.isVoidExpression(parent)) return "purpose";
  if (ts.isForStatement(parent) && (parent.initializer === node || parent.incrementor === node))
    return dropped;
  if (ts.isBinaryExpression(parent)) return findDropOfOperand(search, parent, node);
  if (ts.isConditionalExpression(parent))
    return parent.condition === node ? null : findDropOf(search, parent);
  if (ts.isPropertyAccessExpression(parent)) return findDropOfChain(search, parent);
  if (ts.isVariableDeclaration(parent)) return isUnused(search, parent) ? dropped : null;
  const isAnswer = ts.isArrowFunction(parent) && parent.body === node && parent !== search.region;
  return isAnswer && isIgnoredAnswer(search.checker, parent) ? dropped : null;
}

/** `a && step()` as a statement drops it; `p = step()` keeps it; `(step(), 1)` drops it. */
function findDropOfOperand(search: Search, parent: ts.BinaryExpression, node: ts.Node): Drop | null {
  const isRight = parent.right === node;
  switch (parent.operatorToken.kind) {
    case ts.SyntaxKind.CommaToken:
      return isRight ? findDropOf(search, parent) : search.isHandled ? "purpose" : "mistake";
    case ts.SyntaxKind.AmpersandAmpersandToken:
    case ts.SyntaxKind.BarBarToken:
    case ts.SyntaxKind.QuestionQuestionToken:
      return isRight ? findDropOf(search, parent) : null;
    default:
      return null;
  }
}

/** `p.then(f)` is a promise in its place; with a handler for the failure, dropping it is said on purpose. */
function findDropOfChain(search: Search, access: ts.PropertyAccessExpression): Drop | null {
  const call = access.parent;
  if (!ts.isCallExpression(call) || call.expression !== access) return null;
  const name = access.name.text;
  if (name !== "then" && name !== "catch" && name !== "finally") return null;
  const handles = call.arguments.length >= (name === "then" ? 2 : 1) && name !== "finally";
  return findDropOf({ ...search, isHandled: search.isHandled || handles }, call);
}

/** A variable that nobody reads keeps a promise from nobody. */
function isUnused({ checker, region }: Search, declaration: ts.VariableDeclaration): boolean {
  if (!ts.isIdentifier(declaration.name) || ts.isVariableDeclarationList(declaration.parent) === false)
    return false;
  // `using` and `await using` read the variable when its block ends.
  if ((declaration.parent.flags & ts.NodeFlags.Using) === ts.NodeFlags.Using) return false;
  const { name } = declaration;
  const symbol = checker.getSymbolAtLocation(name);
  const isRead = (node: ts.Node): boolean => {
    if (ts.isIdentifier(node) && node !== name && node.text === name.text && isReference(node)) {
      const used = ts.isShorthandPropertyAssignment(node.parent)
        ? checker.getShorthandAssignmentValueSymbol(node.parent)
        : checker.getSymbolAtLocation(node);
      if (used === symbol) return true;
    }
    return ts.forEachChild(node, (child) => (isRead(child) ? true : undefined)) === true;
  };
  return !isRead(region);
}

/** `ids.forEach((id) => step(...))`: the caller's type says that it has no use for what the callback gives. */
function isIgnoredAnswer(checker: ts.TypeChecker, fn: ts.ArrowFunction): boolean {
  if ((ts.getModifiers(fn) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)) return false;
  return hasNoUse(checker, fn);
}

/** True if the type of the place where a function is written says that what it gives is of no use there. */
export function hasNoUse(checker: ts.TypeChecker, fn: ts.ArrowFunction | ts.FunctionExpression): boolean {
  const call = walkUpWrappers(fn).parent;
  // The type of `finally` says so too, but it waits for the promise it is given.
  const callee = ts.isCallExpression(call) ? call.expression : null;
  if (callee !== null && ts.isPropertyAccessExpression(callee) && callee.name.text === "finally") {
    const receiver = checker.getTypeAtLocation(callee.expression).symbol as ts.Symbol | undefined;
    if (receiver?.name === "Promise") return false;
  }
  const expected = checker.getContextualType(fn)?.getCallSignatures() ?? [];
  return (
    expected.length > 0 &&
    expected.every(
      (signature) => (checker.getReturnTypeOfSignature(signature).flags & ts.TypeFlags.Void) !== 0,
    )
  );
}
