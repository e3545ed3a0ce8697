/**
 * The journal's events. Each is stored as one line of JSON (what happened) and, after a line feed, its payload: text of
 * the values codec, kept apart so that it is not quoted a second time.
 */
import type { TraceContext } from "../observer.ts";
import type { QueuePlace, StoredEvent } from "../stores/store.ts";

/** The operation an event is about. */
export interface OperationRef {
  /** Operation id: the task's path and a counter. */
  readonly op: string;
  readonly name?: string;
  /** Checkpoint number; 0 when the operation was started by code without one (a helper that is not durable). */
  readonly site: number;
  /** `src/fulfil.ts:8:17`, the author's file. */
  readonly at?: string;
}

interface Timed {
  /** Milliseconds since the epoch. */
  readonly time: number;
}

interface Failed {
  /** Encoded error. */
  readonly payload: string;
}

interface Settled {
  /** Encoded value. */
  readonly payload: string;
}

/** Events after `to` did not happen, but those of `keep`; of the others, those of `drop` did not. By their numbers. */
export interface Undoing {
  readonly to: number;
  readonly keep: readonly number[];
  readonly drop: readonly number[];
}

export type OperationEvent = Timed &
  OperationRef &
  (
    | { readonly kind: "StepStarted"; readonly attempt: number }
    | ({ readonly kind: "StepSucceeded"; readonly attempt: number; readonly startedAt: number } & Settled)
    | ({ readonly kind: "StepFailed"; readonly attempt: number; readonly startedAt: number } & Failed)
    | ({
        readonly kind: "StepRetryScheduled";
        readonly attempt: number;
        readonly startedAt: number;
        readonly retryAt: number;
      } & Failed)
    | ({
        readonly kind: "ConditionPolled";
        readonly attempt: number;
        readonly startedAt: number;
        readonly retryAt: number;
      } & Settled)
    | ({
        readonly kind: "ConditionSucceeded";
        readonly attempt: number;
        readonly startedAt: number;
      } & Settled)
    | ({ readonly kind: "ConditionFailed"; readonly attempt: number; readonly startedAt: number } & Failed)
    /** Of a batch: what it was asked for as. `subType`: what the author calls it. */
    | { readonly kind: "ContextStarted"; readonly form?: "map" | "parallel"; readonly subType?: string }
    /** Without a payload, the value is part of the state: results of branches are recorded once. */
    | ({ readonly kind: "ContextSucceeded" } & Partial<Settled>)
    | ({ readonly kind: "ContextFailed" } & Failed)
    | { readonly kind: "WaitStarted"; readonly until: number }
    | { readonly kind: "WaitSucceeded" }
    | {
        readonly kind: "CallbackStarted";
        readonly callback: string;
        /** It has a submitter. */
        readonly form?: "waitForCallback";
        readonly timeoutAt: number | null;
        readonly heartbeatMs: number | null;
      }
    | ({ readonly kind: "CallbackSucceeded" } & Settled)
    | ({ readonly kind: "CallbackFailed" } & Failed)
    | { readonly kind: "CallbackTimedOut"; readonly by: "timeout" | "heartbeat" }
    | {
        readonly kind: "InvokeStarted";
        /** Id of the execution that this event's commit starts. */
        readonly child: string;
        readonly function: string;
        readonly tenantId?: string;
      }
    | ({ readonly kind: "InvokeSucceeded" } & Settled)
    | ({ readonly kind: "InvokeFailed" } & Failed)
    | { readonly kind: "SignalTimedOut" }
    | { readonly kind: "CheckpointReached" }
    | ({ readonly kind: "ValueFulfilled" } & Settled)
    | ({ readonly kind: "ValueRejected" } & Failed)
  );

/** What an operation reports: the reference is added when the event is committed, as its checkpoint is known by then. */
export type OperationReport = WithoutRef<OperationEvent>;
type WithoutRef<E> = E extends OperationEvent ? Omit<E, keyof OperationRef> : never;

