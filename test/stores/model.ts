import { deadlineOf } from "../../runtime/stores/rows.ts";
import type { CallbackRow, Commit, ExecutionRow, StoredEvent } from "../../runtime/stores/store.ts";

/** What a store should hold, kept in the plainest way, without asking how. */
export interface Model {
  readonly executions: Map<string, ModelExecution>;
  readonly callbacks: Map<string, CallbackRow>;
  epoch: number;
  isOwned: boolean;
  /** Chunks have fresh names. */
  chunkCount: number;
  now: number;
}

export interface ModelExecution {
  row: ExecutionRow;
  readonly events: StoredEvent[];
  snapshot: { readonly seq: number; readonly chunks: readonly string[] } | null;
  messages: string[];
}

export function newModel(): Model {
  return { executions: new Map(), callbacks: new Map(), epoch: 0, isOwned: false, chunkCount: 0, now: 1_000 };
}

/** Applies a commit that is known to be good. */
export function applyCommit(model: Model, commit: Commit): void {
  const held = model.executions.get(commit.execution)!;
  held.events.push(...commit.events);
  if (commit.snapshot !== undefined) held.snapshot = commit.snapshot;
  held.messages.splice(0, commit.consumed.length);
  for (const callback of commit.opened) {
    model.callbacks.set(callback.id, { ...callback, execution: commit.execution, state: "PENDING" });
  }
  held.row = { ...held.row, wakeAt: commit.wakeAt, lastSeq: held.events.length };
  if (commit.problem !== undefined) held.row = { ...held.row, problem: commit.problem };
  const isClosed = (id: string): boolean => commit.end !== undefined || commit.closed.includes(id);
  for (const [id, row] of model.callbacks) {
    if (row.execution !== commit.execution || row.state !== "PENDING" || !isClosed(id)) continue;
    model.callbacks.set(id, { ...row, state: "CLOSED" });
  }
  if (commit.end === undefined) return;
  const { status, result, error, at } = commit.end;
  held.row = { ...held.row, status, result, error, endedAt: at, wakeAt: null };
  held.messages = [];
  held.snapshot = null;
}

/** What `settle` and `heartbeat` should throw, or null. */
export function expectedRefusal(row: CallbackRow | undefined, now: number): string | null {
  if (row === undefined) return "UnknownCallbackError";
  if (row.state === "TIMED_OUT" || isOver(row, now)) return "CallbackTimedOutError";
  return row.state === "PENDING" ? null : "CallbackSettledError";
}

export function isOver(row: CallbackRow, now: number): boolean {
  const deadline = deadlineOf(row);
  return row.state === "PENDING" && deadline !== null && deadline.at <= now;
}

export function expectedDue(model: Model): readonly string[] {
  const all = [...model.executions.values()];
  const runnable = all.filter(({ row }) => row.status === "RUNNING" && row.problem === null);
  return runnable
    .filter(({ row, messages }) => (row.wakeAt !== null && row.wakeAt <= model.now) || messages.length > 0)
    .map(({ row }) => row.id)
    .sort();
}
