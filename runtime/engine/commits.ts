/** From an execution's outbox to one commit. */
import { LARGE } from "../stores/cutting.ts";
import type { Commit, EventWrite } from "../stores/store.ts";
import type { ExecutionEvent, JournalEvent, OperationEvent } from "./events.ts";
import { toStored } from "./events.ts";
import { isEnd, isStop } from "./events.ts";
import type { EndEvent, Execution } from "./execution.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Running } from "./load.ts";
import type { MessageBody } from "./messages.ts";
import type { InvokeOperation } from "./operations/invoke.ts";
import { toNewExecution } from "./starts.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import type { Occasion, Snapshots } from "./snapshots.ts";
import { saveState } from "./state.ts";

/**
 * Events of one execution in one commit: more wait for the next. A thousand steps that end at the same moment share one; what
 * a resume has to re-run after it is then as long as that moment was wide, never as long as the past.
 */
const EVENTS_MAX = 1_024;

export interface Prepared {
  readonly running: Running;
  readonly events: readonly JournalEvent[];
  readonly commit: Commit;
}

/**
 * Takes what a commit may hold from the outbox. The execution is parked: its state is the one after its last applied event.
 * This runs for every event of every execution: what most events have nothing of costs nothing.
 */
export function prepareCommit(running: Running, moment: Moment): Prepared {
  const { execution, snapshots, wakeAt } = running;
  // All that was committed before is applied.
  execution.cancelled.clear();
  const { leftovers } = execution;
  const batch = takeBatch(execution.outbox);
  const events: JournalEvent[] = [];
  const stored: EventWrite[] = [];
  const opened: Commit["opened"][number][] = [];
  const consumed = takeAll(leftovers.consumed);
  let journalBytes = 0;
  let forced = execution.hooks.handling.everyAwait;
  let isPlain = leftovers.posts.length === 0;
  for (const outgoing of batch) {
    const event = toEvent(outgoing);
    events.push(event);
    const whole = toStored(execution.applied + events.length, event);
    stored.push(whole.body.length < LARGE ? whole : snapshots.cut(whole));
    journalBytes += Buffer.byteLength(whole.body);
    forced ||= outgoing.snapshot;
    if (outgoing.message !== null) consumed.push(outgoing.message);
    if (event.kind === "CallbackStarted") opened.push(toRow(event));
    // Only of these does another execution hear, or the row.
    isPlain &&= outgoing.head !== null && outgoing.start === undefined;
  }
  // Both are last if they are there.
  const last = isPlain ? undefined : events.at(-1);
  const end = last !== undefined && isEnd(last) ? last : undefined;
  const stopped = last !== undefined && isStop(last.kind);
  const wake = end === undefined ? nextWake(execution, events, { now: moment.now, wakeAt }) : null;
  const pausing = isSleep(wake, moment);
  const occasion = { seq: execution.applied, journalBytes, events: events.length, forced, pausing };
  const snapshot = end === undefined ? considerState(execution, snapshots, occasion) : undefined;
  const closed = takeAll(leftovers.closed);
  // Those that open here are told of with it: the stop has not been applied yet.
  if (stopped || end !== undefined) closed.push(...openCallbacks(execution), ...opened.map(({ id }) => id));
  const { id, lease } = execution;
  const commit = { execution: id, lease, events: stored, wakeAt: wake, consumed, opened, closed };
  if (isPlain && snapshot === undefined) return { running, events, commit };
  return {
    running,
    events,
    commit: {
      ...commit,
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(end === undefined ? {} : { end: toEnd(end) }),
      ...(isPlain ? {} : toOthers(execution, { batch, stopped, end })),
    },
  };
}

function considerState(execution: Execution, snapshots: Snapshots, occasion: Occasion): Commit["snapshot"] {
  // It has none before it has begun.
  if (execution.queued !== null) return undefined;
  return snapshots.consider(occasion, () => saveState(execution));
}

/** Empties a list that is empty most of the time. */
function takeAll<T>(list: T[]): T[] {
  return list.length === 0 ? [] : list.splice(0);
}

interface Told {
  readonly batch: readonly Outgoing[];
  readonly stopped: boolean;
  readonly end: EndEvent | undefined;
}

/** What happens to other executions with this commit. */
function toOthers(
  execution: Execution,
  { batch, stopped, end }: Told,
): Pick<Commit, "starts" | "posts" | "paused"> {
  const { hooks, parent, id } = execution;
  const retention = hooks.retention === null ? {} : { retention: hooks.retention };
  const starts = batch.flatMap(({ head, start }) => {
    if (start === undefined) return [];
    const trace = head === null ? null : (hooks.observer?.invoking?.(execution, head) ?? null);
    return [toNewExecution({ ...retention, ...start, trace }, hooks.world)];
  });
  const posts = execution.leftovers.posts.splice(0);
  const post = (to: string, body: MessageBody): void =>
    void posts.push({ execution: to, body: JSON.stringify(body) });
  if (stopped) {
    const reason = `${id}, which invoked it, was stopped`;
    const children = [...openChildren(execution), ...starts.map((start) => start.id)];
    for (const child of children) post(child, { kind: "stop", reason, parent: true });
  }
  if (end !== undefined && parent !== null) {
    const succeeded = end.kind === "ExecutionSucceeded";
    post(parent, { kind: "invoked", child: id, succeeded, payload: end.payload });
  }
  const pauses = batch.flatMap(({ event }) =>
    event.kind === "ExecutionPaused" || event.kind === "ExecutionResumed" ? [event.kind] : [],
  );
  return {
    ...(stopped && execution.paused
      ? { paused: false }
      : pauses.length === 0
        ? {}
        : { paused: pauses.at(-1) === "ExecutionPaused" }),
    ...(starts.length === 0 ? {} : { starts }),
    ...(posts.length === 0 ? {} : { posts }),
  };
}

