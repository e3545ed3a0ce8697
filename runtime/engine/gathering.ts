/** What one execution adds in one turn: its reports become events, numbered and applied, and all of them one commit. */
import { LARGE } from "../stores/cutting.ts";
import type { Commit, EventWrite } from "../stores/store.ts";
import { type EndEvent, isEnd, isStop, toStored } from "./events.ts";
import type { ExecutionEvent, JournalEvent, OperationEvent } from "./events.ts";
import type { Execution } from "./execution.ts";
import { type Running, toMisfit } from "./load.ts";
import type { MessageBody } from "./messages.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import type { InvokeOperation } from "./operations/invoke.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Occasion } from "./snapshots.ts";
import { toNewExecution } from "./starts.ts";
import { saveState } from "./state.ts";

/**
 * Events of one execution in one commit: more wait for the next. A thousand steps that end at the same moment share one; what
 * a resume has to re-run after it is then as long as that moment was wide, never as long as the past.
 */
const EVENTS_MAX = 1_024;

export interface Moment {
  readonly now: number;
  /** An execution that has nothing to do for longer leaves memory. */
  readonly lingerMs: number;
}

/** There is one for every commit of every execution: what most have nothing of costs nothing. */
export class Gathering {
  readonly running: Running;
  /** In their order. */
  readonly events: JournalEvent[] = [];
  /** One of them could not be applied: code and journal do not fit. */
  problem: { readonly error: unknown } | null = null;
  private readonly stored: EventWrite[] = [];
  private applied = 0;
  private journalBytes = 0;
  private forced: boolean;
  private consumed: number[] | null = null;
  private opened: Commit["opened"][number][] | null = null;
  private closed: string[] | null = null;
  private starts: NonNullable<Commit["starts"]>[number][] | null = null;
  /** Executions that it invoked and whose end nobody waits for any more. */
  private orphans: string[] | null = null;
  private paused: boolean | null = null;
  private end: EndEvent | null = null;
  private made: Commit | null = null;

  constructor(running: Running) {
    this.running = running;
    this.forced = running.execution.hooks.handling.everyAwait;
  }

  /** Takes what it has reported since. */
  gather(): void {
    const { execution } = this.running;
    // All that was gathered before is applied.
    execution.cancelled.clear();
    for (const outgoing of takeBatch(execution.outbox, EVENTS_MAX - this.events.length)) this.add(outgoing);
  }

  /** It has reported more, which may be in the same commit. */
  get goesOn(): boolean {
    const { execution } = this.running;
    if (execution.outbox.length === 0 || execution.ended !== null || this.problem !== null) return false;
    return this.events.length < EVENTS_MAX && !execution.disposed;
  }

  get hasUnapplied(): boolean {
    return this.applied < this.events.length && this.problem === null && !this.running.execution.disposed;
  }

  applyNext(): void {
    try {
      this.running.execution.apply(this.events[this.applied++] as JournalEvent);
    } catch (error) {
      this.problem = { error: toMisfit(error) };
    }
  }

  get commit(): Commit {
    if (this.made === null) throw new TypeError("The commit has not been made.");
    return this.made;
  }

  /** The execution is parked: its state is the one after its last applied event. */
  toCommit(moment: Moment): Commit {
    const { execution } = this.running;
    const { leftovers, id, lease } = execution;
    if (leftovers.consumed.length > 0) (this.consumed ??= []).push(...leftovers.consumed.splice(0));
    if (leftovers.closed.length > 0) (this.closed ??= []).push(...leftovers.closed.splice(0));
    const { stored: events, end, consumed, opened, closed } = this;
    const wakeAt = end === null ? this.nextWake(moment.now) : null;
    const lists = { consumed: consumed ?? NONE, opened: opened ?? NONE, closed: closed ?? NONE };
    const commit = { execution: id, lease, events, wakeAt, ...lists };
    const snapshot = end === null ? this.toSnapshot(isSleep(wakeAt, moment)) : undefined;
    const others = this.tellsOthers ? this.toOthers() : null;
    return (this.made =
      snapshot === undefined && others === null
        ? commit
        : { ...commit, ...(snapshot === undefined ? {} : { snapshot }), ...others });
  }

  private add(outgoing: Outgoing): void {
    const { execution, snapshots } = this.running;
    const event = toEvent(outgoing);
    const whole = toStored(execution.applied + this.events.length - this.applied + 1, event);
    this.events.push(event);
    this.stored.push(whole.body.length < LARGE ? whole : snapshots.cut(whole));
    this.journalBytes += Buffer.byteLength(whole.body);
    this.forced ||= outgoing.snapshot;
    if (outgoing.message !== null) (this.consumed ??= []).push(outgoing.message);
    if (event.kind === "CallbackStarted") (this.opened ??= []).push(toRow(event));
    if (outgoing.start !== undefined) this.addStart(outgoing);
    if (outgoing.head === null) this.addOfAll(event);
  }

