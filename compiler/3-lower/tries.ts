/**
 * `try`, `catch` and `finally` around an await, without a try stack at run time: each block names its handler.
 *
 * A `finally` runs once for every way into it, and its *completion* says how to go on: 0 after it, 1 throw, from 2 on
 * the `return`, `break` and `continue` that passed through. Completion and value are ordinary variables, so that a
 * snapshot taken inside the `finally` holds them.
 */
import { ts } from "ts-morph";
import { read, text } from "./code.ts";
import { declareBlockScoped, initialisePattern } from "./declarations.ts";
import { addVariable, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { COMPLETED, complete, openRoutes, THREW, type Exit } from "./exits.ts";
import { assign, temporary, type MachineLowering } from "./lowering.ts";
import { setVariable } from "./declarations.ts";
import { lowerBlock, lowerStatements } from "./statements.ts";

export function lowerTry(c: MachineLowering, node: ts.TryStatement): void {
  if (node.finallyBlock === undefined) return lowerTryCatch(c, node);
  lowerTryFinally(c, node, node.finallyBlock);
}

function lowerTryCatch(c: MachineLowering, { tryBlock, catchClause }: ts.TryStatement): void {
  const { draft } = c.machine;
  if (catchClause === undefined) return lowerBlock(c, tryBlock);
  const error = temporary(c, catchClause);
  const outer = draft.handler;
  const [handler, after] = [openBlock(draft), openBlock(draft)];
  draft.handler = { to: handler, error };
  goInto(draft, openBlock(draft));
  lowerBlock(c, tryBlock);
  endBlock(draft, { kind: "goto", to: after });
  draft.handler = outer;
  enterBlock(draft, handler);
  lowerCatch(c, catchClause, error);
  goInto(draft, after);
}

function lowerCatch(c: MachineLowering, node: ts.CatchClause, error: ReturnType<typeof temporary>): void {
  for (const binding of c.unit.scopes.scope(node)?.bindings.values() ?? []) {
    if (binding.kind === "catch") setVariable(c, binding, "local");
  }
  const name = node.variableDeclaration?.name;
  if (name) initialisePattern(c, name, [read(error, name.getStart())]);
  lowerBlock(c, node.block);
}

function lowerTryFinally(c: MachineLowering, node: ts.TryStatement, finallyBlock: ts.Block): void {
  const { draft, exits } = c.machine;
  const outer = draft.handler;
  const [entry, thrown, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  const exit = openExit(c, entry);
  exits.push(exit);
  draft.handler = { to: thrown, error: exit.value };
  goInto(draft, openBlock(draft));
  lowerTryCatch(c, node);
  // What ends the protected part cannot throw any more, but a jump out of the region belongs to it all the same.
  complete(c, exit, { when: COMPLETED, value: null });
  endBlock(draft, { kind: "return", value: null });
  exits.pop();
  draft.handler = outer;
  enterBlock(draft, thrown);
  assign(c, exit.completion, [text(String(THREW))]);
  goInto(draft, entry);
  declareBlockScoped(c, finallyBlock);
  lowerStatements(c, finallyBlock.statements);
  finish(c, exit, after);
}

export type FinallyExit = Extract<Exit, { kind: "finally" }>;

/** `completion` and `value` are variables of the machine: a snapshot holds them. */
export function openExit(c: MachineLowering, entry: number): FinallyExit {
  const { draft } = c.machine;
  const n = draft.variables.filter(({ kind }) => kind === "completion").length / 2 + 1;
  const { free } = c.unit.words;
  const completion = addVariable(draft, { name: free(`$then${n}`), kind: "completion" });
  const value = addVariable(draft, { name: free(`$with${n}`), kind: "completion" });
  return { kind: "finally", completion, value, entry, routes: [] };
}

/** The end of a `finally`: goes on as its completion says. */
export function finish(c: MachineLowering, exit: FinallyExit, after: number): void {
  const { draft } = c.machine;
  const routes = openRoutes(c, exit);
  const rethrow = openBlock(draft);
  const targets = [{ when: COMPLETED, to: after }, { when: THREW, to: rethrow }, ...routes];
  endBlock(draft, { kind: "complete", completion: exit.completion, targets });
  enterBlock(draft, rethrow);
  endBlock(draft, { kind: "throw", value: [read(exit.value, -1)] });
  enterBlock(draft, after);
}
