/** The journal as people and tools read it. */
import type { TraceContext } from "../observer.ts";
import type { Store, StoredEvent } from "../stores/store.ts";
import type { ExecutionEvent, JournalEvent } from "./events.ts";
import { fromStored } from "./events.ts";
import { viewCodec } from "./state.ts";

/** One event, with its payload decoded: `value` of a success, `error` of a failure. */
export interface HistoryEvent {
  readonly seq: number;
  readonly kind: JournalEvent["kind"];
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Operation id; absent on events of the execution itself. */
  readonly op?: string;
  readonly name?: string;
  /** Checkpoint number. */
  readonly checkpoint?: number;
  /** Where in the author's source: 1-based line and column. */
  readonly source?: { readonly file: string; readonly line: number; readonly column: number };
  /** Steps: which attempt, from 1, and when it started. */
  readonly attempt?: number;
  readonly startedAt?: number;
  /** StepRetryScheduled, ConditionPolled: when the next attempt is due. */
  readonly retryAt?: number;
  /** WaitStarted: when it ends. */
  readonly until?: number;
  /** CallbackStarted: the callback's id, and its limits. ExecutionStarted, ExecutionRetried: `timeoutAt`. */
  readonly callback?: string;
  readonly timeoutAt?: number | null;
  readonly heartbeatMs?: number | null;
  /** ContextStarted of a batch, CallbackStarted of a callback with a submitter: what was called. */
  readonly form?: "map" | "parallel" | "waitForCallback";
  /** ContextStarted: what the author calls this kind of context. */
  readonly subType?: string;
  /** CallbackTimedOut. */
  readonly by?: "timeout" | "heartbeat";
  /** InvokeStarted: the other execution, and for whom. */
  readonly child?: string;
  readonly tenantId?: string;
  /** ExecutionStarted, InvokeStarted: `path#name`. */
  readonly function?: string;
  /** ExecutionStarted: of the trace it belongs to. */
  readonly trace?: TraceContext;
  /** ExecutionRetried: events after `to` count as not happened, but those of `keep`; and those of `drop`. */
  readonly to?: number;
  readonly keep?: readonly number[];
  readonly drop?: readonly number[];
  /** So many events before this one have been removed: `open({ history: { keepEvents } })`. */
  readonly trimmed?: number;
  readonly value?: unknown;
  readonly error?: unknown;
}

/** Kinds of events that are about the execution, not about an operation of it. */
export type ExecutionEventKind = ExecutionEvent["kind"];

/** By operation: where it stands in the author's source. */
export type Places = Map<string, NonNullable<HistoryEvent["source"]>>;

const PAGE = 1_000;

/** A part of a journal. */
export interface HistoryRange {
  /** Only events after this one. Default 0: from the first. */
  readonly after?: number;
  /** At most so many. Default: all. */
  readonly limit?: number;
}

/** From the first event on, page by page, as later ones stand where earlier ones were called; keeps those asked for. */
export async function readHistory(
  store: Pick<Store, "history">,
  id: string,
  { after = 0, limit = Infinity }: HistoryRange,
): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  const places: Places = new Map();
  for (let read = 0; events.length < limit;) {
    const page = await store.history(id, read, PAGE);
    const trimmed = trimmedBefore(page, read);
    for (const event of toHistory(page, places)) {
      if (event.seq <= after) continue;
      events.push(event.seq === trimmed?.seq ? { ...event, trimmed: trimmed.count } : event);
    }
    read = page.at(-1)?.seq ?? read;
    if (page.length < PAGE) break;
  }
  return events.slice(0, limit);
}

/** A journal has one gap at most: behind its first event. */
function trimmedBefore(page: readonly StoredEvent[], read: number) {
  const index = page.findIndex(({ seq }, i) => seq !== (page[i - 1]?.seq ?? read) + 1);
  const found = page[index];
  return found === undefined
    ? null
    : { seq: found.seq, count: found.seq - (page[index - 1]?.seq ?? read) - 1 };
}

/**
 * Events in their order, from the first. Operations that the runtime begins by itself (the branches of a `map`, the waits
 * of `withRetry`) stand where the operation stands that they belong to: `places` carries that from page to page.
 */
export function toHistory(stored: readonly StoredEvent[], places: Places): readonly HistoryEvent[] {
  return stored.map((one) => {
    const event = toEvent(one);
    if (event.op === undefined) return event;
    const source = event.source ?? findPlace(event.op, places);
    if (source === undefined) return event;
    places.set(event.op, source);
    return { ...event, source };
  });
}

function findPlace(op: string, places: Places): HistoryEvent["source"] {
  for (
    let end = op.length;
    end > 0;
    end = Math.max(op.lastIndexOf(".", end - 1), op.lastIndexOf("/", end - 1))
  ) {
    const source = places.get(op.slice(0, end));
    if (source !== undefined) return source;
  }
  return undefined;
}

function toEvent(stored: StoredEvent): HistoryEvent {
  const event: Partial<Record<string, unknown>> & Pick<JournalEvent, "kind" | "time"> = {
    ...fromStored(stored),
  };
  const { site, at, payload, seed: _seed, ...rest } = event;
  return {
    seq: stored.seq,
    ...(rest as Pick<JournalEvent, "kind" | "time">),
    ...(typeof site === "number" ? { checkpoint: site } : {}),
    ...(typeof at === "string" ? { source: toSource(at) } : {}),
    ...(typeof payload === "string" ? toPayload(event.kind, payload) : {}),
  };
}

const FAILURES = /(Failed|Rejected|Stopped|StopRequested|RetryScheduled|TimeoutReached|ExecutionTimedOut)$/;

function toPayload(kind: string, payload: string): Pick<HistoryEvent, "value" | "error"> {
  const decoded = viewCodec.decode(payload);
  return FAILURES.test(kind) ? { error: decoded } : { value: decoded };
}

function toSource(at: string): NonNullable<HistoryEvent["source"]> {
  const [, file = at, line, column] = /^(.*):(\d+):(\d+)$/.exec(at) ?? [];
  return { file, line: Number(line ?? 0), column: Number(column ?? 0) };
}
