/**
 * One execution in memory: its frames, its pending operations, and the events they report. State changes only in
 * `apply`, with an event that is committed, or will be before anybody outside can tell; a recovery applies the same events
 * through the same code.
 */
import { CompensationError, ExecutionTimedOutError } from "../errors.ts";
import type { Duration } from "../duration.ts";
import type { Host } from "../frame.ts";
import type { Frame } from "../frame.ts";
import type { LogSink } from "../logger.ts";
import type { Observer, TraceContext } from "../observer.ts";
import type { Compensation } from "../undoing.ts";
import type { ExecutionRow, QueuePlace } from "../stores/store.ts";
import type { Transacted, Transacting } from "../stores/transactions.ts";
import type { QueueChoice } from "./queues.ts";
import type { Codec } from "../values/contract.ts";
import type { ExecutionEvent, JournalEvent, Numbered, OperationEvent } from "./events.ts";
import { isOperationEvent, isStop } from "./events.ts";
import type { Named } from "./functions.ts";
import type { Gate } from "./gate.ts";
import { frameHost } from "./host.ts";
import { thenNatively } from "../durablePromise.ts";
import { SeededChance } from "./identity.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import type { Operation, OperationScope } from "./operations/operation.ts";
import { valueOperation } from "./operations/small.ts";
import { launchRoot } from "./launchRoot.ts";
import { MadePromises } from "./made.ts";
import type { PromiseRecord } from "./promises.ts";
import { PromiseTable } from "./promises.ts";
import { receiveSignal } from "./operations/signal.ts";
import { ignoreCancelled } from "./cancel.ts";
import { assertAsked } from "./assertAsked.ts";
import { COMPENSATION, startCompensations } from "./compensation.ts";
import { operationScope } from "./scope.ts";
import { Settings } from "./settings.ts";
import type { Handling } from "./sharing.ts";
import { stateCodec } from "./state.ts";
import type { EndEvent } from "./events.ts";
import type { Leftovers, Outgoing } from "./outgoing.ts";
import type { World } from "./world.ts";
import { drained } from "./world.ts";

/** What an execution asks of its worker. */
export interface ExecutionHooks {
  readonly world: World;
  readonly log: LogSink;
  readonly observer: Observer | null;
  readonly gate: Gate;
  /** Id of a function this process was given. Throws `UnknownFunctionError`. */
  functionId(fn: Named): string;
  /** The queue that an execution which begins here waits in. Throws `UnknownQueueError` and `OperationArgumentError`. */
  placeOf(functionId: string, choice: QueueChoice): QueuePlace | undefined;
  /** How long executions that begin here are kept after their ends; null: for ever. */
  readonly retention: Duration | null;
  /** True: operations that begin now are not started; the next worker starts them. */
  draining(): boolean;
  readonly handling: Handling;
  /** The outbox is no longer empty. */
  ready(execution: Execution): void;
  expire(execution: Execution, op: CallbackOperation, callback: string): void;
  transact(transacting: Omit<Transacting, "epoch">): Promise<Transacted>;
}

export type StartedEvent = Extract<ExecutionEvent, { kind: "ExecutionStarted" }>;

interface Basics extends Pick<ExecutionRow, "id" | "function" | "parent" | "createdAt"> {
  readonly lease: number;
}

export class Execution {
  readonly id: string;
  /** Under which this worker may commit it. */
  readonly lease: number;
  readonly functionId: string;
  /** The execution that waits for this one's end. */
  readonly parent: string | null;
  readonly createdAt: number;
  readonly hooks: ExecutionHooks;
  readonly promises = new PromiseTable((path, foreign) => this.adopt(path, foreign));
  readonly made = new MadePromises(this);
  /** Unfinished frames, in the order they were started. */
  readonly frames = new Set<Frame>();
  /** Pending operations by id, in the order they were started. */
  readonly operations = new Map<string, Operation>();
  readonly outbox: Outgoing[] = [];
  /** Numbers of the messages that were delivered. */
  readonly seen = new Set<number>();
  /** What goes along with the next commit, whatever else is in it. */
  readonly leftovers: Leftovers = { consumed: [], closed: [], posts: [] };
  /** How to undo what was done, in the order it was done. */
  readonly compensations: Compensation[] = [];
  /** Operations that were given up: what was committed about them before is to be ignored. */
  readonly cancelled = new Set<string>();
  /** Signals that nobody has asked for yet: encoded payloads by name, in the order they came. */
  readonly signals = new Map<string, string[]>();
  /** What its contexts were told about themselves. */
  readonly settings = new Settings();
  readonly host: Host;
  readonly scope: OperationScope;
  /** What is to be done as soon as a state is decoded as a whole. */
  readonly decoded: (() => void)[] = [];
  chance = new SeededChance("", 0);
  root: PromiseRecord | null = null;
  /** Time of the last applied event: what `now()` answers. */
  time = 0;
  /** Number of the last applied event. */
  applied = 0;
  ended: EndEvent | null = null;
  /** Why it is being stopped, encoded; null: nobody asked. */
  stopping: string | null = null;
  /** It is being stopped because its time is over. */
  timedOut = false;
  /** When its time is over. */
  timeoutAt: number | null = null;
  /** Of the trace it belongs to; null: nobody observed its start. */
  trace: TraceContext | null = null;
  /** Nothing new is started until it is resumed. */
  paused = false;
  /** It waits in a queue, with this: nothing of it has begun. No state is written before it has. */
  queued: StartedEvent | null = null;
  /** Given up: what its bodies still do is of no interest. */
  disposed = false;
  /** While a tail is re-run: events still to come, by operation. They drive it, so it does not start by itself. */
  private recorded: Map<string, number> | null = null;
  /** Events of the tail that are still to be applied. */
  private left = 0;
  private ownCodec: Codec | null = null;
  /** Null: all that was applied is committed. */
  private held: (() => void)[] | null = null;

