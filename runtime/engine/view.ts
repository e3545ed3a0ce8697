/** An execution as people and services see it. */
import { DecryptionError, UnknownExecutionError } from "../errors.ts";
import type { ExecutionRow, ExecutionStatus, Store, Tags } from "../stores/store.ts";
import { viewCodec } from "./state.ts";

export interface ExecutionView {
  readonly id: string;
  /** `path#name` */
  readonly function: string;
  readonly status: ExecutionStatus;
  readonly input: unknown;
  /** Once SUCCEEDED. */
  readonly result?: unknown;
  /** Once FAILED, TIMED_OUT or STOPPED. */
  readonly error?: unknown;
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

export function toView(row: ExecutionRow, snapshotProblem: string | null): ExecutionView {
  const { id, status, createdAt, endedAt, wakeAt, problem, result, error } = row;
  return {
    id,
    function: row.function,
    status,
    input: viewCodec.decode(row.input),
    ...(result === null ? {} : { result: viewCodec.decode(result) }),
    ...(error === null ? {} : { error: viewCodec.decode(error) }),
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
 * The row of an execution that has ended; null if it has not. One that cannot be decrypted, or has been removed, is an
 * error for those who ask for this row, not for the engine: the returned function throws it.
 */
export async function readEnd(store: Store, id: string): Promise<(() => ExecutionRow) | null> {
  try {
    const row = await store.get(id);
    if (row !== null) return row.status === "RUNNING" ? null : () => row;
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
