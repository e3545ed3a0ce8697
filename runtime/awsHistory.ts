/**
 * A history in the vocabulary of AWS's `GetDurableExecutionHistory`, for tools that are written for that.
 *
 * What it has other words for is turned into them: a step's start stands before each attempt, a condition's checks are
 * steps, `waitForCallback` is a context with a callback and a step. What it has no word for is left out: `checkpoint()`,
 * recorded promises, signals, pauses, requests to stop, and what a retry has undone.
 */
import type { HistoryEvent } from "./engine/history.ts";

/** An event as `@aws-sdk/client-lambda` types it. Payloads are JSON. */
export interface AwsEvent extends Partial<Record<AwsDetailsKey, AwsDetails>> {
  readonly EventType: AwsEventType;
  readonly SubType?: string;
  /** From 1, in order. */
  readonly EventId: number;
  readonly Id: string;
  readonly Name?: string;
  readonly EventTimestamp: Date;
  readonly ParentId?: string;
}

type Ending = "Started" | "Succeeded" | "Failed";
export type AwsEventType =
  | `${"Execution" | "Context" | "Step" | "Callback" | "ChainedInvoke"}${Ending}`
  | "ExecutionTimedOut"
  | "ExecutionStopped"
  | "CallbackTimedOut"
  | "WaitStarted"
  | "WaitSucceeded";
type AwsDetailsKey = `${AwsEventType}Details`;
type AwsDetails = Readonly<Record<string, unknown>>;

/** An event before it has its number. */
interface Draft {
  readonly at: number;
  readonly type: AwsEventType;
  readonly subType?: string;
  readonly id: string;
  readonly name?: string | undefined;
  readonly parent?: string | undefined;
  readonly details: AwsDetails;
}

/** `execution`: its id. */
export function toAwsHistory(history: readonly HistoryEvent[], execution: string): readonly AwsEvent[] {
  const events = withoutUndone(history);
  const book = toBook(events, execution);
  const drafts = events.flatMap((event) => toDrafts(event, book));
  // A start that was recorded with its result belongs where it happened.
  return drafts.toSorted((a, b) => a.at - b.at).map(toAwsEvent);
}

function toAwsEvent({ at, type, subType, id, name, parent, details }: Draft, index: number): AwsEvent {
  return {
    EventType: type,
    ...(subType === undefined ? {} : { SubType: subType }),
    EventId: index + 1,
    Id: id,
    ...(name === undefined ? {} : { Name: name }),
    EventTimestamp: new Date(at),
    ...(parent === undefined ? {} : { ParentId: parent }),
    [`${type}Details`]: details,
  };
}

/** What events are told from other events of the same history. */
interface Book {
  readonly execution: string;
  /** The first event of each operation. */
  readonly first: ReadonlyMap<string, HistoryEvent>;
  /** Number of the event with which a `waitForCallback` is over: its callback and its submitter are. */
  readonly over: ReadonlyMap<string, number>;
  /** How the callback of each was settled. */
  readonly settlements: ReadonlyMap<string, HistoryEvent>;
  /** Attempts whose start has an event of its own. */
  readonly started: ReadonlySet<string>;
}

const SUBMITTER = "/submitter";

function toBook(events: readonly HistoryEvent[], execution: string): Book {
  const first = new Map<string, HistoryEvent>();
  const over = new Map<string, number>();
  const started = new Set<string>();
  const settlements = new Map<string, HistoryEvent>();
  const submitted = new Set<string>();
  for (const event of events) {
    const { op, kind, seq } = event;
    if (op === undefined) continue;
    if (!first.has(op)) first.set(op, event);
    if (kind === "StepStarted") started.add(`${op} ${event.attempt ?? 1}`);
    const callback = toCallback(op);
    if (op !== callback && kind === "StepFailed") over.set(callback, seq);
    if (op !== callback && kind === "StepSucceeded") submitted.add(callback);
    if (/^Callback(Succeeded|Failed|TimedOut)$/.test(kind)) settlements.set(op, event);
    const isOver = first.get(callback)?.form === "waitForCallback" && settlements.has(callback);
    if (isOver && submitted.has(callback) && !over.has(callback)) over.set(callback, seq);
  }
  return { execution, first, over, settlements, started };
}

/** The callback that a submitter belongs to. */
function toCallback(op: string): string {
  return op.endsWith(SUBMITTER) ? op.slice(0, -SUBMITTER.length) : op;
}

