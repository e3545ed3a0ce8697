/**
 * The engine as services use it: opens a store, starts durable functions, and runs them if nobody else does.
 */
import type { Duration } from "../duration.ts";
import { checkSignal } from "../signals.ts";
import type { FunctionCounts } from "../stores/counts.ts";
import type { ExecutionRow, ListFilter, Store } from "../stores/store.ts";
import { StoreUnavailableError, UnknownExecutionError } from "../errors.ts";
import type { LogSink } from "../logger.ts";
import type { Observer } from "../observer.ts";
import type { DurableContext } from "../context.ts";
import type { ForkOptions, RetryOptions } from "./again.ts";
import type { Announce } from "./announce.ts";
import { forkExecution, retryExecution } from "./again.ts";
import type { Queues } from "./queues.ts";
import type { ExecutionState } from "./query.ts";
import { readState } from "./query.ts";
import type { Functions } from "./functions.ts";
import type { Gate } from "./gate.ts";
import type { HistoryEvent, HistoryRange } from "./history.ts";
import { readHistory } from "./history.ts";
import type { ResumeReport } from "./load.ts";
import { Creations } from "./creations.ts";
import type { Limits } from "./limits.ts";
import { Presence } from "./presence.ts";
import type { MessageBody } from "./messages.ts";
import { encodeError, encodeInput } from "./scope.ts";
import { SignalLimit } from "./signalLimit.ts";
import { payloadCodec } from "./state.ts";
import { type ExecutionSummary, type ExecutionView, readView, toSummary } from "./view.ts";
import type { EnqueueOptions, StartOptions } from "./starts.ts";
import { recordInside, recordStart } from "./recordStart.ts";
import type { Restarting } from "./restarting.ts";
import type { Handling } from "./sharing.ts";
import { Waiters } from "./waiters.ts";
import type { Worker } from "./worker.ts";
import type { OperationAtWork, World } from "./world.ts";

/** A compiled durable function. */
export type DurableFunction<I = never, O = unknown> = (input: I, context: DurableContext) => Promise<O>;

export interface EngineParts {
  readonly store: Store;
  readonly functions: Functions;
  readonly retention: Duration | null;
  readonly keepEvents: number | null;
  readonly worker: boolean;
  readonly world: World;
  readonly limits: Limits;
  readonly queues: Queues;
  readonly gate: Gate;
  readonly lingerMs: number;
  /** After so long a silence of a worker others may take its executions. */
  readonly leaseMs: number;
  /** Which code this process has. */
  readonly build: string;
  readonly log: LogSink;
  readonly observer: Observer | null;
  readonly announce: Announce;
  readonly restarting: Restarting | null;
  readonly handling: Handling;
  readonly onError: (error: Error, execution: string | null) => void;
}

export class Engine {
  private readonly parts: EngineParts;
  private readonly presence: Presence;
  private readonly waiters: Waiters;
  private readonly creations: Creations;
  private readonly signalLimit: SignalLimit;

  private constructor(parts: EngineParts) {
    this.parts = parts;
    this.signalLimit = new SignalLimit(parts.limits.signals);
    this.waiters = new Waiters(parts.store);
    this.presence = new Presence(parts, this.waiters);
    this.creations = new Creations(parts.store, () => this.worker?.epochForNew);
  }

  static async open(parts: EngineParts): Promise<Engine> {
    const engine = new Engine(parts);
    await engine.presence.open();
    return engine;
  }

  private get worker(): Worker | null {
    return this.presence.worker;
  }

  /**
   * Starts an execution, or finds the one that has this id. Resolves once it is recorded. Throws
   * `UnknownFunctionError`, `InputTooLargeError`, `EncodeError`, and `ExecutionExistsError` when the id belongs to
   * another function or input.
   */
  async start<I>(
    fn: DurableFunction<I> | string,
    input: I,
    { id = this.parts.world.uuid(), ...options }: StartOptions & { readonly id?: string } = {},
  ): Promise<{ readonly id: string; readonly created: boolean }> {
    this.assertOpen();
    const recording = { ...this.parts, creations: this.creations };
    try {
      const started = await recordStart(recording, { fn, input, id, options });
      if (started !== null) await this.worker?.begin(started);
      return { id, created: started !== null };
    } catch (error) {
      // It may be there, and leased to this worker.
      if (error instanceof StoreUnavailableError) this.presence.failed(error);
      throw error;
    }
  }

  /**
   * `start` inside a transaction of yours on the store's database: it exists exactly if you commit. `client`: one of `pg`, or
   * a `DatabaseSync` of `node:sqlite`. Throws what `start` throws, and `StoreError` for a client of something else.
   */
  async enqueue<I>(client: unknown, fn: DurableFunction<I> | string, options: EnqueueOptions<I>) {
    this.assertOpen();
    return recordInside(this.parts, client, { fn, ...options });
  }

  /**
   * Resolves with the result, or rejects with the error, as soon as the execution has ended, wherever it runs. Rejects with
   * the reason of `signal` when that is aborted first: `AbortSignal.timeout(30_000)` waits for half a minute.
   */
  async result(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    this.assertOpen();
    const promise = this.waiters.add(id, signal);
    try {
      // One that this worker has in memory has not ended yet; of any other the store knows.
      if (this.worker?.has(id) !== true) await this.waiters.settle(id);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      // Asked again when the server answers.
      this.presence.failed(error);
    }
    // Who gives up meanwhile has told those who waited then.
    this.assertOpen();
    return promise;
  }

  async get(id: string): Promise<ExecutionView | null> {
    this.assertOpen();
    return readView(this.parts.store, id, this.worker?.snapshotProblem(id) ?? null);
  }

