import type { SettledCallback } from "./rows.ts";
import type { CallbackRow, ExecutionRow, ExecutionStatus } from "./store.ts";

/** Columns that have the same names and values in SQLite and PostgreSQL. */
export type Columns = Readonly<Record<string, unknown>>;

export function toExecution(row: Columns): Omit<ExecutionRow, "tags" | "paused"> {
  return {
    id: row.id as string,
    function: row.function as string,
    status: row.status as ExecutionStatus,
    problem: row.problem as string | null,
    createdAt: row.created_at as number,
    endedAt: row.ended_at as number | null,
    wakeAt: row.wake_at as number | null,
    lastSeq: row.last_seq as number,
    parent: row.parent as string | null,
    queue: row.queue as string | null,
    expiresAt: row.expires_at as number | null,
  };
}

/** The execution's id is not in its table. */
export function toCallback(row: Columns): Omit<SettledCallback, "execution"> {
  return {
    id: row.id as string,
    op: row.op as string,
    state: row.state as CallbackRow["state"],
    timeoutAt: row.timeout_at as number | null,
    heartbeatMs: row.heartbeat_ms as number | null,
    heartbeatAt: row.heartbeat_at as number,
    settledAt: row.settled_at as number | null,
    problem: (row.problem as string | null | undefined) ?? null,
  };
}
