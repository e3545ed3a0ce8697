/** A step: its body runs until an attempt succeeds or the retry policy gives up. */
import type { StepOptions } from "../../authoring.ts";
import { NotCompiledError } from "../../arguments.ts";
import type { Duration } from "../../duration.ts";
import { EncodeError, StepError, StepInterruptedError } from "../../errors.ts";
import { TransactionError, UnplaceableStateError } from "../../errors.ts";
import { findMachine } from "../../registry.ts";
import type { Body } from "../../requests.ts";
import { retryDelayMs } from "../../retry.ts";
import type { StepContext } from "../../stepContext.ts";
import type { OperationEvent, OperationReport } from "../events.ts";
import { type Attempted, runAttempt, type RunningAttempt } from "./attempt.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";
import { readValue, writeValue } from "./serdes.ts";
import { Recorded, type TransactionAttempt, transactionAttempt } from "./transaction.ts";

export interface StepState {
  readonly body: Body;
  readonly options: StepOptions | undefined;
  /** The attempt that runs or is due, from 1. */
  attempt: number;
  /** When the next attempt is due, between attempts. */
  retryAt: number | null;
  /** `AtMostOncePerRetry`: the attempt whose start is committed, 0 before the first. */
  started: number;
}

export function newStep(body: Body, options: StepOptions | undefined): StepState {
  return { body, options, attempt: 1, retryAt: null, started: 0 };
}

export function stepOperation(head: OperationHead, state: StepState, scope: OperationScope): Operation {
  return new Step(head, state, scope);
}

/** A class, as there are many of them: its methods are made once. */
class Step implements Operation, Attempted {
  readonly kind = "step";
  readonly head: OperationHead;
  private readonly state: StepState;
  readonly scope: OperationScope;
  /** starting: its start waits to be committed. running: a body is under way. reported: so does its outcome. */
  private phase: "idle" | "starting" | "running" | "reported" = "idle";
  private running: RunningAttempt | null = null;
  private transaction: TransactionAttempt | null = null;

  constructor(head: OperationHead, state: StepState, scope: OperationScope) {
    this.head = head;
    this.state = state;
    this.scope = scope;
  }

  start(): void {
    if (this.phase === "idle" && this.state.retryAt === null) this.begin();
  }

  apply(event: OperationEvent): void {
    const { head, state, scope } = this;
    this.phase = "idle";
    switch (event.kind) {
      case "StepStarted":
        state.started = event.attempt;
        state.retryAt = null;
        if (scope.live(head)) this.run();
        return;
      case "StepSucceeded":
        scope.finish(this);
        return readValue({ head, scope, serdes: state.options?.serdes }, scope.decode(event.payload));
      case "StepFailed":
        scope.finish(this);
        return head.record.reject(toStepError(head, scope.decode(event.payload)));
      case "StepRetryScheduled":
        state.attempt = event.attempt + 1;
        state.retryAt = event.retryAt;
    }
  }

  timer(): number | null {
    return this.phase === "idle" ? this.state.retryAt : null;
  }

  fire(now: number): void {
    const { retryAt } = this.state;
    if (this.phase === "idle" && retryAt !== null && retryAt <= now) this.begin();
  }

  busy(): boolean {
    return this.phase !== "idle";
  }

  save(): Readonly<Record<string, unknown>> {
    return { ...this.state, body: toSavedBody(this.state.body) };
  }

  close(reason: unknown): void {
    this.running?.giveUp(reason);
  }

  private begin(): void {
    const { head, state, scope } = this;
    const { attempt } = state;
    if (state.options?.semantics !== "AtMostOncePerRetry") this.run();
    else if (state.started === attempt) {
      // Its start was committed by a run that is gone, and its outcome never was.
      this.failed(new StepInterruptedError(nameOf(head), attempt), scope.now());
    } else {
      this.phase = "starting";
      scope.report(head, { kind: "StepStarted", time: scope.now(), attempt });
    }
  }