  constructor(row: Basics, hooks: ExecutionHooks) {
    this.id = row.id;
    this.lease = row.lease;
    this.functionId = row.function;
    this.parent = row.parent;
    this.createdAt = row.createdAt;
    this.hooks = hooks;
    this.host = frameHost(this);
    this.scope = operationScope(this);
  }

  /** Of its states. Many end before one is written. */
  get codec(): Codec {
    return (this.ownCodec ??= stateCodec(this));
  }

  /** From now on it applies what is not committed yet: bodies wait until it is. */
  runAhead(): void {
    this.held ??= [];
  }

  /** Calls `begin` as soon as what has led to it is committed: now, if it is. */
  whenCommitted(begin: () => void): void {
    if (this.held === null) begin();
    else this.held.push(begin);
  }

  /** All that was applied is. */
  committed(): void {
    const { held } = this;
    this.held = null;
    for (const begin of held ?? []) if (!this.disposed) begin();
  }

  /** Records what a promise of unknown origin comes to. */
  adopt(op: string, foreign: PromiseLike<unknown>): Promise<unknown> {
    const record = this.promises.create({ kind: "operation", op });
    this.begin(valueOperation({ op, site: 0, record }, foreign, this.scope));
    return record.promise;
  }

  /** Pending, by id. */
  operationOf(op: string): Operation | undefined {
    return this.operations.get(op) ?? this.made.find(op);
  }

  /** A new operation: starts, unless events of the tail say how it went. */
  begin(operation: Operation): void {
    this.operations.set(operation.head.op, operation);
    if (this.isLive(operation.head.op) && this.mayStart()) operation.start();
  }

  private mayStart(): boolean {
    return !this.paused && !this.hooks.draining();
  }

  private startAll(): void {
    if (!this.mayStart()) return;
    for (const operation of [...this.operations.values()]) operation.start();
  }

  /** Something is to be committed. */
  get hasNews(): boolean {
    const { consumed, closed, posts } = this.leftovers;
    return this.outbox.length + consumed.length + closed.length + posts.length > 0;
  }

  /** More of the journal is still to be re-run: what code says now it has said before. */
  get folding(): boolean {
    return this.left > 0;
  }

  /** False while events of the tail still say how operation `op` went. */
  isLive(op: string): boolean {
    return !this.recorded?.has(op);
  }

  send(outgoing: Outgoing): void {
    if (this.disposed || this.ended !== null) return;
    const { head } = outgoing;
    // Reported by an operation that a stop has closed meanwhile.
    if (head !== null && this.operationOf(head.op)?.head !== head) return;
    this.outbox.push(outgoing);
    this.hooks.ready(this);
  }

  /** Applies an event. Follow it with `drained()`: then every frame is parked again. */
  apply(event: JournalEvent): void {
    this.applied++;
    this.time = Math.max(this.time, event.time);
    if (isOperationEvent(event)) this.applyToOperation(event);
    else this.applyToAll(event);
  }

  private applyToAll(event: ExecutionEvent): void {
    switch (event.kind) {
      case "ExecutionStarted":
        this.timeoutAt = event.timeoutAt ?? null;
        this.trace = event.trace ?? null;
        if (event.queue === undefined) return launchRoot(this, event);
        this.queued = event;
        return;
      case "ExecutionAdmitted":
        return this.leaveQueue();
      case "StopRequested":
      case "TimeoutReached":
        return this.beginStop(event);
      case "SignalReceived":
        return receiveSignal(this, event);
      case "ExecutionPaused":
        this.paused = true;
        return;
      case "ExecutionResumed":
        this.paused = false;
        if (this.left === 0) this.startAll();
        return;
      case "ExecutionRetried":
        this.timeoutAt = event.timeoutAt ?? null;
        // As its row says since its end.
        this.paused = false;
        return this.leaveQueue();
      default:
        this.ended = event;
    }
  }

