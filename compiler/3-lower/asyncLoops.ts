/**
 * `for await`: each turn awaits `next`, and every way out but the end of the values awaits `return`.
 *
 *     for await (const x of xs) f(x)      $each1 = $asyncCursor(xs)
 *                                         head:   park 1 on $f.next(1, $each1); $1 = <settled>
 *                                         if (!$each1.accept($1)) goto after
 *                                         x = $each1.value; f(x); goto head
 *                                         close:  if ($each1.closes()) park 2 on $f.close(2, $each1)
 *
 * Closing is a `finally` of the turn: its completion says what left the loop, and goes on when `return` has settled. An
 * exception on its way wins over whatever closing does.
 */
import type { ts } from "ts-morph";
import type { Variable } from "../ir.ts";
import { code, read, text } from "./code.ts";
import { declareBlockScoped } from "./declarations.ts";
import { addVariable, emit, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { THREW, type Exit, type FinallyExit } from "./exits.ts";
import { lowerValue } from "./expressions.ts";
import { toAsyncIterableText } from "./calleeText.ts";
import { lowerTurn } from "./forOf.ts";
import { assign, numberOf, temporary, type MachineLowering } from "./lowering.ts";
import { finish, openExit } from "./regions.ts";

export function lowerForAwait(c: MachineLowering, node: ts.ForOfStatement, labels: readonly string[]): void {
  const { draft, exits } = c.machine;
  // The head is evaluated where the loop's variables exist already, without a value.
  declareBlockScoped(c, node);
  const cursor = openCursor(c, node.expression);
  const [head, after] = [openBlock(draft), openBlock(draft)];
  const loop: Exit = { kind: "loop", labels, breakTo: after, continueTo: head };
  goInto(draft, head);
  awaitTurn(c, node, { cursor, after });
  const closing = openClosing(c);
  exits.push(loop, closing.exit, { kind: "turn", labels, continueTo: head });
  const outer = draft.handler;
  draft.handler = { to: closing.thrown, error: closing.exit.value };
  goInto(draft, openBlock(draft));
  lowerTurn(c, node, code`${read(cursor, node.initializer.getStart())}.value`);
  endBlock(draft, { kind: "goto", to: head });
  draft.handler = outer;
  exits.splice(-2);
  lowerClosing(c, node, { cursor, closing, after });
  exits.pop();
}

function openCursor(c: MachineLowering, iterable: ts.Expression): Variable {
  const { draft } = c.machine;
  const value = lowerValue(c, iterable);
  const taken = draft.variables.filter(({ kind }) => kind === "cursor").length;
  const name = c.unit.words.free(`$each${taken + 1}`);
  const cursor = addVariable(draft, { name, kind: "cursor", origin: iterable });
  const described = JSON.stringify(toAsyncIterableText(iterable));
  assign(c, cursor, code`${c.unit.words.asyncCursor}(${value}, ${described})`);
  return cursor;
}

/** Up to where the turn has its value. What goes wrong here closes nothing. */
function awaitTurn(
  c: MachineLowering,
  node: ts.ForOfStatement,
  { cursor, after }: { readonly cursor: Variable; readonly after: number },
): void {
  const { draft } = c.machine;
  const at = node.getStart();
  const checkpoint = numberOf(c, node);
  const result = temporary(c);
  const [resume, turn] = [openBlock(draft), openBlock(draft)];
  const value = code`${text(`${c.unit.words.frame}.next(`, at)}${String(checkpoint)}, ${read(cursor, at)})`;
  endBlock(draft, { kind: "await", value, checkpoint, resume, result, word: "own" });
  enterBlock(draft, resume);
  const test = code`${read(cursor, at)}.accept(${read(result, at)})`;
  endBlock(draft, { kind: "branch", test, yes: turn, no: after });
  enterBlock(draft, turn);
}

interface Closing {
  readonly exit: FinallyExit;
  readonly thrown: number;
  /** Where an exception of the closing itself goes. */
  readonly failed: number;
  readonly failure: Variable;
}

function openClosing(c: MachineLowering): Closing {
  const { draft } = c.machine;
  const [thrown, failed] = [openBlock(draft), openBlock(draft)];
  const failure = temporary(c);
  const outer = draft.handler;
  draft.handler = { to: failed, error: failure };
  const entry = openBlock(draft);
  draft.handler = outer;
  return { exit: openExit(c, entry), thrown, failed, failure };
}

function lowerClosing(
  c: MachineLowering,
  node: ts.ForOfStatement,
  {
    cursor,
    closing,
    after,
  }: { readonly cursor: Variable; readonly closing: Closing; readonly after: number },
): void {
  const { draft } = c.machine;
  const { exit, thrown, failed, failure } = closing;
  const at = (node.awaitModifier ?? node).getStart();
  const isThrow = code`${read(exit.completion, at)} === ${String(THREW)}`;
  enterBlock(draft, thrown);
  assign(c, exit.completion, [text(String(THREW))]);
  endBlock(draft, { kind: "goto", to: exit.entry });
  const done = openBlock(draft);
  const outer = draft.handler;
  draft.handler = { to: failed, error: failure };
  const result = awaitClose(c, node, { cursor, entry: exit.entry, done });
  draft.handler = outer;
  const [check, rethrow] = [openBlock(draft), openBlock(draft)];
  endBlock(draft, { kind: "branch", test: isThrow, yes: done, no: check });
  enterBlock(draft, check);
  emit(draft, code`${read(cursor, at)}.closed(${read(result, at)});`);
  endBlock(draft, { kind: "goto", to: done });
  enterBlock(draft, failed);
  endBlock(draft, { kind: "branch", test: isThrow, yes: done, no: rethrow });
  enterBlock(draft, rethrow);
  endBlock(draft, { kind: "throw", value: [read(failure, at)] });
  enterBlock(draft, done);
  finish(c, exit, []);
  enterBlock(draft, after);
}

/** Looks for `return`, and awaits it if it is there; what it came to. */
function awaitClose(
  c: MachineLowering,
  node: ts.ForOfStatement,
  { cursor, entry, done }: { readonly cursor: Variable; readonly entry: number; readonly done: number },
): Variable {
  const { draft } = c.machine;
  const modifier = node.awaitModifier ?? node;
  const at = modifier.getStart();
  const checkpoint = numberOf(c, modifier);
  const result = temporary(c);
  const [close, resume] = [openBlock(draft), openBlock(draft)];
  enterBlock(draft, entry);
  endBlock(draft, { kind: "branch", test: code`${read(cursor, at)}.closes()`, yes: close, no: done });
  enterBlock(draft, close);
  const value = code`${text(`${c.unit.words.frame}.close(`, at)}${String(checkpoint)}, ${read(cursor, at)})`;
  endBlock(draft, { kind: "await", value, checkpoint, resume, result, word: "own" });
  enterBlock(draft, resume);
  return result;
}