  private addStart({ head, start }: Outgoing): void {
    const { execution } = this.running;
    const { retention, observer, world } = execution.hooks;
    if (start === undefined || head === null) return;
    const trace = observer?.invoking?.(execution, head) ?? null;
    const kept = retention === null ? {} : { retention };
    (this.starts ??= []).push(toNewExecution({ ...kept, ...start, trace }, world));
  }

  private addOfAll(event: JournalEvent): void {
    const { execution } = this.running;
    if (event.kind === "ExecutionPaused") this.paused = true;
    if (event.kind === "ExecutionResumed") this.paused = false;
    const isStopped = isStop(event.kind);
    if (isEnd(event)) this.end = event;
    else if (!isStopped) return;
    // It has not been applied yet, nor have those that open with it: their callbacks are told of here.
    const opened = (this.opened ?? []).map(({ id }) => id);
    (this.closed ??= []).push(...openCallbacks(execution), ...opened);
    if (!isStopped) return;
    // What cleans up has to run.
    if (execution.paused || this.paused === true) this.paused = false;
    this.orphans = [...openChildren(execution), ...(this.starts ?? []).map(({ id }) => id)];
  }

  /** The state lies before what has not been applied yet. */
  private toSnapshot(pausing: boolean): Commit["snapshot"] {
    const { execution } = this.running;
    // It has none before it has begun, and none that fits no code.
    if (execution.queued !== null || this.problem !== null) return undefined;
    const { journalBytes, forced, events } = this;
    const after = events.length - this.applied;
    const occasion = { seq: execution.applied, journalBytes, events: events.length, after, forced, pausing };
    return considerState(this.running, occasion);
  }

  private get tellsOthers(): boolean {
    const { leftovers } = this.running.execution;
    if (this.end !== null || this.orphans !== null || this.paused !== null) return true;
    return this.starts !== null || leftovers.posts.length > 0;
  }

  /** What happens to other executions with this commit, and to its row. */
  private toOthers(): Pick<Commit, "starts" | "posts" | "paused" | "end"> {
    const { starts, end, paused, orphans } = this;
    const { leftovers, parent, id } = this.running.execution;
    const posts = leftovers.posts.splice(0);
    const post = (to: string, body: MessageBody): void =>
      void posts.push({ execution: to, body: JSON.stringify(body) });
    const reason = `${id}, which invoked it, was stopped`;
    for (const child of orphans ?? []) post(child, { kind: "stop", reason, parent: true });
    if (end !== null && parent !== null) {
      const succeeded = end.kind === "ExecutionSucceeded";
      post(parent, { kind: "invoked", child: id, succeeded, payload: end.payload });
    }
    return {
      ...(end === null ? {} : { end: { status: STATUSES[end.kind], at: end.time } }),
      ...(paused === null ? {} : { paused }),
      ...(starts === null ? {} : { starts }),
      ...(posts.length === 0 ? {} : { posts }),
    };
  }

  /**
   * When a worker that finds the execution unattended must look at it: now, if work goes on after this commit; else at its
   * earliest timer.
   */
  private nextWake(now: number): number | null {
    const { execution, wakeAt } = this.running;
    if (!this.hasUnapplied && this.problem === null && execution.idle()) return execution.nextTimer();
    // Any time that is over will do: the one in the row costs no write.
    return wakeAt !== null && wakeAt <= now ? wakeAt : now;
  }
}

const NONE: never[] = [];

const STATUSES = {
  ExecutionSucceeded: "SUCCEEDED",
  ExecutionFailed: "FAILED",
  ExecutionStopped: "STOPPED",
  ExecutionTimedOut: "TIMED_OUT",
} as const;

export function considerState({ execution, snapshots }: Running, occasion: Occasion): Commit["snapshot"] {
  return snapshots.consider(occasion, () => saveState(execution));
}

function isSleep(wakeAt: number | null, { now, lingerMs }: Moment): boolean {
  return wakeAt === null || wakeAt > now + lingerMs;
}

/** The end of an execution is its last event, whatever else was reported at the same moment. */
function takeBatch(outbox: Outgoing[], max: number): Outgoing[] {
  if (outbox.length <= 1) return outbox.splice(0);
  // What comes after a stop is decided when it has been applied.
  const last = outbox.findIndex(({ event }) => isEnd(event) || isStop(event.kind));
  const batch = outbox.splice(0, last < 0 ? max : Math.min(max, last + 1));
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
