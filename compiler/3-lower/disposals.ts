/**
 * `using` and `await using`: a scope that has one keeps what it opens in a slot, and closes it behind a region.
 *
 *     { using a = open(); await f(a); }      $using1 = $disposables();
 *                                            region: a = $using1.use(open()); park 1 on f(a)
 *                                            last:   $using1.leave($then1, $with1); $using1.next(); $using1.end()
 *
 * With an `await using` among them, `next` says whether to wait; all waits of a scope are one checkpoint. A scope with
 * neither an await nor an `await using` stays as written.
 */
import { ts } from "ts-morph";
import type { Code, Variable } from "../ir.ts";
import { code, read } from "./code.ts";
import { addVariable, emit, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import type { FinallyExit } from "./exits.ts";
import { assign, numberOf, temporary, type MachineLowering } from "./lowering.ts";
import { lowerRegion } from "./regions.ts";

export function isUsing(node: ts.Node): node is ts.VariableDeclarationList {
  return ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.Using) !== 0;
}

export function isAwaitUsing(node: ts.Node): node is ts.VariableDeclarationList {
  return (
    ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.AwaitUsing
  );
}

/** The declarations of a scope: of a block's statements, of a loop's head. */
export function usingsOf(statements: readonly ts.Statement[]): readonly ts.VariableDeclarationList[] {
  return statements.flatMap((statement) =>
    ts.isVariableStatement(statement) && isUsing(statement.declarationList)
      ? [statement.declarationList]
      : [],
  );
}

/** The `await using` whose number is that of the waits at the end of its scope: the first one there. */
export function isFirstAwaitUsing(node: ts.Node): boolean {
  if (!isAwaitUsing(node)) return false;
  const { parent } = node;
  if (!ts.isVariableStatement(parent)) return true;
  const { parent: block } = parent;
  const statements = ts.isBlock(block) ? block.statements : [parent];
  return usingsOf(statements).find(isAwaitUsing) === node;
}

/** Lowers a scope: `body` is what stands in it. */
export function lowerScope(
  c: MachineLowering,
  usings: readonly ts.VariableDeclarationList[],
  body: () => void,
): void {
  const [first] = usings;
  if (first === undefined) return body();
  const { draft, disposables } = c.machine;
  const n = draft.variables.filter(({ kind }) => kind === "disposables").length + 1;
  const name = c.unit.words.free(`$using${n}`);
  const stack = addVariable(draft, { name, kind: "disposables", origin: first });
  assign(c, stack, code`${c.unit.words.disposables}()`);
  lowerRegion(c, {
    body: () => {
      disposables.push(stack);
      body();
      disposables.pop();
    },
    last: (exit) => lowerDisposal(c, { stack, exit, waits: usings.find(isAwaitUsing) ?? null }),
  });
}

/** The value of a `using` declaration: what it opens belongs to the scope from now on. */
export function usingCode(c: MachineLowering, list: ts.VariableDeclarationList, value: Code): Code {
  const stack = c.machine.disposables.at(-1);
  if (!isUsing(list) || stack === undefined) return value;
  return code`${read(stack, list.getStart())}.${isAwaitUsing(list) ? "useAsync" : "use"}(${value})`;
}

interface Disposal {
  readonly stack: Variable;
  readonly exit: FinallyExit;
  /** The first `await using` of the scope. */
  readonly waits: ts.VariableDeclarationList | null;
}

function lowerDisposal(c: MachineLowering, { stack, exit, waits }: Disposal): void {
  const { draft } = c.machine;
  const at = stack.origin?.getStart() ?? -1;
  const using = read(stack, at);
  emit(draft, code`${using}.leave(${read(exit.completion, at)}, ${read(exit.value, at)});`);
  if (waits === null) emit(draft, code`${using}.next();`);
  else awaitDisposal(c, stack, waits);
  emit(draft, code`${using}.end();`);
}

function awaitDisposal(c: MachineLowering, stack: Variable, waits: ts.VariableDeclarationList): void {
  const { draft } = c.machine;
  const using = read(stack, waits.getStart());
  const checkpoint = numberOf(c, waits);
  const error = temporary(c);
  const [head, failed, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  const outer = draft.handler;
  draft.handler = { to: failed, error };
  const [park, resume] = [openBlock(draft), openBlock(draft)];
  draft.handler = outer;
  goInto(draft, head);
  endBlock(draft, { kind: "branch", test: code`${using}.next()`, yes: park, no: after });
  enterBlock(draft, park);
  endBlock(draft, { kind: "await", value: code`${using}.awaited`, checkpoint, resume, result: null });
  enterBlock(draft, resume);
  endBlock(draft, { kind: "goto", to: head });
  enterBlock(draft, failed);
  emit(draft, code`${using}.fail(${read(error, waits.getStart())});`);
  endBlock(draft, { kind: "goto", to: head });
  enterBlock(draft, after);
}
