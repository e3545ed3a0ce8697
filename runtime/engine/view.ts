/** An execution as people and services see it. */
import { DecryptionError, UnknownExecutionError } from "../errors.ts";
import type { ExecutionRow, ExecutionStatus, Store, StoredEvent, Tags } from "../stores/store.ts";
import { fromStored, payloadOf } from "./events.ts";
import type { EndEvent } from "./events.ts";
import { viewCodec } from "./state.ts";

/** An execution with what may be large. */
export interface ExecutionView extends ExecutionSummary {
  readonly input: unknown;
  /** Once SUCCEEDED. */
  readonly result?: unknown;
  /** Once FAILED, TIMED_OUT or STOPPED. */
  readonly error?: unknown;
}

/** An execution as it is listed: without input, result and error. */
export interface ExecutionSummary {
  readonly id: string;
  /** `path#name` */
  readonly function: string;
  readonly status: ExecutionStatus;
  /** Why no worker runs it, although it is RUNNING. */
  readonly problem?: string;
  /** Why its state could not be written last: it resumes from an older one and re-runs more. */
  readonly snapshotProblem?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly endedAt?: number;
  /** When a worker looks at it next; absent when only a message wakes it. */
  readonly wakeAt?: number;
  /** How many events its journal has. */
  readonly events: number;
  /** The execution that invoked it. */
  readonly parent?: string;
  /** The queue it was put into; `history` says when it left it. */
  readonly queue?: string;
  readonly tags?: Tags;
  /** Nothing of it is started until it is resumed. */
  readonly paused?: true;
  /** When it is removed, history and result. */
  readonly expiresAt?: number;
}

/** Null: it is not there, or is just being removed. */
export async function readView(
  store: Pick<Store, "get" | "history">,
  id: string,
  snapshotProblem: string | null = null,
): Promise<ExecutionView | null> {
  const row = await store.get(id);
  if (row === null) return null;
  const [[first], last] = await Promise.all([store.history(id, 0, 1), readLast(store, row)]);
  if (first === undefined || last === undefined) return null;
  const outcome = last === null ? {} : toOutcome(row, viewCodec.decode(payloadOf(last)));
  return { ...toSummary(row, snapshotProblem), input: viewCodec.decode(payloadOf(first)), ...outcome };
}

function toOutcome({ status }: ExecutionRow, value: unknown): Pick<ExecutionView, "result" | "error"> {
  return status === "SUCCEEDED" ? { result: value } : { error: value };
}

/** Null: it runs. Undefined: it has been removed meanwhile. */
async function readLast(
  store: Pick<Store, "history">,
  { id, status, lastSeq }: ExecutionRow,
): Promise<StoredEvent | null | undefined> {
  return status === "RUNNING" ? null : (await store.history(id, lastSeq - 1, 1))[0];
}

export function toSummary(row: ExecutionRow, snapshotProblem: string | null): ExecutionSummary {
  const { id, status, createdAt, endedAt, wakeAt, problem } = row;
  return {
    id,
    function: row.function,
    status,
    ...(problem === null ? {} : { problem }),
    ...(snapshotProblem === null ? {} : { snapshotProblem }),
    createdAt,
    ...(endedAt === null ? {} : { endedAt }),
    ...(wakeAt === null ? {} : { wakeAt }),
    events: row.lastSeq,
    ...(row.parent === null ? {} : { parent: row.parent }),
    ...(row.queue === null ? {} : { queue: row.queue }),
    ...(Object.keys(row.tags).length === 0 ? {} : { tags: row.tags }),
    ...(row.paused ? { paused: true } : {}),
    ...(row.expiresAt === null ? {} : { expiresAt: row.expiresAt }),
  };
}

/**
 * How an execution has ended; null if it has not. One that cannot be decrypted, or has been removed, is an error for those
 * who ask for this end, not for the engine: the returned function throws it.
 */
export async function readEnd(store: Store, id: string): Promise<(() => EndEvent) | null> {
  try {
    const row = await store.get(id);
    const last = row === null ? undefined : await readLast(store, row);
    if (last !== undefined) return last === null ? null : () => fromStored(last) as EndEvent;
    return () => {
      throw new UnknownExecutionError(
        `There is no execution "${id}" in ${store.name}: it was never started, or it has been removed.`,
      );
    };
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    return () => {
      throw error;
    };
  }
}
