/** A step: its body runs until an attempt succeeds or the retry policy gives up. */
import type { StepOptions } from "../../authoring.ts";
import { NotCompiledError } from "../../arguments.ts";
import { EncodeError, StepError, StepInterruptedError } from "../../errors.ts";
import { TransactionError, UnplaceableStateError } from "../../errors.ts";
import { findMachine } from "../../registry.ts";
import type { Body } from "../../requests.ts";
import { retryDelayMs } from "../../retry.ts";
import type { StepContext } from "../../stepContext.ts";
import type { OperationReport } from "../events.ts";
import { runAttempt } from "./attempt.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";
import { readValue, writeValue } from "./serdes.ts";
import { Recorded, transactionAttempt } from "./transaction.ts";

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
  const { body, options } = state;
  const guarded = options?.semantics === "AtMostOncePerRetry";
  /** starting: its start waits to be committed. running: a body is under way. reported: so does its outcome. */
  let phase: "idle" | "starting" | "running" | "reported" = "idle";
  let giveUp: (reason: unknown) => void = () => undefined;

  const report = (event: OperationReport): void => {
    phase = "reported";
    scope.report(head, event);
  };
  const run = (): void => {
    phase = "running";
    state.retryAt = null;
    giveUp = runStep({ head, state, scope }, report);
  };
  const begin = (): void => {
    const { attempt } = state;
    if (!guarded) run();
    else if (state.started === attempt) {
      // Its start was committed by a run that is gone, and its outcome never was.
      report(
        failure({ state, scope, startedAt: scope.now() }, new StepInterruptedError(nameOf(head), attempt)),
      );
    } else {
      phase = "starting";
      scope.report(head, { kind: "StepStarted", time: scope.now(), attempt });
    }
  };

  return {
    kind: "step",
    head,
    start() {
      if (phase === "idle" && state.retryAt === null) begin();
    },
    apply(event) {
      phase = "idle";
      switch (event.kind) {
        case "StepStarted":
          state.started = event.attempt;
          state.retryAt = null;
          if (scope.live(head)) run();
          return;
        case "StepSucceeded":
          scope.finish(this);
          return readValue({ head, scope, serdes: options?.serdes }, scope.decode(event.payload));
        case "StepFailed":
          scope.finish(this);
          return head.record.reject(toStepError(head, scope.decode(event.payload)));
        case "StepRetryScheduled":
          state.attempt = event.attempt + 1;
          state.retryAt = event.retryAt;
      }
    },
    timer: () => (phase === "idle" ? state.retryAt : null),
    fire(now) {
      if (phase === "idle" && state.retryAt !== null && state.retryAt <= now) begin();
    },
    busy: () => phase !== "idle",
    save: () => ({ ...state, body: toSavedBody(body) }),
    close: (reason) => giveUp(reason),
  };
}

interface Step {
  readonly head: OperationHead;
  readonly state: StepState;
  readonly scope: OperationScope;
}

/** Runs the body once; what comes of it goes to `report`. Returns how to give it up. */
function runStep(
  { head, state, scope }: Step,
  report: (event: OperationReport) => void,
): (reason: unknown) => void {
  const { attempt, body, options } = state;
  const failed = (error: unknown, startedAt: number): void =>
    report(failure({ state, scope, startedAt }, error));
  const { serdes, timeout, isolate } = options ?? {};
  const succeeded = (value: unknown, startedAt: number): void => {
    const record = (result: unknown): void => {
      try {
        const payload = scope.encode(result);
        report({ kind: "StepSucceeded", time: scope.now(), attempt, startedAt, payload });
      } catch (error) {
        failed(error, startedAt);
      }
    };
    writeValue({ serdes, head, scope }, value, { record, failed: (error) => failed(error, startedAt) });
  };
  if (body.kind === "transaction") {
    const { run, isCommitting } = transactionAttempt({ head, scope, body, serdes });
    const ended = (value: unknown, startedAt: number): void => {
      if (!(value instanceof Recorded)) return succeeded(value, startedAt);
      report({ kind: "StepSucceeded", time: scope.now(), attempt, startedAt, payload: value.payload });
    };
    const spec = { head, scope, attempt, timeout, body: run, isCommitting };
    return runAttempt(spec, { succeeded: ended, failed }).giveUp;
  }
  const spec = {
    head,
    scope,
    attempt,
    timeout,
    body: (context: StepContext) => scope.runShared({ head, body, isolate }, context),
  };
  return runAttempt(spec, { succeeded, failed }).giveUp;
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
