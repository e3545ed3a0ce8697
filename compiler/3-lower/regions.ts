/**
 * A region whose end something must follow, whichever way it is left: the one mechanism behind `finally`, and behind
 * closing an iterator. What follows stands in the machine once; a *completion* says how to go on after it: 0 behind the
 * region, 1 throw, from 2 on the `return`, `break` and `continue` that passed through. Completion and value are ordinary
 * variables, so that what follows may hold awaits, and a snapshot taken there knows how it goes on.
 *
 *     lowerRegion(c, { body: () => lowerBlock(c, tryBlock), last: () => lowerBlock(c, finallyBlock) });
 */
import type { BlockId, Terminator } from "../ir.ts";
import { read, text } from "./code.ts";
import { addVariable, endBlock, enterBlock, goInto, openBlock, type Draft } from "./draft.ts";
import { jumpsIn, targetsOf } from "./edges.ts";
import { closeRoutes, COMPLETED, complete, openRoutes, THREW } from "./exits.ts";
import type { ClosingExit, FinallyExit } from "./exits.ts";
import { assign, temporary, type MachineLowering } from "./lowering.ts";

export interface Region {
  /** Lowers what is protected. Where its code ends, the region completes. */
  readonly body: () => void;
  /** Lowers what follows, outside the region. `exit.completion` and `exit.value` can be read, or written, there. */
  readonly last: (exit: FinallyExit) => void;
}

export function lowerRegion(c: MachineLowering, { body, last }: Region): void {
  const { draft, exits } = c.machine;
  const outer = draft.handler;
  const [entry, thrown, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  const exit = openExit(c, entry);
  exits.push(exit);
  draft.handler = { to: thrown, error: exit.value };
  goInto(draft, openBlock(draft));
  body();
  const completes = isReached(draft, draft.current.id);
  // What ends the protected part cannot throw any more, but a jump out of the region belongs to it all the same.
  if (completes) complete(c, exit, { when: COMPLETED, value: null });
  endBlock(draft, { kind: "return", value: null });
  exits.pop();
  draft.handler = outer;
  enterBlock(draft, thrown);
  assign(c, exit.completion, [text(String(THREW))]);
  goInto(draft, entry);
  last(exit);
  finish(c, exit, completes ? [{ when: COMPLETED, to: after }] : []);
  enterBlock(draft, after);
}

export interface Closing {
  readonly body: () => void;
  /** Lowered once for each way out. It awaits nothing. */
  readonly close: (completion: number) => void;
}

/** A region whose end is one short call: each way out has a copy of it, so nothing has to be told apart afterwards. */
export function lowerClosing(c: MachineLowering, { body, close }: Closing): void {
  const { draft, exits } = c.machine;
  const outer = draft.handler;
  const [thrown, after] = [openBlock(draft), openBlock(draft)];
  const exit: ClosingExit = {
    kind: "closing",
    value: temporary(c),
    entries: new Map([[COMPLETED, openBlock(draft)]]),
    outer,
    routes: [],
  };
  exits.push(exit);
  draft.handler = { to: thrown, error: exit.value };
  goInto(draft, openBlock(draft));
  body();
  complete(c, exit, { when: COMPLETED, value: null });
  endBlock(draft, { kind: "return", value: null });
  exits.pop();
  draft.handler = outer;
  enterBlock(draft, thrown);
  close(THREW);
  endBlock(draft, { kind: "throw", value: [read(exit.value, -1)] });
  closeRoutes(c, exit, () => close(COMPLETED));
  enterBlock(draft, exit.entries.get(COMPLETED) ?? after);
  close(COMPLETED);
  goInto(draft, after);
}

/** `try { return x; } finally { ... }` goes on nowhere else. */
function isReached(draft: Draft, id: BlockId): boolean {
  return draft.blocks.some(
    ({ body, end }) =>
      (end !== null && targetsOf(end).includes(id)) || body.some(({ code }) => jumpsIn(code).includes(id)),
  );
}

/** `completion` and `value` are variables of the machine: a snapshot holds them. */
export function openExit(c: MachineLowering, entry: number): FinallyExit {
  const { draft } = c.machine;
  const n = draft.variables.filter(({ kind }) => kind === "completion").length / 2 + 1;
  const { free } = c.unit.words;
  const completion = addVariable(draft, { name: free(`$then${n}`), kind: "completion" });
  const value = addVariable(draft, { name: free(`$with${n}`), kind: "completion" });
  return { kind: "finally", completion, value, entry, routes: [] };
}

type Route = Extract<Terminator, { kind: "complete" }>["targets"][number];

/** The end of what follows a region: goes on as its completion says. */
export function finish(c: MachineLowering, exit: FinallyExit, completed: readonly Route[]): void {
  const { draft } = c.machine;
  const routes = openRoutes(c, exit);
  const rethrow = openBlock(draft);
  const targets = [...completed, { when: THREW, to: rethrow }, ...routes];
  endBlock(draft, { kind: "complete", completion: exit.completion, targets });
  enterBlock(draft, rethrow);
  endBlock(draft, { kind: "throw", value: [read(exit.value, -1)] });
}
