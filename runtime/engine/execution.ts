/**
 * One execution in memory: its frames, its pending operations, and the events they report. State changes only in
 * `apply`, with an event that is committed; a recovery applies the same events through the same code.
 */
import type { Slots } from "../contract.ts";
import { NonDeterminismError, UnplaceableStateError } from "../errors.ts";
import type { Host } from "../frame.ts";
import { Frame, launch } from "../frame.ts";
import type { LogSink } from "../logger.ts";
import { findMachine } from "../registry.ts";
import type { Codec } from "../values/contract.ts";
import type { ExecutionEvent, JournalEvent, OperationEvent, OperationReport } from "./events.ts";
import { isOperationEvent } from "./events.ts";
import { frameHost } from "./host.ts";
import { rootArguments } from "../rootArguments.ts";
import { SeededChance } from "./identity.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import type { Operation, OperationHead, OperationScope } from "./operations/operation.ts";
import type { PromiseRecord } from "./promises.ts";
import { PromiseTable } from "./promises.ts";
import { operationScope } from "./scope.ts";
import { stateCodec } from "./state.ts";
import type { World } from "./world.ts";
import { drained } from "./world.ts";

/** An event on its way to the journal. */
export interface Outgoing {
  readonly head: OperationHead | null;
  readonly event: OperationReport | ExecutionEvent;
  /** The state before it has to be written with it, whatever its size. */
  readonly snapshot: boolean;
  /** The message it answers. */
  readonly message: number | null;
}

/** What an execution asks of its worker. */
export interface ExecutionHooks {
  readonly world: World;
  readonly log: LogSink;
  /** True: operations that begin now are not started; the next worker starts them. */
  draining(): boolean;
  /** For tests: an await of a plain value is an event too, so that the state is written at every await. */
  readonly everyAwait: boolean;
  /** The outbox is no longer empty. */
  ready(execution: Execution): void;
  expire(execution: Execution, op: CallbackOperation, callback: string): void;
}

export type EndEvent = Extract<ExecutionEvent, { kind: `Execution${"Succeeded" | "Failed" | "Stopped"}` }>;

/** The kinds of event each kind of operation is driven by. */
const DRIVES: Readonly<Record<Operation["kind"], RegExp>> = {
  step: /^Step/,
  wait: /^Wait/,
  callback: /^Callback/,
  checkpoint: /^Checkpoint/,
  value: /^Value/,
  condition: /^Condition/,
  context: /^Context/,
};

export class Execution {
  readonly id: string;
  readonly functionId: string;
  readonly hooks: ExecutionHooks;
  readonly promises = new PromiseTable();
  /** Unfinished frames, in the order they were started. */
  readonly frames = new Set<Frame>();
  /** Pending operations by id, in the order they were started. */
  readonly operations = new Map<string, Operation>();
  readonly outbox: Outgoing[] = [];
  /** Numbers of the messages that were delivered. */
  readonly seen = new Set<number>();
  /** Messages that came too late to matter: consumed with the next commit. */
  readonly stale: number[] = [];
  readonly host: Host;
  readonly scope: OperationScope;
  readonly codec: Codec;
  chance = new SeededChance("", 0);
  root: PromiseRecord | null = null;
  /** Time of the last applied event: what `now()` answers. */
  time = 0;
  /** Number of the last applied event. */
  applied = 0;
  ended: EndEvent | null = null;
  /** Why it is being stopped, encoded; null: nobody asked. */
  stopping: string | null = null;
  /** Given up: what its bodies still do is of no interest. */
  disposed = false;
  /** While a tail is re-run: events still to come, by operation. They drive it, so it does not start by itself. */
  private recorded: Map<string, number> | null = null;
  /** Events of the tail that are still to be applied. */
  private left = 0;

  constructor(id: string, functionId: string, hooks: ExecutionHooks) {
    this.id = id;
    this.functionId = functionId;
    this.hooks = hooks;
    this.host = frameHost(this);
    this.scope = operationScope(this);
    this.codec = stateCodec(this);
  }

  /** A new operation: starts, unless events of the tail say how it went. */
  begin(operation: Operation): void {
    this.operations.set(operation.head.op, operation);
    if (this.isLive(operation.head.op) && !this.hooks.draining()) operation.start();
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
    if (head !== null && this.operations.get(head.op)?.head !== head) return;
    this.outbox.push(outgoing);
    this.hooks.ready(this);
  }

  /** Applies a committed event. Follow it with `drained()`: then every frame is parked again. */
  apply(event: JournalEvent): void {
    this.applied++;
    this.time = Math.max(this.time, event.time);
    if (isOperationEvent(event)) this.applyToOperation(event);
    else if (event.kind === "ExecutionStarted") this.launchRoot(event);
    else if (event.kind === "StopRequested") this.beginStop(event);
    else this.ended = event;
  }

  /** These events will be folded: told before anything runs, as a restored state may run on at once. */
  expect(tail: readonly JournalEvent[]): void {
    this.left = tail.length;
    this.recorded = new Map();
    for (const event of tail) {
      if (isOperationEvent(event)) this.recorded.set(event.op, (this.recorded.get(event.op) ?? 0) + 1);
    }
  }

