import type { ExecutionEventKind, ExecutionView, HistoryEvent } from "@durablec/runtime";
import { formatDuration } from "./duration.ts";
import { formatTable } from "./table.ts";
import { formatBrief } from "./value.ts";

/**
 * A history for people: a line an event, with when it happened since the start, how long what it ends took, and where
 * in the author's source it belongs.
 */
export function formatTimeline(view: ExecutionView, events: readonly HistoryEvent[]): string[] {
  const startedAt = new Map(events.filter(isStart).map(({ op, time }) => [op, time]));
  const rows = events.flatMap((event) => {
    const { mark, text } = describe(event);
    const began = event.startedAt ?? startedAt.get(event.op);
    const took = began === undefined || isStart(event) ? "" : formatDuration(event.time - began);
    const row = [formatDuration(event.time - view.createdAt), took, `${mark} ${text}`, place(event)];
    return event.trimmed === undefined ? [row] : [["", "", `  … ${event.trimmed} events trimmed`, ""], row];
  });
  const columns = [
    { title: "at", align: "right" },
    { title: "took", align: "right" },
    { title: "what" },
    { title: "where" },
  ] as const;
  return [formatHeadline(view), "", ...formatTable(columns, rows), ...formatNow(view)];
}

/** `order-7  src/fulfil.ts#fulfil  SUCCEEDED after 4.61 s` */
export function formatHeadline({ id, function: name, status, createdAt, endedAt }: ExecutionView): string {
  const after = endedAt === undefined ? "" : ` after ${formatDuration(endedAt - createdAt)}`;
  return `${id}  ${name}  ${status}${after}`;
}

/** What a running execution is doing about its future, where the journal cannot tell. */
function formatNow({ status, wakeAt, problem, snapshotProblem }: ExecutionView): string[] {
  if (status !== "RUNNING") return [];
  const lines = problem === undefined ? [] : [`parked: ${problem}`];
  if (snapshotProblem !== undefined) lines.push(`its state could not be written: ${snapshotProblem}`);
  if (wakeAt !== undefined) lines.push(`next look at ${new Date(wakeAt).toISOString()}`);
  return lines.length === 0 ? [] : ["", ...lines];
}

function isStart(event: HistoryEvent): boolean {
  return (
    event.kind === "WaitStarted" || event.kind === "CallbackStarted" || event.kind === "ExecutionStarted"
  );
}

function place({ source }: HistoryEvent): string {
  return source === undefined ? "" : `${source.file}:${source.line}`;
}

const briefMax = 60;

function describe(event: HistoryEvent): { readonly mark: string; readonly text: string } {
  const { kind, time, until = time } = event;
  const name = event.name ?? nameless(event);
  const attempt = event.attempt === undefined || event.attempt === 1 ? "" : `, attempt ${event.attempt}`;
  const failed = formatBrief(event.error, briefMax);
  switch (kind) {
    case "ExecutionStarted":
    case "ExecutionSucceeded":
    case "ExecutionFailed":
    case "StopRequested":
    case "ExecutionStopped":
    case "TimeoutReached":
    case "ExecutionTimedOut":
    case "SignalReceived":
    case "ExecutionAdmitted":
    case "ExecutionPaused":
    case "ExecutionResumed":
    case "ExecutionRetried":
      return { mark: "●", text: describeExecution(kind, { event, failed, briefMax }) };
    case "InvokeStarted":
      return { mark: "…", text: `${name}: ${event.function ?? ""} runs as ${event.child ?? ""}` };
    case "InvokeSucceeded":
      return { mark: "✓", text: `${name}: ${formatBrief(event.value, briefMax)}` };
    case "ContextStarted":
    case "StepStarted":
      return { mark: "…", text: `${name}${attempt}: started` };
    case "StepSucceeded":
      return { mark: "✓", text: `${name}${attempt}` };
    case "StepFailed":
      return { mark: "✗", text: `${name}${attempt}, for good: ${failed}` };
    case "StepRetryScheduled": {
      const again = formatDuration(Math.max(0, (event.retryAt ?? time) - time));
      return { mark: "↻", text: `${name}, attempt ${event.attempt ?? 1}: ${failed}; again in ${again}` };
    }
    case "ConditionPolled": {
      const again = formatDuration(Math.max(0, (event.retryAt ?? time) - time));
      return { mark: "↻", text: `${name}, check ${event.attempt ?? 1}: not yet; again in ${again}` };
    }
    case "ConditionSucceeded":
      return { mark: "✓", text: `${name}: met` };
    case "ConditionFailed":
    case "ContextFailed":
    case "InvokeFailed":
      return { mark: "✗", text: `${name}: ${failed}` };
    case "ContextSucceeded":
      return { mark: "✓", text: name };
    case "WaitStarted":
      return { mark: "…", text: `${name}: waits ${formatDuration(Math.max(0, until - time))}` };
    case "WaitSucceeded":
      return { mark: "✓", text: `${name}: over` };
    case "CallbackStarted":
      return { mark: "…", text: `${name}: open, id ${event.callback ?? ""}` };
    case "CallbackSucceeded":
      return { mark: "✓", text: `${name}: answered ${formatBrief(event.value, briefMax)}` };
    case "CallbackFailed":
      return { mark: "✗", text: `${name}: answered with ${failed}` };
    case "CallbackTimedOut":
      return { mark: "✗", text: `${name}: no ${event.by === "heartbeat" ? "heartbeat" : "answer"} in time` };
    case "SignalTimedOut":
      return { mark: "✗", text: `${name}: no signal in time` };
    case "CheckpointReached":
      return { mark: "✓", text: `${name}: reached` };
    case "ValueFulfilled":
      return { mark: "✓", text: `a promise: ${formatBrief(event.value, briefMax)}` };
    case "ValueRejected":
      return { mark: "✗", text: `a promise: ${failed}` };
    default:
      return { mark: "?", text: unknownKind(kind) };
  }
}

interface Told {
  readonly event: HistoryEvent;
  readonly failed: string;
  readonly briefMax: number;
}

function describeExecution(kind: ExecutionEventKind, { event, failed, briefMax }: Told): string {
  switch (kind) {
    case "ExecutionStarted":
      return "started";
    case "ExecutionSucceeded":
      return `succeeded: ${formatBrief(event.value, briefMax)}`;
    case "ExecutionFailed":
      return `failed: ${failed}`;
    case "StopRequested":
      return `asked to stop: ${failed}`;
    case "ExecutionStopped":
      return `stopped: ${failed}`;
    case "TimeoutReached":
      return `its time is over: ${failed}`;
    case "ExecutionTimedOut":
      return `timed out: ${failed}`;
    case "SignalReceived":
      return `signal ${event.name ?? ""}: ${formatBrief(event.value, briefMax)}`;
    case "ExecutionAdmitted":
      return "left its queue";
    case "ExecutionPaused":
      return "paused";
    case "ExecutionResumed":
      return "resumed";
    case "ExecutionRetried":
      return `retried: goes on after event ${event.to ?? 0}`;
  }
}

/** Typed so that a new kind of event is a type error here, and still readable when an older CLI meets one. */
function unknownKind(kind: never): string {
  return String(kind);
}

function nameless({ kind }: HistoryEvent): string {
  return (
    /^(Step|Wait|Callback|Checkpoint|Condition|Context|Invoke)/.exec(kind)?.[0] ?? "operation"
  ).toLowerCase();
}