export interface Moment {
  readonly now: number;
  /** An execution that has nothing to do for longer leaves memory. */
  readonly lingerMs: number;
}

function isSleep(wakeAt: number | null, { now, lingerMs }: Moment): boolean {
  return wakeAt === null || wakeAt > now + lingerMs;
}

/** The commit of an execution that leaves memory although its last event did not say so: its state, and its wake time. */
export function wakeCommit({ execution, snapshots }: Running): Commit {
  const occasion = { seq: execution.applied, journalBytes: 0, events: 0, forced: false, pausing: true };
  const snapshot = considerState(execution, snapshots, occasion);
  return {
    execution: execution.id,
    lease: execution.lease,
    events: [],
    ...(snapshot === undefined ? {} : { snapshot }),
    wakeAt: execution.nextTimer(),
    consumed: [],
    opened: [],
    closed: [],
  };
}

/** Of an execution that cannot go on here. */
export function parkCommit(held: Pick<Commit, "execution" | "lease">, problem: string): Commit {
  return { ...held, events: [], wakeAt: null, consumed: [], opened: [], closed: [], problem };
}

/** Executions that began with these commits, and those that were left messages. */
export function findOthers(commits: readonly Commit[]): ReadonlySet<string> {
  const others = new Set<string>();
  for (const { starts, posts } of commits) {
    for (const { id, queue } of starts ?? []) if (queue === undefined) others.add(id);
    for (const { execution } of posts ?? []) others.add(execution);
  }
  return others;
}

/** The end of an execution is its last event, whatever else was reported at the same moment. */
function takeBatch(outbox: Outgoing[]): Outgoing[] {
  if (outbox.length === 1) return outbox.splice(0);
  // What comes after a stop is decided when it has been applied.
  const last = outbox.findIndex(({ event }) => isEnd(event) || isStop(event.kind));
  const batch = outbox.splice(0, last < 0 ? EVENTS_MAX : Math.min(EVENTS_MAX, last + 1));
  if (batch.some(({ event }) => isEnd(event))) outbox.length = 0;
  return batch;
}

/** An operation's checkpoint is known only now: its label came after its call. */
function toEvent({ head, event }: Outgoing): JournalEvent {
  if (head === null) return event as ExecutionEvent;
  const { op, name, site, at } = head;
  if (name !== undefined && at !== undefined) return { op, name, site, at, ...event } as OperationEvent;
  const ref = { op, ...(name === undefined ? {} : { name }), site, ...(at === undefined ? {} : { at }) };
  return { ...ref, ...event } as OperationEvent;
}

const STATUSES = {
  ExecutionSucceeded: "SUCCEEDED",
  ExecutionFailed: "FAILED",
  ExecutionStopped: "STOPPED",
  ExecutionTimedOut: "TIMED_OUT",
} as const;

function toEnd({ kind, time }: EndEvent): NonNullable<Commit["end"]> {
  return { status: STATUSES[kind], at: time };
}

function toRow(event: Extract<JournalEvent, { kind: "CallbackStarted" }>): Commit["opened"][number] {
  const { callback, op, timeoutAt, heartbeatMs, time } = event;
  return { id: callback, op, timeoutAt, heartbeatMs, heartbeatAt: time };
}

function openCallbacks(execution: Execution): string[] {
  return [...execution.operations.values()].flatMap((operation) => {
    const callback = operation.kind === "callback" ? (operation as CallbackOperation).state.callback : null;
    return callback === null ? [] : [callback];
  });
}

function openChildren(execution: Execution): string[] {
  return [...execution.operations.values()].flatMap((operation) => {
    const child = operation.kind === "invoke" ? (operation as InvokeOperation).state.child : null;
    return child === null ? [] : [child];
  });
}

/** Events after which an operation only waits for a time. */
const PAUSES: readonly string[] = ["InvokeStarted", "WaitStarted", "StepRetryScheduled", "ConditionPolled"];

/**
 * When a worker that finds the execution unattended must look at it: now, if work goes on after this commit; else at
 * its earliest timer, those of these events included.
 */
function nextWake(
  execution: Execution,
  events: readonly JournalEvent[],
  { now, wakeAt }: { readonly now: number; readonly wakeAt: number | null },
): number | null {
  // Any time that is over will do: the one in the row costs no write.
  const atOnce = wakeAt !== null && wakeAt <= now ? wakeAt : now;
  if (execution.outbox.length > 0 || events.some(({ kind }) => !PAUSES.includes(kind))) return atOnce;
  const reported = new Set(events.map((event) => ("op" in event ? event.op : "")));
  for (const operation of execution.operations.values()) {
    if (!reported.has(operation.head.op) && operation.busy()) return atOnce;
  }
  if (execution.made.busy()) return atOnce;
  const times = events.map((event) =>
    event.kind === "WaitStarted"
      ? event.until
      : event.kind === "StepRetryScheduled" || event.kind === "ConditionPolled"
        ? event.retryAt
        : Infinity,
  );
  const earliest = Math.min(execution.nextTimer() ?? Infinity, ...times);
  return earliest === Infinity ? null : earliest;
}