  /** Re-runs the journal after the snapshot, then lets everything that is pending go on. */
  async fold(tail: readonly JournalEvent[]): Promise<void> {
    for (const event of tail) {
      this.left--;
      this.apply(event);
      if (isOperationEvent(event)) this.countDown(event.op);
      await drained();
    }
    this.recorded = null;
    for (const operation of [...this.operations.values()]) operation.start();
  }

  /** Root's outcome becomes the execution's: attached when it starts and when it is restored. */
  watchRoot(): void {
    const { hooks, root } = this;
    const end = (event: ExecutionEvent): void =>
      this.send({ head: null, event, snapshot: false, message: null });
    const stop = (payload: string): void =>
      end({ kind: "ExecutionStopped", time: hooks.world.now(), payload });
    const fail = (error: unknown): void =>
      this.stopping !== null
        ? stop(this.stopping)
        : end({
            kind: "ExecutionFailed",
            time: hooks.world.now(),
            payload: this.scope.encodeError(error),
          });
    root?.promise.then((value) => {
      if (this.stopping !== null) return stop(this.stopping);
      try {
        end({ kind: "ExecutionSucceeded", time: hooks.world.now(), payload: this.scope.encode(value) });
      } catch (error) {
        fail(error);
      }
    }, fail);
  }

  /** The earliest time at which something is to be done. */
  nextTimer(): number | null {
    let next: number | null = null;
    for (const operation of this.operations.values()) {
      const at = operation.timer();
      if (at !== null && (next === null || at < next)) next = at;
    }
    return next;
  }

  fireTimers(now: number): void {
    for (const operation of [...this.operations.values()]) {
      const at = operation.timer();
      if (at !== null && at <= now) operation.fire(now);
    }
  }

  /** Nothing can happen before a timer or a message. */
  idle(): boolean {
    if (this.outbox.length > 0 || this.stale.length > 0) return false;
    for (const operation of this.operations.values()) if (operation.busy()) return false;
    return true;
  }

  private launchRoot(event: Extract<ExecutionEvent, { kind: "ExecutionStarted" }>): void {
    const definition = findMachine(event.function);
    if (definition?.enter === undefined) {
      throw new UnplaceableStateError(
        `This worker has no durable function ${event.function}. Load the module that holds it, or run a worker of the ` +
          `build that does.`,
      );
    }
    this.chance = new SeededChance(event.seed, 0);
    const input = this.scope.decode(event.payload);
    const frame = new Frame(definition);
    const enter = definition.enter as (...args: unknown[]) => Slots;
    const args = rootArguments(definition.enter, input, this.host);
    const promise = launch(frame, { enter, self: undefined, args }, this.host.begin(frame, null));
    this.root = this.promises.find(promise) ?? null;
    this.watchRoot();
  }

  /**
   * Whatever waits for an operation gets the error, so `catch` and `finally` blocks run, and may use operations of their
   * own. Child contexts are not closed: they end as the code in them does.
   */
  private beginStop({ payload }: Extract<ExecutionEvent, { kind: "StopRequested" }>): void {
    this.stopping = payload;
    const error = this.scope.decode(payload);
    for (const operation of [...this.operations.values()]) {
      if (operation.kind === "context") continue;
      operation.close?.(error);
      this.scope.finish(operation);
      operation.head.record.reject(error);
    }
    const alive = this.outbox.filter(({ head }) => head === null || this.operations.has(head.op));
    this.outbox.splice(0, this.outbox.length, ...alive);
  }

  private applyToOperation(event: OperationEvent): void {
    const operation = this.operations.get(event.op);
    if (operation === undefined) {
      throw new NonDeterminismError(
        `The journal of ${this.id} says ${describe(event)}, but the code did not start operation ${event.op}. ${ADVICE}`,
      );
    }
    const { head, kind } = operation;
    if (!DRIVES[kind].test(event.kind) || head.site !== event.site || head.name !== event.name) {
      const asked = `${kind}${head.name === undefined ? "" : ` "${head.name}"`} at checkpoint ${head.site}`;
      throw new NonDeterminismError(
        `The journal of ${this.id} says ${describe(event)} for operation ${event.op}, but the code asked for ${asked}` +
          `${head.at === undefined ? "" : ` (${head.at})`}. ${ADVICE}`,
      );
    }
    operation.apply(event);
  }

  private countDown(op: string): void {
    const left = (this.recorded?.get(op) ?? 0) - 1;
    if (left > 0) this.recorded?.set(op, left);
    else this.recorded?.delete(op);
  }
}

const ADVICE =
  "The code between two checkpoints did something else than before: look for the clock, randomness, or data that " +
  "changed outside a step, or for a deploy that changed the function.";

function describe(event: OperationEvent): string {
  const name = event.name === undefined ? "" : ` "${event.name}"`;
  return `${event.kind}${name} at checkpoint ${event.site}${event.at === undefined ? "" : ` (${event.at})`}`;
}