function toDrafts(event: HistoryEvent, book: Book): readonly Draft[] {
  const { kind, op } = event;
  if (op === undefined) return toExecutionDrafts(event, book);
  if (/^(Step|Condition)/.test(kind)) return [...toStepDrafts(event, book), ...toClosing(event, book)];
  if (/^Callback/.test(kind)) return [...toCallbackDrafts(event, book), ...toClosing(event, book)];
  if (/^Context/.test(kind)) return [toContextDraft(event, op, book)];
  if (/^Wait/.test(kind)) return [toWaitDraft(event, op, book)];
  if (/^Invoke/.test(kind)) return [toInvokeDraft(event, op, book)];
  return [];
}

function toExecutionDrafts(event: HistoryEvent, { execution }: Book): readonly Draft[] {
  const { kind, time, timeoutAt } = event;
  const draft = (type: AwsEventType, details: AwsDetails): readonly Draft[] => [
    { at: time, type, id: execution, details },
  ];
  switch (kind) {
    case "ExecutionStarted": {
      const limit = typeof timeoutAt === "number" ? { ExecutionTimeout: toSeconds(timeoutAt - time) } : {};
      return draft(kind, { Input: toPayload(event.value), ...limit });
    }
    case "ExecutionSucceeded":
      return draft(kind, { Result: toPayload(event.value) });
    case "ExecutionFailed":
    case "ExecutionStopped":
    case "ExecutionTimedOut":
      return draft(kind, { Error: toError(event.error) });
    default:
      return [];
  }
}

function toStepDrafts(event: HistoryEvent, book: Book): readonly Draft[] {
  const { kind, op = "", attempt = 1, startedAt = event.time, retryAt, time } = event;
  const isSubmitter = op.endsWith(SUBMITTER);
  const base = {
    id: op,
    name: isSubmitter ? undefined : event.name,
    parent: findParent(op, book),
    subType: kind.startsWith("Condition") ? "WaitForCondition" : "Step",
  };
  const start = { ...base, at: startedAt, type: "StepStarted", details: {} } as const;
  if (kind === "StepStarted") return [start];
  const delay = retryAt === undefined ? {} : { NextAttemptDelaySeconds: toSeconds(retryAt - time) };
  const retry = { RetryDetails: { CurrentAttempt: attempt, ...delay } };
  const failed = kind === "StepFailed" || kind === "StepRetryScheduled" || kind === "ConditionFailed";
  const end = failed
    ? ({ ...base, at: time, type: "StepFailed", details: { Error: toError(event.error), ...retry } } as const)
    : ({
        ...base,
        at: time,
        type: "StepSucceeded",
        details: { Result: toPayload(event.value), ...retry },
      } as const);
  return book.started.has(`${op} ${attempt}`) ? [end] : [start, end];
}

function toCallbackDrafts(event: HistoryEvent, book: Book): readonly Draft[] {
  const { kind, op = "", time, timeoutAt, heartbeatMs } = event;
  const inside = book.first.get(op)?.form === "waitForCallback";
  const parent = findParent(op, book);
  const base = inside
    ? { id: `${op}/callback`, parent: op, subType: "Callback", at: time }
    : { id: op, name: event.name, parent, subType: "Callback", at: time };
  switch (kind) {
    case "CallbackStarted": {
      const details = {
        CallbackId: event.callback,
        ...(typeof timeoutAt === "number" ? { Timeout: toSeconds(timeoutAt - time) } : {}),
        ...(typeof heartbeatMs === "number" ? { HeartbeatTimeout: toSeconds(heartbeatMs) } : {}),
      };
      const context: Draft = {
        at: time,
        type: "ContextStarted",
        subType: "WaitForCallback",
        id: op,
        name: event.name,
        parent,
        details: {},
      };
      return [...(inside ? [context] : []), { ...base, type: kind, details }];
    }
    case "CallbackSucceeded":
      return [{ ...base, type: kind, details: { Result: toPayload(event.value) } }];
    case "CallbackTimedOut":
      return [{ ...base, type: kind, details: { Error: timedOut(event) } }];
    default:
      return [{ ...base, type: "CallbackFailed", details: { Error: toError(event.error) } }];
  }
}

/** The end of a `waitForCallback`'s context, with the event that is its last. */
function toClosing({ op = "", seq, time, error }: HistoryEvent, book: Book): readonly Draft[] {
  const id = toCallback(op);
  if (book.over.get(id) !== seq) return [];
  const settled = book.settlements.get(id);
  const base = {
    at: time,
    subType: "WaitForCallback",
    id,
    name: book.first.get(id)?.name,
    parent: findParent(id, book),
  };
  if (settled?.kind === "CallbackSucceeded")
    return [{ ...base, type: "ContextSucceeded", details: { Result: toPayload(settled.value) } }];
  const why = settled?.kind === "CallbackTimedOut" ? timedOut(settled) : toError(settled?.error ?? error);
  return [{ ...base, type: "ContextFailed", details: { Error: why } }];
}