  /** Runs the body once; what comes of it is reported. */
  private run(): void {
    const { head, state, scope } = this;
    const { body, options } = state;
    this.phase = "running";
    state.retryAt = null;
    if (body.kind === "transaction")
      this.transaction = transactionAttempt({ head, scope, body, serdes: options?.serdes });
    this.running = runAttempt(this);
  }

  // ---- the attempt that is run

  get attempt(): number {
    return this.state.attempt;
  }

  get timeout(): Duration | undefined {
    return this.state.options?.timeout;
  }

  body(context: StepContext): unknown {
    if (this.transaction !== null) return this.transaction.run(context);
    const { head, scope } = this;
    const { body, options } = this.state;
    return scope.runShared({ head, body, isolate: options?.isolate }, context);
  }

  isCommitting(): boolean {
    return this.transaction?.isCommitting() === true;
  }

  succeeded(value: unknown, startedAt: number): void {
    const { head, scope } = this;
    if (value instanceof Recorded) return this.reportSuccess(value.payload, startedAt);
    const serdes = this.state.options?.serdes;
    if (serdes === undefined) return this.record(value, startedAt);
    writeValue({ serdes, head, scope }, value, {
      record: (text) => this.record(text, startedAt),
      failed: (error) => this.failed(error, startedAt),
    });
  }

  failed(error: unknown, startedAt: number): void {
    const { state, scope } = this;
    this.report(failure({ state, scope, startedAt }, error));
  }

  private record(value: unknown, startedAt: number): void {
    try {
      this.reportSuccess(this.scope.encode(value), startedAt);
    } catch (error) {
      this.failed(error, startedAt);
    }
  }

  private reportSuccess(payload: string, startedAt: number): void {
    const { scope, state } = this;
    this.report({ kind: "StepSucceeded", time: scope.now(), attempt: state.attempt, startedAt, payload });
  }

  private report(event: OperationReport): void {
    this.phase = "reported";
    this.scope.report(this.head, event);
  }
}

function toStepError(head: OperationHead, error: unknown): unknown {
  if (head.wrapped !== true) return error;
  return new StepError(error instanceof Error ? error.message : String(error), error);
}

function nameOf(head: OperationHead): string {
  return head.name ?? `step ${head.op}`;
}

/** A body as a snapshot holds it: a machine by its id. */
export type SavedBody = Exclude<Body, { kind: "call" }> | SavedCall;
interface SavedCall extends Omit<Extract<Body, { kind: "call" }>, "machine"> {
  readonly machine: string;
}

function toSavedBody(body: Body): SavedBody {
  return body.kind === "call" ? { ...body, machine: body.machine.id } : body;
}

/** Throws `UnplaceableStateError` when this build has no such machine. */
export function toBody(saved: SavedBody): Body {
  if (saved.kind !== "call") return saved;
  const machine = findMachine(saved.machine);
  if (machine === undefined) throw new UnplaceableStateError(`This build has no ${saved.machine}.`);
  return { ...saved, machine };
}

interface Failure {
  readonly state: StepState;
  readonly scope: OperationScope;
  readonly startedAt: number;
}

/** What a failed attempt becomes: the next one, or the end. */
function failure({ state, scope, startedAt }: Failure, error: unknown): OperationReport {
  const { attempt, options } = state;
  const time = scope.now();
  // The body did its work (or was never compiled): running it again gives the same.
  const hopeless =
    error instanceof EncodeError || error instanceof NotCompiledError || error instanceof TransactionError;
  try {
    const policy = options?.retry ?? options?.retryStrategy;
    const delayMs = hopeless ? null : retryDelayMs(policy, { error, attempt }, () => scope.random());
    const payload = scope.encodeError(error);
    if (delayMs === null) return { kind: "StepFailed", time, attempt, startedAt, payload };
    return { kind: "StepRetryScheduled", time, attempt, startedAt, retryAt: time + delayMs, payload };
  } catch (strategyError) {
    // The author's retry strategy threw, or returned nonsense.
    return { kind: "StepFailed", time, attempt, startedAt, payload: scope.encodeError(strategyError) };
  }
}
