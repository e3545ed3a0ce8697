import {
  CallbackSettledError,
  CallbackTimedOutError,
  JournalConflictError,
  StoreError,
  UnknownCallbackError,
} from "../errors.ts";
import { toRead } from "./cutting.ts";
import { isHeld } from "./held.ts";
import type {
  CallbackRow,
  Created,
  ExecutionRow,
  ListFilter,
  NewExecution,
  Owner,
  QueueLimits,
  Settlement,
  StoredEvent,
} from "./store.ts";

/** What every store decides alike, whatever it keeps its rows in. */

/** A callback with the time it was settled, which only messages show. */
export interface SettledCallback extends CallbackRow {
  /** Of its execution. */
  readonly problem: string | null;
  readonly settledAt: number | null;
}

/** A callback as `Store.callback` shows it. */
export function toCallbackRow(found: SettledCallback | null): CallbackRow | null {
  return found === null ? null : { ...toShownRow(found), execution: found.execution };
}

/** ... and as `Store.about` does. */
export function toShownRow(found: Omit<SettledCallback, "execution">): Omit<CallbackRow, "execution"> {
  const { id, op, state, timeoutAt, heartbeatMs, heartbeatAt } = found;
  return { id, op, state, timeoutAt, heartbeatMs, heartbeatAt };
}

/** When a callback's time is over, and by what, or null. */
export function deadlineOf(
  row: CallbackRow,
): { readonly at: number; readonly by: "timeout" | "heartbeat" } | null {
  const silentAt = row.heartbeatMs === null ? null : row.heartbeatAt + row.heartbeatMs;
  if (row.timeoutAt !== null && (silentAt === null || row.timeoutAt <= silentAt)) {
    return { at: row.timeoutAt, by: "timeout" };
  }
  return silentAt === null ? null : { at: silentAt, by: "heartbeat" };
}

/** Throws unless the callback can be settled, or kept alive, at `now`. */
export function assertPending(
  row: SettledCallback | null,
  id: string,
  now: number,
): asserts row is SettledCallback {
  if (row === null) {
    throw new UnknownCallbackError(
      `There is no callback "${id}" in this store. Check the id, and which store is open.`,
    );
  }
  if (isHeld(row.problem)) {
    throw new CallbackSettledError(
      `The callback "${id}" belongs to an execution that was moved to another store: settle it there.`,
    );
  }
  const deadline = deadlineOf(row);
  if (row.state === "TIMED_OUT" || (row.state === "PENDING" && deadline !== null && deadline.at <= now)) {
    const at = deadline === null ? "" : ` at ${timeText(deadline.at)}`;
    const how = deadline?.by === "heartbeat" ? "no heartbeat came in time" : "its time was over";
    throw new CallbackTimedOutError(
      `The callback "${id}" timed out${at}: ${how}. The execution has gone on without an answer.`,
    );
  }
  if (row.state === "PENDING") return;
  const at = row.settledAt === null ? "" : ` at ${timeText(row.settledAt)}`;
  throw new CallbackSettledError(
    row.state === "CLOSED"
      ? `The callback "${id}" is closed: the execution no longer waits for it.`
      : `The callback "${id}" has already ${row.state === "SUCCEEDED" ? "succeeded" : "failed"}${at}. ` +
          "The first answer stays.",
  );
}

export function settledState(settlement: Settlement): "SUCCEEDED" | "FAILED" {
  return settlement.kind === "succeeded" ? "SUCCEEDED" : "FAILED";
}

type Told = Settlement | { readonly kind: "timedOut"; readonly by: "timeout" | "heartbeat" };

/** The message by which an execution learns how its callback was settled. */
export function callbackMessage({ id, op }: Pick<CallbackRow, "id" | "op">, settlement: Told): string {
  return JSON.stringify({ kind: "callback", callback: id, op, settlement });
}

function timeText(time: number): string {
  // A time out of range has no text, and a message about a callback must not fail for it.
  return Number.isFinite(new Date(time).getTime()) ? new Date(time).toISOString() : String(time);
}

interface Holder extends Omit<Owner, "build"> {
  readonly heartbeatAt: number;
}

interface Asking {
  readonly owner: Owner;
  readonly now: number;
  readonly staleMs: number;
}

/**
 * True if `holder` may be replaced. A process that no longer exists on this host cannot wake up; one that is merely
 * silent can, and the epoch then refuses what it commits.
 */
