import { deadlineOf } from "../../runtime/stores/rows.ts";
import type {
  CallbackRow,
  Commit,
  ExecutionRow,
  NewExecution,
  Reopening,
  StoredEvent,
} from "../../runtime/stores/store.ts";

/** What a store should hold, kept in the plainest way, without asking how. */
export interface Model {
  readonly executions: Map<string, ModelExecution>;
  readonly callbacks: Map<string, CallbackRow>;
  /** Many workers: only what is leased can be committed. */
  readonly isShared: boolean;
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
  readonly keepMs: number | null;
  /** How often it was leased. */
  lease: number;
  isLeased: boolean;
}

export function newModel(isShared: boolean): Model {
  const nobody = { isShared, epoch: 0, isOwned: false };
  return { executions: new Map(), callbacks: new Map(), ...nobody, chunkCount: 0, now: 1_000 };
}

export function freeAll(model: Model): void {
  for (const held of model.executions.values()) held.isLeased = false;
}

export function addExecution({ executions }: Model, start: NewExecution, isLeased = false): void {
  const { id, createdAt, parent = null, tags = {}, keepMs = null } = start;
  const unset = {
    problem: null,
    endedAt: null,
    expiresAt: null,
    paused: false,
    queue: null,
  };
  const due = { status: "RUNNING", wakeAt: createdAt, lastSeq: 1 } as const;
  const row: ExecutionRow = {
    id,
    function: start.function,
    createdAt,
    parent,
    tags,
    ...unset,
    ...due,
  };
  const lease = isLeased ? 1 : 0;
  executions.set(id, { row, events: [start.event], snapshot: null, messages: [], keepMs, lease, isLeased });
}

/** Applies a commit that is known to be good. */
export function applyCommit(model: Model, commit: Commit): void {
  const held = model.executions.get(commit.execution)!;
  for (const { added: _, ...event } of commit.events) {
    const rest = event.chunks?.map((hash) => `<${hash}>`).join("") ?? "";
    held.events.push({ ...event, body: event.body + rest });
  }
  if (commit.snapshot !== undefined) held.snapshot = commit.snapshot;
  held.messages.splice(0, commit.consumed.length);
  for (const callback of commit.opened) {
    model.callbacks.set(callback.id, { ...callback, execution: commit.execution, state: "PENDING" });
  }
  held.row = { ...held.row, wakeAt: commit.wakeAt, lastSeq: held.events.length };
  if (commit.problem !== undefined) held.row = { ...held.row, problem: commit.problem };
  if (commit.paused !== undefined) held.row = { ...held.row, paused: commit.paused };
  if (typeof commit.problem === "string" || commit.end !== undefined) held.isLeased = false;
  const isClosed = (id: string): boolean => commit.end !== undefined || commit.closed.includes(id);
  for (const [id, row] of model.callbacks) {
    if (row.execution !== commit.execution || row.state !== "PENDING" || !isClosed(id)) continue;
    model.callbacks.set(id, { ...row, state: "CLOSED" });
  }
  if (commit.end !== undefined) applyEnd(held, commit.end);
  for (const start of commit.starts ?? []) {
    if (!model.executions.has(start.id)) addExecution(model, start);
  }
  for (const { execution, body } of commit.posts ?? []) {
    const to = model.executions.get(execution);
    if (to?.row.status === "RUNNING") to.messages.push(body);
  }
}

function applyEnd(held: ModelExecution, { status, at }: NonNullable<Commit["end"]>): void {
  const expiresAt = held.keepMs === null ? null : at + held.keepMs;
  held.row = { ...held.row, status, endedAt: at, wakeAt: null, paused: false, expiresAt };
  held.messages = [];
  held.snapshot = null;
}

/** Of an execution that has ended. */
export function applyReopening(model: Model, { execution, event, wakeAt, callbacks }: Reopening): void {
  const held = model.executions.get(execution)!;
  held.events.push(event);
  const again = { status: "RUNNING", endedAt: null, expiresAt: null } as const;
  held.row = { ...held.row, ...again, wakeAt, lastSeq: held.events.length };
  for (const id of callbacks) {
    const row = model.callbacks.get(id);
    if (row?.state === "CLOSED") model.callbacks.set(id, { ...row, state: "PENDING" });
  }
}

/** Forgets what has been kept long enough. */
export function applyRemoval({ executions, callbacks, now }: Model): void {
  for (const [id, { row }] of executions) {
    if (row.expiresAt === null || row.expiresAt > now) continue;
    executions.delete(id);
    for (const [callback, { execution }] of callbacks) if (execution === id) callbacks.delete(callback);
  }
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