  /** These events will be folded: told before anything runs, as a restored state may run on at once. */
  expect(tail: readonly Numbered[]): void {
    this.left = tail.length;
    this.recorded = new Map();
    for (const { event } of tail) {
      if (isOperationEvent(event)) this.recorded.set(event.op, (this.recorded.get(event.op) ?? 0) + 1);
    }
  }

  /** Re-runs the journal after the snapshot, then lets everything that is pending go on. */
  async fold(tail: readonly Numbered[]): Promise<void> {
    for (const { seq, event } of tail) {
      this.left--;
      // Events that a retry has undone leave gaps.
      this.applied = seq - 1;
      this.apply(event);
      if (isOperationEvent(event)) this.countDown(event.op);
      await drained();
    }
    this.recorded = null;
    this.cancelled.clear();
    this.startAll();
  }

  /**
   * Root's outcome becomes the execution's: attached when it starts and when it is restored. Without success, what was done
   * is undone first, and what comes of that is the outcome.
   */
  watchRoot(): void {
    const succeed = (value: unknown): void => {
      if (this.stopping !== null) return this.fail(this.scope.decode(this.stopping));
      try {
        this.end("ExecutionSucceeded", this.scope.encode(value));
      } catch (error) {
        this.fail(error);
      }
    };
    if (this.root !== null) thenNatively(this.root.promise, succeed, (error: unknown) => this.fail(error));
  }

  private fail(error: unknown): void {
    if (this.compensations.length > 0) {
      this.root = this.promises.find(startCompensations(this, error)) ?? null;
      return this.watchRoot();
    }
    const { stopping, timedOut } = this;
    if (stopping === null) return this.end("ExecutionFailed", this.scope.encodeError(error));
    const payload = error instanceof CompensationError ? this.scope.encodeError(error) : stopping;
    this.end(timedOut ? "ExecutionTimedOut" : "ExecutionStopped", payload);
  }

  private end(kind: EndEvent["kind"], payload: string): void {
    const event = { kind, time: this.hooks.world.now(), payload };
    this.send({ head: null, event, snapshot: false, message: null });
  }

  /** The earliest time at which something is to be done. */
  nextTimer(): number | null {
    if (this.paused) return null;
    let next = this.stopping === null ? this.timeoutAt : null;
    for (const operation of this.operations.values()) {
      const at = operation.timer();
      if (at !== null && (next === null || at < next)) next = at;
    }
    return next;
  }

  fireTimers(now: number): void {
    if (this.paused) return;
    if (this.timeoutAt !== null && this.timeoutAt <= now) this.timeOut(now);
    for (const operation of [...this.operations.values()]) {
      const at = operation.timer();
      if (at !== null && at <= now) operation.fire(now);
    }
  }

  /** Nothing can happen before a timer or a message. */
  idle(): boolean {
    if (this.hasNews) return false;
    for (const operation of this.operations.values()) if (operation.busy()) return false;
    return !this.made.busy();
  }

  private timeOut(now: number): void {
    if (this.stopping !== null || this.outbox.some(({ event }) => isStop(event.kind))) return;
    const error = new ExecutionTimedOutError(
      `The execution ${this.id} took longer than its executionTimeout.`,
    );
    const event = { kind: "TimeoutReached", time: now, payload: this.scope.encodeError(error) } as const;
    this.send({ head: null, event, snapshot: false, message: null });
  }

  private leaveQueue(): void {
    const event = this.queued;
    this.queued = null;
    if (event !== null && this.stopping === null) launchRoot(this, event);
  }

  /**
   * Whatever waits for an operation gets the error, so `catch` and `finally` blocks run, and may use operations of their
   * own. Child contexts are not closed: they end as the code in them does.
   */
  private beginStop({
    kind,
    payload,
  }: Extract<ExecutionEvent, { kind: "StopRequested" | "TimeoutReached" }>): void {
    this.stopping = payload;
    this.timedOut = kind === "TimeoutReached";
    // What cleans up has to run.
    this.paused = false;
    const error = this.scope.decode(payload);
    for (const operation of [...this.operations.values()]) {
      if (operation.kind === "context" || operation.head.op.startsWith(COMPENSATION)) continue;
      operation.close?.(error);
      this.scope.finish(operation);
      operation.head.record.reject(error);
    }
    this.made.rejectAll(error);
    this.dropReports();
    // Nothing has begun that could end.
    if (this.queued !== null) this.fail(error);
  }

  /** Of operations that are gone. */
  dropReports(): void {
    const alive = this.outbox.filter(({ head }) => head === null || this.operationOf(head.op) !== undefined);
    this.outbox.splice(0, this.outbox.length, ...alive);
  }

  private applyToOperation(event: OperationEvent): void {
    const operation = this.operationOf(event.op);
    if (operation === undefined && this.cancelled.has(event.op)) return ignoreCancelled(this, event);
    assertAsked(this.id, event, operation);
    operation.apply(event);
  }

  private countDown(op: string): void {
    const left = (this.recorded?.get(op) ?? 0) - 1;
    if (left > 0) this.recorded?.set(op, left);
    else this.recorded?.delete(op);
  }
}
