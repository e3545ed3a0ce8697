/** Walks over durable code: what runs between the checkpoints, not what steps run. */
import { ts } from "ts-morph";
import type { CallMeaning, OperationName, Oracle } from "../program.ts";

/**
 * Calls `enter` for every node of durable code under `root`, itself excluded. Types, and functions that an operation or
 * a step runs, are not durable code. If `enter` answers false, what is below the node is left out.
 */
export function walkDurableCode(
  root: ts.Node,
  oracle: Oracle,
  enter: (node: ts.Node) => boolean | undefined,
): void {
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node) || (isFunctionWithBody(node) && runsInStep(node, oracle))) return;
    if (enter(node) !== false) ts.forEachChild(node, visit);
  };
  ts.forEachChild(root, visit);
}

/** Syntax that leaves nothing behind at run time. A class's `extends` is an expression, whatever its kind is called. */
export function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExpressionWithTypeArguments(node))
    return ts.isHeritageClause(node.parent) && node.parent.token === ts.SyntaxKind.ImplementsKeyword;
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

export function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

export function isAsync(node: ts.FunctionLikeDeclaration): boolean {
  if (!ts.canHaveModifiers(node)) return false;
  return (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
}

/** True for a call whose callee runs elsewhere and is recorded: its body is not part of the code around the call. */
export function isRecorded(meaning: CallMeaning): boolean {
  return meaning.kind !== "plain" && meaning.kind !== "promiseAll";
}

/**
 * A body; a function inside the arguments of an operation (`{ retry: { delay: () => ... } }`), which the engine calls;
 * and a function given to a call that is a step as a whole, which runs inside that step.
 */
export function runsInStep(node: ts.FunctionLikeDeclaration, oracle: Oracle): boolean {
  if (oracle.role(node) === "body") return true;
  for (let at: ts.Node = node; !ts.isStatement(at.parent) && !ts.isSourceFile(at.parent); at = at.parent) {
    const { parent } = at;
    if (ts.isFunctionLike(parent)) return false;
    if (!ts.isCallExpression(parent) || parent.expression === at) continue;
    const meaning = oracle.call(parent);
    const { kind } = meaning;
    // Branches, and the functions of child contexts, are durable code, async or not.
    if (meaning.kind === "operation" && BRANCHING.has(meaning.operation)) return false;
    if (kind === "operation" || kind === "step" || kind === "dynamic") return true;
  }
  return false;
}

/** Operations whose functions are parts of the execution, and call operations themselves. */
const BRANCHING: ReadonlySet<OperationName> = new Set<OperationName>([
  "runInChildContext",
  "parallel",
  "map",
  "withRetry",
]);

/** Calls `enter` for every outermost function that a step runs, wherever in `root` it stands. */
export function walkStepBodies(
  root: ts.Node,
  oracle: Oracle,
  enter: (body: ts.FunctionLikeDeclaration) => void,
): void {
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    if (isFunctionWithBody(node) && runsInStep(node, oracle)) enter(node);
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(root, visit);
}

export function isInside(node: ts.Node, outer: ts.Node): boolean {
  return node.getSourceFile() === outer.getSourceFile() && node.pos >= outer.pos && node.end <= outer.end;
}
