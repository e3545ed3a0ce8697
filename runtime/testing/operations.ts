/** The operations of an execution, from its history: what each came to. */
import type { HistoryEvent } from "../engine/history.ts";

export type OperationStatus = "STARTED" | "PENDING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "CANCELLED";

export interface OperationView {
  /** Operation id: `"3"`, and `"3.1"` for the first in what operation 3 runs. */
  readonly id: string;
  /** Place among all operations, in program order, from 0. */
  readonly index: number;
  readonly name?: string;
  /** `step`, `wait`, `callback`, `condition`, `context`, `checkpoint`, `value` ... */
  readonly kind: string;
  /** PENDING: between two attempts. */
  readonly status: OperationStatus;
  /** Attempts that were made. */
  readonly attempts: number;
  readonly result?: unknown;
  /** Of the last attempt, if that failed. */
  readonly error?: unknown;
  /** Milliseconds since the epoch; of a step, of its first attempt. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** When the next attempt is due, or the wait is over. */
  readonly nextAt?: number;
  /** Where in the author's source. */
  readonly source?: HistoryEvent["source"];
  /** Id of the operation it runs in. */
  readonly parent?: string;
  /** Of a callback: what settles it. */
  readonly callbackId?: string;
  readonly events: readonly HistoryEvent[];
}

/** In program order: operation 2, its own 2.1 and 2.2, operation 3. */
export function toOperations(history: readonly HistoryEvent[]): readonly OperationView[] {
  const byId = new Map<string, HistoryEvent[]>();
  for (const event of history) {
    if (event.op === undefined) continue;
    const events = byId.get(event.op);
    if (events === undefined) byId.set(event.op, [event]);
    else events.push(event);
  }
  return [...byId]
    .sort(([a], [b]) => compareIds(a, b))
    .map(([id, events], index) => toOperation({ id, index, events }, byId));
}

const STATUS: readonly (readonly [RegExp, OperationStatus])[] = [
  [/(RetryScheduled|Polled)$/, "PENDING"],
  [/(Succeeded|Fulfilled|Reached|Received)$/, "SUCCEEDED"],
  [/(Failed|Rejected|Stopped)$/, "FAILED"],
  [/TimedOut$/, "TIMED_OUT"],
  [/(Cancelled|Closed)$/, "CANCELLED"],
];

const ENDED: readonly OperationStatus[] = ["SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED"];

function toOperation(
  { id, index, events }: Pick<OperationView, "id" | "index" | "events">,
  byId: ReadonlyMap<string, unknown>,
): OperationView {
  const first = events[0] as HistoryEvent;
  const last = events.at(-1) as HistoryEvent;
  const status = STATUS.find(([kinds]) => kinds.test(last.kind))?.[1] ?? "STARTED";
  const callbackId = events.find(({ callback }) => callback !== undefined)?.callback;
  const nextAt = status === "PENDING" ? last.retryAt : status === "STARTED" ? last.until : undefined;
  const parent = findParent(id, byId);
  return {
    id,
    index,
    ...(first.name === undefined ? {} : { name: first.name }),
    kind: (/^[A-Z][a-z]+/.exec(first.kind)?.[0] ?? first.kind).toLowerCase(),
    status,
    attempts: Math.max(1, ...events.map(({ attempt }) => attempt ?? 1)),
    ...("value" in last && status !== "PENDING" ? { result: last.value } : {}),
    ...("error" in last ? { error: last.error } : {}),
    startedAt: first.startedAt ?? first.time,
    ...(ENDED.includes(status) ? { endedAt: last.time } : {}),
    ...(nextAt === undefined ? {} : { nextAt }),
    ...(first.source === undefined ? {} : { source: first.source }),
    ...(parent === undefined ? {} : { parent }),
    ...(callbackId === undefined ? {} : { callbackId }),
    events,
  };
}

/** `2.1.4` runs in `2.1` if that is an operation, else in `2`: a call of a durable function has a number and no events. */
function findParent(id: string, byId: ReadonlyMap<string, unknown>): string | undefined {
  for (let end = lastSplit(id); end > 0; end = lastSplit(id.slice(0, end))) {
    const parent = id.slice(0, end);
    if (byId.has(parent)) return parent;
  }
  return undefined;
}

function lastSplit(id: string): number {
  return Math.max(id.lastIndexOf("."), id.lastIndexOf("/"));
}

function compareIds(a: string, b: string): number {
  const [as, bs] = [a, b].map((id) => id.split(/[./]/)) as [string[], string[]];
  for (let i = 0; i < Math.min(as.length, bs.length); i++) {
    const [x = "", y = ""] = [as[i], bs[i]];
    if (x !== y) return /^\d+$/.test(x) && /^\d+$/.test(y) ? Number(x) - Number(y) : x < y ? -1 : 1;
  }
  return as.length - bs.length;
}
