/**
 * `try`, `catch` and `finally` around an await, without a try stack at run time: each block names its handler. A
 * `finally` is what follows a region.
 */
import { ts } from "ts-morph";
import { read } from "./code.ts";
import { initialisePattern, setVariable } from "./declarations.ts";
import { endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { temporary, type MachineLowering } from "./lowering.ts";
import { lowerRegion } from "./regions.ts";
import { lowerBlock } from "./statements.ts";

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
  lowerRegion(c, {
    body: () => lowerTryCatch(c, node),
    last: () => lowerBlock(c, finallyBlock),
  });
}
