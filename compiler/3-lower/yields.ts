/**
 * `yield` parks as `await` does: the frame stands at a checkpoint, and goes on when somebody asks. It may go on in a
 * third way: with a `return`, which then leaves from here, through every `finally` around.
 *
 *     const got = yield total      return $f.yield(3, total)
 *                                  $1 = $f.resume(); if ($f.returns()) return $f.done($1); got = $1
 */
import { ts } from "ts-morph";
import type { Code, GeneratorKind, Variable } from "../ir.ts";
import { isFunctionWithBody } from "../1-read/scopes.ts";
import { code, read, text } from "./code.ts";
import { isAwaitUsing } from "./disposals.ts";
import { endBlock, enterBlock, openBlock } from "./draft.ts";
import { leave } from "./exits.ts";
import { lowerValue } from "./expressions.ts";
import { numberOf, temporary, type MachineLowering } from "./lowering.ts";

export function toGeneratorKind(fn: ts.FunctionLikeDeclaration): GeneratorKind | null {
  if (fn.asteriskToken === undefined) return null;
  const modifiers = ts.canHaveModifiers(fn) ? ts.getModifiers(fn) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ? "async" : "sync";
}

/** Whether the node itself waits: an await, a turn of `for await`, a yield, a `return` with a value of an async generator. */
export function parks(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) return true;
  if (ts.isForOfStatement(node)) return node.awaitModifier !== undefined;
  if (isAwaitUsing(node)) return true;
  if (!ts.isReturnStatement(node) || node.expression === undefined) return false;
  const owner = ts.findAncestor(node, isFunctionWithBody);
  return owner !== undefined && toGeneratorKind(owner) === "async";
}

/** Parks at the yield; gives back what it was resumed with. */
export function lowerYield(c: MachineLowering, node: ts.YieldExpression): Variable {
  const { draft } = c.machine;
  const value: Code = node.expression ? lowerValue(c, node.expression) : [text("undefined")];
  const result = temporary(c, node);
  const [resume, left, next] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  const word = node.asteriskToken ? "delegate" : "yield";
  endBlock(draft, { kind: "await", word, value, checkpoint: numberOf(c, node), resume, result });
  enterBlock(draft, resume);
  endBlock(draft, { kind: "branch", test: code`${c.unit.words.frame}.returns()`, yes: left, no: next });
  enterBlock(draft, left);
  leave(c, { kind: "return" }, [read(result, node.getStart())]);
  // The block that follows a leave is dead; it must have an end all the same.
  endBlock(draft, { kind: "return", value: null });
  enterBlock(draft, next);
  return result;
}

/** `return value` of an async generator awaits the value, inside the `try` it stands in. */
export function lowerAwaitedReturn(
  c: MachineLowering,
  node: ts.ReturnStatement,
  expression: ts.Expression,
): Code {
  const { draft } = c.machine;
  const value = lowerValue(c, expression);
  const result = temporary(c, expression);
  const resume = openBlock(draft);
  endBlock(draft, { kind: "await", value, checkpoint: numberOf(c, node), resume, result });
  enterBlock(draft, resume);
  return [read(result, node.getStart())];
}
