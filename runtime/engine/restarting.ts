/** For tests: executions are given up after their commits and brought back from the store. */
import type { Execution } from "./execution.ts";
import type { Gathering } from "./gathering.ts";
import type { Running } from "./load.ts";
import type { ChangedByStep } from "./sharing.ts";
import type { SnapshotProblem } from "./snapshots.ts";

/** For tests: every await is an event, and every state is written. */
export interface Restarting {
  /** Every execution is given up after each of its commits and brought back from the store. */
  readonly drops: boolean;
  /** Told after each commit: whether the execution was dropped, and why its state was not written. */
  /** Told of each variable that a step has changed. */
  changed?(change: ChangedByStep): void;
  told(commit: { readonly dropped: boolean; readonly problem: SnapshotProblem | null }): void;
}

interface Means<R> {
  drop(running: R): void;
  /** Brings it back, under the same lease. */
  load(running: R): Promise<void>;
}

/** Gives executions up and brings them back; those with a body at work go on, as it would run twice. Returns these. */
export async function restartAll(
  written: readonly Gathering[],
  { told }: Restarting,
  { drop, load }: Means<Running>,
): Promise<Gathering[]> {
  const alive: Gathering[] = [];
  for (const one of written) {
    const { running } = one;
    const goesOn = mustGoOn(running.execution, one);
    if (goesOn) alive.push(one);
    else drop(running);
    told({ dropped: !goesOn, problem: running.snapshots.problem });
    if (!goesOn) await load(running);
  }
  return alive;
}

/** It has a body at work that would run twice, or something else to do that a restart would change. */
function mustGoOn(execution: Execution, { events, commit }: Gathering): boolean {
  const reported = new Set(events.map((event) => ("op" in event ? event.op : "")));
  const working = [...execution.operations.values()].some((op) => op.busy() && !reported.has(op.head.op));
  // The body of an attempt that may run only once follows its start at once.
  const guarded = events.some(({ kind }) => kind === "StepStarted");
  return guarded || working || execution.outbox.length > 0 || commit.end !== undefined;
}