export function isReplaceable(holder: Holder, { owner, now, staleMs }: Asking): boolean {
  if (holder.id === owner.id || now - holder.heartbeatAt > staleMs) return true;
  return holder.host === owner.host && !isAlive(holder.pid);
}

/** Whether a process of this host exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Builds that could not bring an execution back: names with spaces between. */
export function addBuild(builds: string, build: string): string {
  return hasBuild(builds, build) ? builds : `${builds}${build} `.slice(-BUILDS_LENGTH_MAX);
}

export function hasBuild(builds: string, build: string): boolean {
  return ` ${builds}`.includes(` ${build} `);
}

/** The oldest are forgotten. */
const BUILDS_LENGTH_MAX = 2_000;

/** Ids come from outside. PostgreSQL cannot keep this character, and older versions of Node cut a text off at it. */
export function assertId(id: string): void {
  if (id.includes("\0"))
    throw new StoreError(`The id ${JSON.stringify(id)} contains the character NUL. Leave it out.`);
}

/** The row of an execution that was created this moment: due at once. */
export function newRow(execution: NewExecution): ExecutionRow {
  const { id, function: name, createdAt, event, past = [] } = execution;
  return {
    id,
    function: name,
    status: "RUNNING",
    problem: execution.held ?? null,
    createdAt,
    endedAt: null,
    wakeAt: wakeTimeOf(execution),
    lastSeq: past.at(-1)?.seq ?? event.seq,
    parent: execution.parent ?? null,
    queue: execution.queue?.name ?? null,
    tags: execution.tags ?? {},
    paused: false,
    expiresAt: null,
  };
}

/** What `Store.create` finds: row and first event of what has the id. Removed meanwhile, it was as what was asked for. */
export function toExisting(
  asked: NewExecution,
  row: ExecutionRow | null,
  first: StoredEvent | undefined,
): Created {
  return { created: false, row: row ?? newRow(asked), first: first ?? toRead(asked.event) };
}

/** One that waits in a queue wakes when it is admitted. */
export function wakeTimeOf({ createdAt, wakeAt, queue }: NewExecution): number | null {
  return queue === undefined ? createdAt : (wakeAt ?? null);
}

/** The message by which an execution learns that it has left its queue. */
export const ADMITTED_MESSAGE = JSON.stringify({ kind: "admitted" });

/** In place of the key of those that have none. No limit of a key holds for them. */
export const NO_KEY = "";

/** How many more may be admitted. */
export interface Allowance {
  readonly left: number;
  /** When there will be more. */
  again(now: number): number | null;
}

export const UNLIMITED: Allowance = { left: Infinity, again: () => null };

/** `recent`: how many were admitted in the last `perMs`, and when the first of them was. */
export function toAllowance(
  { count, perMs }: NonNullable<QueueLimits["rate"]>,
  { amount, first }: { readonly amount: number; readonly first: number | null },
): Allowance {
  return { left: Math.max(0, count - amount), again: (now) => (first ?? now) + perMs };
}

/** Throws unless the events of a new execution are numbered from 1 without gaps, but for that of a trimmed one. */
export function assertPast({ id, event, past = [], held }: NewExecution): void {
  const second = past[0]?.seq ?? 2;
  const trimmed = held === undefined ? 0 : Math.max(0, second - 2);
  [event, ...past].forEach(({ seq }, index) => {
    const expected = index === 0 ? 1 : index + 1 + trimmed;
    if (seq === expected) return;
    throw new JournalConflictError(
      `Event ${seq} of the new execution "${id}" should be numbered ${expected}.`,
    );
  });
}

export const LIST_DEFAULT = 100;
export const LIST_MAX = 1_000;

export function listLimit(limit: number | undefined): number {
  return Math.max(0, Math.min(limit ?? LIST_DEFAULT, LIST_MAX));
}

/** Whether a list shows it, its place aside. */
export function isListed(
  row: ExecutionRow,
  { status, function: name, parked, tags, parent, queue }: ListFilter,
): boolean {
  const wanted: readonly (readonly [unknown, unknown])[] = [
    [status, row.status],
    [name, row.function],
    [parent, row.parent],
    [queue, row.queue],
    ...Object.entries(tags ?? {}).map(([tag, value]) => [value, row.tags[tag]] as const),
  ];
  if (parked === true && row.problem === null) return false;
  return wanted.every(([asked, found]) => asked === undefined || asked === found);
}
