/** How the memory store is searched. */
import { JournalConflictError, StoreError } from "../errors.ts";
import type { Held, Memory } from "./memory-place.ts";
import { isHeld } from "./held.ts";
import { assertId, hasBuild } from "./rows.ts";
import type { Wanted } from "./leases.ts";
import type { Commit, ExecutionRow } from "./store.ts";

export function isRunnable({ row }: Held): boolean {
  return row.status === "RUNNING" && row.problem === null;
}

/** The oldest wake time first. */
export function findDue({ executions }: Memory, { now, functions }: Wanted): readonly ExecutionRow[] {
  const due = [...executions.values()].filter(
    (held) => isRunnable(held) && wakeOrder(held) <= now && functions.includes(held.row.function),
  );
  return due.sort((a, b) => wakeOrder(a) - wakeOrder(b) || a.number - b.number).map(({ row }) => row);
}

/** Those that have messages, in the same order; those without a wake time last. */
export function findCalled({ executions }: Memory): readonly ExecutionRow[] {
  const called = [...executions.values()].filter((held) => isRunnable(held) && held.messages.length > 0);
  const order = (a: Held, b: Held): number =>
    wakeOrder(a) - wakeOrder(b) || a.messages[0]!.number - b.messages[0]!.number;
  return called.sort(order).map(({ row }) => row);
}

function wakeOrder({ row }: Held): number {
  return row.wakeAt ?? Number.MAX_SAFE_INTEGER;
}

/** What other builds have parked, and this one not, may be tried again. */
export function unpark({ executions }: Memory, build: string, { now, functions }: Wanted): void {
  for (const held of executions.values()) {
    const { row, parkedBy } = held;
    if (row.problem === null || isHeld(row.problem) || row.status !== "RUNNING") continue;
    if (!functions.includes(row.function)) continue;
    if (!hasBuild(parkedBy, build)) held.row = { ...row, problem: null, wakeAt: now };
  }
}

/** Of executions that have ended, by an earlier one of these commits too, or are not there. */
export function findLost({ executions }: Memory, commits: readonly Commit[]): readonly Commit[] {
  const ended = new Set<string>();
  return commits.filter(({ execution, end }) => {
    const isLost = ended.has(execution) || executions.get(execution)?.row.status !== "RUNNING";
    if (end !== undefined) ended.add(execution);
    return isLost;
  });
}

/** Throws unless all of it can be written: events are numbered without gaps, callbacks are new. */
export function assertWritable(memory: Memory, commits: readonly Commit[]): void {
  const last = new Map<string, number>();
  const opened = new Set<string>();
  for (const { execution, events, opened: callbacks } of commits) {
    const held = memory.executions.get(execution)!;
    let seq = last.get(execution) ?? held.row.lastSeq;
    for (const event of events) {
      if (event.seq !== ++seq) {
        throw new JournalConflictError(
          `Event ${event.seq} of execution "${execution}" cannot be written: its journal ends at ${seq - 1}.`,
        );
      }
    }
    last.set(execution, seq);
    for (const { id } of callbacks) {
      assertId(id);
      if (memory.callbacks.has(id) || opened.has(id)) {
        throw new StoreError(`The callback "${id}" exists already in the memory store.`);
      }
      opened.add(id);
    }
  }
}
