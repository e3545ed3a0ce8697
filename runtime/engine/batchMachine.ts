/**
 * How a batch runs: one frame waits until it is over, and one frame for each branch at work waits for that branch and
 * starts the next. They are machines like compiled ones, written by hand, so a snapshot needs nothing new to hold them.
 */
import type { Batch, BatchItem } from "../batch.ts";
import { noteEnd, takeNext, toResult } from "../batch.ts";
import { ChildContextError } from "../errors.ts";
import type { FrameWords, Slots } from "../contract.ts";
import { VOCABULARY } from "../contract.ts";
import type { Frame, Host } from "../frame.ts";
import { start, within } from "../frame.ts";
import { machine } from "../registry.ts";

interface BatchSlots {
  readonly batch: Batch;
  /** The batch's operation id. */
  readonly op: string;
  readonly wrapped: boolean;
}
interface ItemSlots extends BatchSlots {
  readonly index: number;
}

const SOURCE = "@durablec/runtime";

const OVER = { threw: false, value: undefined };

const batchMachine = machine({
  vocabulary: VOCABULARY,
  id: `${SOURCE}#batch`,
  hash: "1",
  name: "batch",
  source: SOURCE,
  checkpoints: { 1: { kind: "value", line: 0, column: 0, live: ["batch", "op", "wrapped"] } },
  run($f, $s) {
    const slots = toSlots<BatchSlots>($s);
    const { batch } = slots;
    if ($f.pc === 1) {
      $f.resume();
      return $f.done(toResult(batch));
    }
    const host = hostOf($f);
    const done = host.defer();
    batch.done = done;
    startMore(host, slots);
    // No branch, or a predicate that is content at once: nobody else would end it.
    if (batch.active === 0) host.settle(done, OVER);
    return $f.await(1, done);
  },
});

const itemMachine = machine({
  vocabulary: VOCABULARY,
  id: `${SOURCE}#item`,
  hash: "1",
  name: "item",
  source: SOURCE,
  checkpoints: { 1: { kind: "value", line: 0, column: 0, live: ["batch", "op", "wrapped", "index"] } },
  run($f, $s) {
    const slots = toSlots<ItemSlots>($s);
    const { batch, op, index } = slots;
    const host = hostOf($f);
    if ($f.pc === 0) {
      const branch = batch.branches[index];
      if (branch === undefined) throw new TypeError(`The batch ${op} has no branch ${index}.`);
      if (batch.flat === true) return $f.await(1, host.branch(`${op}.${index + 1}`, branch));
      const request = {
        kind: "runInChildContext",
        name: branch.name,
        branch,
        errorMapper: null,
        serdes: batch.itemSerdes ?? null,
      } as const;
      return $f.await(1, host.operate(host.place(op, index), request, slots.wrapped));
    }
    const isOver = noteEnd(batch, toItem($f, slots));
    if (isOver && batch.cancels === true) host.cancelWithin(op);
    if (isOver && batch.done !== null) host.settle(batch.done, OVER);
    else startMore(host, slots);
    return $f.done(undefined);
  },
});

/** Runs the batch. */
export function startBatch(host: Host, slots: BatchSlots): Promise<unknown> {
  return within(host.place(`${slots.op}/batch`, 0), () =>
    start(batchMachine, undefined, [], () => ({ ...slots })),
  );
}

function startMore(host: Host, slots: BatchSlots): void {
  for (let index = takeNext(slots.batch); index !== null; index = takeNext(slots.batch)) {
    const item: Slots = { ...slots, index };
    // Beside the batch and not inside the frame that runs: or ids would grow with every item.
    within(host.place(`${slots.op}/items`, index), () => void start(itemMachine, undefined, [], () => item));
  }
}

function toItem($f: FrameWords, { index, wrapped, batch }: ItemSlots): BatchItem<unknown> {
  try {
    return { index, status: "SUCCEEDED", result: $f.resume() };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const isRaw = batch.flat === true && wrapped && !(error instanceof ChildContextError);
    return { index, status: "FAILED", error: isRaw ? new ChildContextError(error.message, error) : error };
  }
}

function hostOf($f: FrameWords): Host {
  const { task } = $f as Frame;
  if (task === null) throw new TypeError("A batch runs inside an execution.");
  return task.host;
}

function toSlots<S>(slots: Slots): S {
  return slots as S;
}
