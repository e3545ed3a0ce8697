/** Brings a stored execution back into memory. */
import { DecodeError, messageOf, NonDeterminismError, UnplaceableStateError } from "../errors.ts";
import type { LoadedExecution } from "../stores/store.ts";
import type { ExecutionHooks } from "./execution.ts";
import { Execution } from "./execution.ts";
import { effective, fromStored } from "./events.ts";
import { deliver } from "./messages.ts";
import { leave } from "./observing.ts";
import { Snapshots } from "./snapshots.ts";
import { ModuleNeededError } from "../functions.ts";
import { restoreState } from "./state.ts";
import { drained } from "./world.ts";

/** What was read to resume. */
export interface ResumeReport {
  readonly snapshotBytes: number;
  readonly tailEvents: number;
}

/** An execution a worker has in memory. */
export interface Running {
  readonly execution: Execution;
  readonly snapshots: Snapshots;
  readonly report: ResumeReport;
  /** The queue it was put into. */
  readonly queue: string | null;
  /** Events up to this number have been trimmed; 0: it is not known. */
  trimmedTo: number;
  /** The wake time in its row. */
  wakeAt: number | null;
  /** The earliest time for which a timer is set, so that a long one is not set again at every turn. */
  timerAt: number | null;
}

/** State and code do not fit: a reason to park the execution. Any other error is one of the worker's. */
export function isMisfit(error: unknown): error is Error {
  return (
    error instanceof UnplaceableStateError ||
    error instanceof NonDeterminismError ||
    error instanceof DecodeError
  );
}

/** Code of one execution, or what it holds, threw where the engine asked it something: the others go on. */
export function toMisfit(error: unknown): Error {
  if (isMisfit(error)) return error;
  return new UnplaceableStateError(`What the execution holds cannot be gone on with: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Modules that one state may hold. */
const MODULES_MAX = 1_000;

/**
 * Throws `UnplaceableStateError`, `NonDeterminismError` or `DecodeError` when stored state and code do not fit. Modules
 * that durable code had imported are imported again first.
 */
export async function bringBack(
  loaded: LoadedExecution,
  lease: number,
  hooks: ExecutionHooks,
): Promise<Running> {
  for (let left = MODULES_MAX; ; left--) {
    try {
      return await tryToBringBack(loaded, lease, hooks);
    } catch (error) {
      if (!(error instanceof ModuleNeededError) || left === 0) throw error;
      await loadModule(error);
    }
  }
}

/** A module whose own code throws is as good as missing. */
async function loadModule(needed: ModuleNeededError): Promise<void> {
  try {
    await needed.load();
  } catch (error) {
    throw toMisfit(error);
  }
}

async function tryToBringBack(
  loaded: LoadedExecution,
  lease: number,
  hooks: ExecutionHooks,
): Promise<Running> {
  const { row, snapshot, tail, chunks, messages } = loaded;
  const execution = new Execution({ ...row, lease }, hooks);
  const events = effective(tail.map((stored) => ({ seq: stored.seq, event: fromStored(stored) })));
  try {
    execution.expect(events);
    if (snapshot !== null) {
      restoreState(execution, snapshot.body);
      execution.applied = snapshot.seq;
      await drained();
    }
    await execution.fold(events);
    execution.applied = tail.at(-1)?.seq ?? execution.applied;
  } catch (error) {
    leave(execution);
    throw error instanceof ModuleNeededError ? error : toMisfit(error);
  }
  deliver(execution, messages);
  return {
    execution,
    snapshots: new Snapshots(chunks, tail),
    report: {
      snapshotBytes: snapshot === null ? 0 : Buffer.byteLength(snapshot.body),
      tailEvents: tail.length,
    },
    queue: row.queue,
    trimmedTo: 0,
    wakeAt: row.wakeAt,
    timerAt: null,
  };
}
