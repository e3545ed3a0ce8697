import { ts } from "ts-morph";
import type { Oracle } from "../program.ts";
import { isFunctionWithBody } from "./durableCode.ts";

export interface Unreachable {
  readonly call: ts.CallExpression;
  /** `return` */
  readonly exit: string;
}

const EXITS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.ReturnStatement, "return"],
  [ts.SyntaxKind.ThrowStatement, "throw"],
  [ts.SyntaxKind.BreakStatement, "break"],
  [ts.SyntaxKind.ContinueStatement, "continue"],
]);

/** The first durable work after a statement that leaves, if `node` is a list of statements with such work. */
export function findUnreachable(node: ts.Node, oracle: Oracle): Unreachable | null {
  const isList = ts.isBlock(node) || ts.isCaseOrDefaultClause(node);
  if (!isList) return null;
  const at = node.statements.findIndex(({ kind }) => EXITS.has(kind));
  const exit = EXITS.get(node.statements[at]?.kind ?? ts.SyntaxKind.Unknown);
  if (exit === undefined) return null;
  for (const statement of node.statements.slice(at + 1)) {
    const call = findWork(statement, oracle);
    if (call !== null) return { call, exit };
  }
  return null;
}

function findWork(node: ts.Node, oracle: Oracle): ts.CallExpression | null {
  // A function declared there is hoisted, and may well run.
  if (isFunctionWithBody(node)) return null;
  if (ts.isCallExpression(node)) {
    const { kind } = oracle.call(node);
    if (kind === "operation" || kind === "task" || kind === "step") return node;
  }
  return ts.forEachChild(node, (child) => findWork(child, oracle) ?? undefined) ?? null;
}