export type ExecutionEvent = Timed &
  (
    | ({
        readonly kind: "ExecutionStarted";
        readonly function: string;
        readonly seed: string;
        readonly timeoutAt?: number;
        /** Of the trace it belongs to: `open({ observer })`. */
        readonly trace?: TraceContext;
        /** It waits there: it begins with `ExecutionAdmitted`. */
        readonly queue?: QueuePlace;
      } & Settled)
    /** It has left its queue. */
    | { readonly kind: "ExecutionAdmitted" }
    | ({ readonly kind: "ExecutionSucceeded" } & Settled)
    | ({ readonly kind: "ExecutionFailed" } & Failed)
    /** Somebody asked it to stop: `finally` blocks run, then it ends. */
    | ({ readonly kind: "StopRequested" } & Failed)
    | ({ readonly kind: "ExecutionStopped" } & Failed)
    /** Its time is over: as with a stop, `finally` blocks run, then it ends. */
    | ({ readonly kind: "TimeoutReached" } & Failed)
    | ({ readonly kind: "ExecutionTimedOut" } & Failed)
    /** A message from outside, by name. */
    | ({ readonly kind: "SignalReceived"; readonly name: string } & Settled)
    | { readonly kind: "ExecutionPaused" }
    | { readonly kind: "ExecutionResumed" }
    /** It goes on after its end, as if some of its events had not happened: see `effective`. */
    | ({ readonly kind: "ExecutionRetried"; readonly timeoutAt?: number } & Undoing)
  );

export type EndEvent = Extract<
  ExecutionEvent,
  { kind: `Execution${"Succeeded" | "Failed" | "Stopped" | "TimedOut"}` }
>;

export type JournalEvent = OperationEvent | ExecutionEvent;

export function isOperationEvent(event: JournalEvent): event is OperationEvent {
  return "op" in event;
}

/** An event with its number. */
export interface Numbered {
  readonly seq: number;
  readonly event: JournalEvent;
}

/** What happened, of what is recorded: without what a retry has undone. */
export function effective(journal: readonly Numbered[]): readonly Numbered[] {
  let happened: Numbered[] = [];
  for (const numbered of journal) {
    const { event } = numbered;
    if (event.kind === "ExecutionRetried") {
      const [keep, drop] = [new Set(event.keep), new Set(event.drop)];
      happened = happened.filter(({ seq }) => (seq <= event.to ? !drop.has(seq) : keep.has(seq)));
    }
    happened.push(numbered);
  }
  return happened;
}

const ENDS: ReadonlySet<string> = new Set([
  "ExecutionSucceeded",
  "ExecutionFailed",
  "ExecutionStopped",
  "ExecutionTimedOut",
]);

/** Its journal ends with this. */
export function isEnd<E extends { readonly kind: string }>(
  event: E,
): event is Extract<E, { readonly kind: `Execution${"Succeeded" | "Failed" | "Stopped" | "TimedOut"}` }> {
  return ENDS.has(event.kind);
}

/** From here on it only cleans up. */
export function isStop(kind: string): boolean {
  return kind === "StopRequested" || kind === "TimeoutReached";
}

export function toStored(seq: number, event: JournalEvent): StoredEvent {
  const { kind } = event;
  const payload = "payload" in event ? event.payload : undefined;
  const head = kind === "StepSucceeded" ? stepText(event) : textOf(event);
  return { seq, kind, body: payload === undefined ? head : `${head}\n${payload}` };
}

/** What JSON leaves out is undefined: a copy with two fields less costs twice as much as this one (measured). */
function textOf(event: JournalEvent): string {
  return JSON.stringify({ ...event, kind: undefined, payload: undefined });
}

/** The same of the event that there are most of, in a third of the time. */
function stepText(event: Extract<OperationEvent, { kind: "StepSucceeded" }>): string {
  const { op, name, site, at, time, attempt, startedAt } = event;
  const named = name === undefined ? "" : `,"name":${JSON.stringify(name)}`;
  const place = at === undefined ? "" : `,"at":${JSON.stringify(at)}`;
  return (
    `{"op":${JSON.stringify(op)}${named},"site":${site}${place},"time":${time},"attempt":${attempt},` +
    `"startedAt":${startedAt}}`
  );
}

/** What an event came with, encoded: of the first, the input; of the last of an execution that has ended, its outcome. */
export function payloadOf({ body }: StoredEvent): string {
  return body.slice(body.indexOf("\n") + 1);
}

export function fromStored({ kind, body }: StoredEvent): JournalEvent {
  const end = body.indexOf("\n");
  const head = JSON.parse(end < 0 ? body : body.slice(0, end)) as object;
  return { kind, ...head, ...(end < 0 ? {} : { payload: body.slice(end + 1) }) } as JournalEvent;
}