function toContextDraft(event: HistoryEvent, op: string, book: Book): Draft {
  const { kind, time, name } = event;
  const base = { at: time, id: op, name, parent: findParent(op, book), subType: toContextType(op, book) };
  if (kind === "ContextStarted") return { ...base, type: kind, details: {} };
  if (kind === "ContextSucceeded")
    return { ...base, type: kind, details: { Result: toPayload(event.value) } };
  return { ...base, type: "ContextFailed", details: { Error: toError(event.error) } };
}

function toContextType(op: string, { first }: Book): string {
  const { form, subType } = first.get(op) ?? {};
  if (subType !== undefined) return subType;
  if (form === "map") return "Map";
  if (form === "parallel") return "Parallel";
  // Right below a batch there is nothing but its branches.
  const batch = first.get(op.slice(0, op.lastIndexOf(".")))?.form;
  return batch === "map" ? "MapIteration" : batch === "parallel" ? "ParallelBranch" : "RunInChildContext";
}

function toWaitDraft(event: HistoryEvent, op: string, book: Book): Draft {
  const base = { at: event.time, id: op, name: event.name, parent: findParent(op, book), subType: "Wait" };
  const start = book.first.get(op);
  const Duration = toSeconds((start?.until ?? event.time) - (start?.time ?? event.time));
  if (event.kind === "WaitSucceeded") return { ...base, type: event.kind, details: { Duration } };
  const details = { Duration, ScheduledEndTimestamp: new Date(event.until ?? event.time) };
  return { ...base, type: "WaitStarted", details };
}

function toInvokeDraft(event: HistoryEvent, op: string, book: Book): Draft {
  const base = {
    at: event.time,
    id: op,
    name: event.name,
    parent: findParent(op, book),
    subType: "ChainedInvoke",
  };
  if (event.kind === "InvokeSucceeded")
    return { ...base, type: "ChainedInvokeSucceeded", details: { Result: toPayload(event.value) } };
  if (event.kind === "InvokeFailed")
    return { ...base, type: "ChainedInvokeFailed", details: { Error: toError(event.error) } };
  const { function: FunctionName, child: DurableExecutionArn, tenantId } = event;
  const tenant = tenantId === undefined ? {} : { TenantId: tenantId };
  return { ...base, type: "ChainedInvokeStarted", details: { FunctionName, DurableExecutionArn, ...tenant } };
}

/** Between an operation and its context there may be durable functions that were called: they have no events. */
function findParent(op: string, { first }: Book): string | undefined {
  for (let end = lastSplit(op); end > 0; end = lastSplit(op.slice(0, end))) {
    if (first.has(op.slice(0, end))) return op.slice(0, end);
  }
  return undefined;
}

function lastSplit(op: string): number {
  return Math.max(op.lastIndexOf("."), op.lastIndexOf("/"));
}

function toSeconds(ms: number): number {
  return ms / 1_000;
}

function toPayload(value: unknown): AwsDetails {
  const Payload = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "bigint" ? String(part) : part,
  );
  return Payload === undefined ? {} : { Payload };
}

function toError(error: unknown): AwsDetails {
  if (!(error instanceof Error)) return { Payload: { ErrorMessage: String(error) } };
  const { name, message, stack } = error;
  const data: unknown = "errorData" in error ? error.errorData : undefined;
  return {
    Payload: {
      ErrorMessage: message,
      ErrorType: name,
      ...(typeof data === "string" ? { ErrorData: data } : {}),
      ...(stack === undefined ? {} : { StackTrace: stack.split("\n") }),
    },
  };
}

function timedOut({ by }: Pick<HistoryEvent, "by">): AwsDetails {
  const ErrorType = by === "heartbeat" ? "Callback.Heartbeat" : "Callback.Timeout";
  return {
    Payload: {
      ErrorType,
      ErrorMessage: by === "heartbeat" ? "Callback heartbeat timed out" : "Callback timed out",
    },
  };
}

/** A retry counts some events as not happened. */
function withoutUndone(history: readonly HistoryEvent[]): readonly HistoryEvent[] {
  let happened: HistoryEvent[] = [];
  for (const event of history) {
    if (event.kind === "ExecutionRetried") {
      const { to = 0, keep = [], drop = [] } = event;
      happened = happened.filter(({ seq }) => (seq <= to ? !drop.includes(seq) : keep.includes(seq)));
    }
    happened.push(event);
  }
  return happened;
}
