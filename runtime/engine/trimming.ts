/** Journals kept short by policy: `open({ history: { keepEvents } })`. */
import { OperationArgumentError } from "../arguments.ts";
import { RetryRefusedError } from "../errors.ts";
import type { Commit, Store } from "../stores/store.ts";
import type { Numbered } from "./events.ts";
import type { Running } from "./load.ts";

export interface HistoryOptions {
  /**
   * Events that are kept of a running execution behind its written state; older ones are removed, but the first. Its
   * history has a gap then, and it can be neither retried nor forked. Default: all.
   */
  readonly keepEvents?: number;
}

/** Events that must have gathered before it is worth a transaction, and most that one removes. */
const WORTH = 256;
const TRIM_MAX = 1_000;

/** Throws `OperationArgumentError` for what is no count. */
export function checkHistory({ keepEvents }: HistoryOptions): number | null {
  if (keepEvents === undefined || keepEvents === Infinity) return null;
  if (Number.isSafeInteger(keepEvents) && keepEvents >= 0) return keepEvents;
  throw new OperationArgumentError(
    `open({ history: { keepEvents } }) takes a whole number from 0 on, not ${String(keepEvents)}.`,
  );
}

interface Written {
  readonly running: Running;
  readonly commit: Commit;
}

/** After a commit: what lies far enough behind the states that were written with it goes, a bounded part of it at a time. */
export async function trimJournals(
  { store, keepEvents }: { readonly store: Store; readonly keepEvents: number | null },
  written: readonly Written[],
): Promise<void> {
  if (keepEvents === null) return;
  for (const { running, commit } of written) {
    if (commit.snapshot === undefined) continue;
    const to = commit.snapshot.seq - keepEvents;
    if (to - running.trimmedTo < WORTH) continue;
    const removed = await store.trim(commit.execution, to, TRIM_MAX);
    running.trimmedTo = removed < TRIM_MAX ? to : running.trimmedTo + removed;
  }
}

/** A past that is not whole cannot be run again. */
export function assertWhole(id: string, journal: readonly Numbered[]): void {
  const second = journal[1]?.seq ?? 2;
  if (second === 2) return;
  throw new RetryRefusedError(
    `Events 2 to ${second - 1} of the execution "${id}" have been trimmed (open({ history: { keepEvents } })): it can be ` +
      "neither retried nor forked.",
  );
}