  /** Newest first, without inputs and outcomes: `get` has those of one. */
  async list(filter: ListFilter = {}): Promise<readonly ExecutionSummary[]> {
    this.assertOpen();
    return (await this.parts.store.list(filter)).map((row) => toSummary(row, null));
  }

  /** How many executions there are, by function and state. Looks at every one that runs: for people, now and then. */
  async counts(): Promise<readonly FunctionCounts[]> {
    this.assertOpen();
    return this.parts.store.counts(this.parts.world.now());
  }

  /** Events in their order, all or a range. Throws `UnknownExecutionError`. */
  async history(id: string, range: HistoryRange = {}): Promise<readonly HistoryEvent[]> {
    await this.row(id);
    return readHistory(this.parts.store, id, range);
  }

  /** Ends a running execution as STOPPED. Resolves when the order is recorded; false if it had ended already. */
  async stop(id: string, reason = "no reason given"): Promise<boolean> {
    return this.tell(id, { kind: "stop", reason });
  }

  /**
   * Sends a signal: see `waitForSignal`. Resolves when it is recorded; false if the execution had ended already. Throws
   * `EncodeError`, `InputTooLargeError`, and `SignalsFullError` when too many of its signals wait to be asked for.
   */
  async signal(id: string, name: string, payload?: unknown): Promise<boolean> {
    this.assertOpen();
    checkSignal("signal", name);
    const encoded = encodeInput(payload, this.parts.limits.inputBytes);
    await this.signalLimit.assertRoom(this.parts.store, id);
    return this.tell(id, { kind: "signal", name, payload: encoded });
  }

  /**
   * Nothing new of the execution is started, and no timer of it fires, until it is resumed; what is under way is finished
   * and recorded. Both resolve when the order is recorded; false if the execution had ended already.
   */
  async pause(id: string): Promise<boolean> {
    return this.tell(id, { kind: "pause" });
  }

  async resume(id: string): Promise<boolean> {
    const { problem } = await this.row(id);
    if (problem !== null && (await this.parts.store.unpark(id, this.parts.world.now()))) {
      await this.worker?.wake([id]);
      return true;
    }
    return this.tell(id, { kind: "resume" });
  }

  /**
   * The variables and pending operations of a running execution, after its last recorded event, without disturbing it; null
   * once it has ended. This process needs its code: code between checkpoints may run again here, as in a recovery.
   */
  async query(id: string): Promise<ExecutionState | null> {
    await this.row(id);
    return readState(this.parts, id);
  }

  /** An execution that failed, timed out or was stopped goes on from before that. Throws `RetryRefusedError`. */
  async retry(id: string, options: RetryOptions = {}): Promise<void> {
    this.assertOpen();
    await retryExecution(this.parts, id, options);
    await this.worker?.wake([id]);
  }

  /** Another execution goes on from the past of this one. Throws `RetryRefusedError`. */
  async fork(id: string, options: ForkOptions = {}): Promise<{ readonly id: string }> {
    this.assertOpen();
    const forked = await forkExecution(this.parts, id, options);
    await this.worker?.wake([forked]);
    return { id: forked };
  }

  private async tell(id: string, body: MessageBody): Promise<boolean> {
    await this.row(id);
    const posted = await this.parts.store.post(id, JSON.stringify(body));
    if (posted) await this.worker?.wake([id]);
    return posted;
  }

  /**
   * Settling callbacks, from any process. All throw `UnknownCallbackError`, `CallbackSettledError` and
   * `CallbackTimedOutError`; once one resolves, the settlement is recorded and will be delivered.
   */
  readonly callbacks = {
    succeed: (callbackId: string, value?: unknown): Promise<void> =>
      this.settle(callbackId, { kind: "succeeded", result: payloadCodec.encode(value) }),
    fail: (callbackId: string, error: unknown): Promise<void> =>
      this.settle(callbackId, { kind: "failed", error: encodeError(error) }),
    heartbeat: async (callbackId: string): Promise<void> => {
      this.assertOpen();
      await this.parts.store.heartbeat(callbackId, this.parts.world.now());
    },
  };

  /** What was read when this process last brought the execution back; null if it did not. */
  resumeReport(id: string): ResumeReport | null {
    return this.worker?.report(id) ?? null;
  }

  /** How many executions are in memory. Sleeping ones are not. */
  get executionsInMemory(): number {
    return this.worker?.executionsInMemory ?? 0;
  }

  /** For simulations: bodies that are at work. Null: the engine itself is, so what it does next is not known yet. */
  atWork(): readonly OperationAtWork[] | null {
    return this.worker === null ? [] : this.worker.atWork();
  }

  /** The store it was opened on, for messages: without the password. */
  get storeName(): string {
    return this.parts.store.name;
  }

  /** True while this engine runs executions; false for a client, and while another process does. */
  get running(): boolean {
    return this.worker !== null;
  }

  /**
   * Stops running; what was under way goes on with the next `open`. Results still waited for reject. With `drainMs`, steps
   * at work get that long to finish and be recorded; without, they run again.
   */
  async close({ drainMs = 0 }: { readonly drainMs?: number } = {}): Promise<void> {
    await this.presence.close(drainMs);
  }

  private async settle(callbackId: string, settlement: Parameters<Store["settle"]>[1]): Promise<void> {
    this.assertOpen();
    const { store, world } = this.parts;
    await store.settle(callbackId, settlement, world.now());
    const row = await store.callback(callbackId);
    if (row !== null) await this.worker?.wake([row.execution]);
  }

  private async row(id: string): Promise<ExecutionRow> {
    this.assertOpen();
    const row = await this.parts.store.get(id);
    if (row !== null) return row;
    throw new UnknownExecutionError(`There is no execution "${id}" in ${this.parts.store.name}.`);
  }

  private assertOpen(): void {
    this.presence.assertOpen();
  }
}
