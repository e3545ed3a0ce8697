/** One run of a body: its context, its timeout, its outcome once. */
import { toMilliseconds } from "../../duration.ts";
import type { Duration } from "../../duration.ts";
import { StepTimeoutError } from "../../errors.ts";
import type { StepContext } from "../../stepContext.ts";
import { Attempt } from "../../stepContext.ts";
import type { Place } from "../gate.ts";
import type { OperationHead, OperationScope } from "./operation.ts";

export interface AttemptSpec {
  readonly head: OperationHead;
  readonly scope: OperationScope;
  /** From 1. */
  readonly attempt: number;
  readonly timeout: Duration | undefined;
  readonly body: (context: StepContext) => unknown;
  /** True when it is too late for the timeout: what the body did is being committed. */
  readonly isCommitting?: () => boolean;
}

/** `startedAt`: when the body was called. */
export interface AttemptOutcome {
  succeeded(value: unknown, startedAt: number): void;
  failed(error: unknown, startedAt: number): void;
}

/**
 * Runs the body now, as a call does, or as soon as the worker has room for it. Exactly one of the outcomes comes later, or
 * none if it is given up.
 */
export function runAttempt(spec: AttemptSpec, outcome: AttemptOutcome): RunningAttempt {
  return new RunningAttempt(spec, outcome);
}

/** A class, as there is one for each step. */
export class RunningAttempt {
  private readonly spec: AttemptSpec;
  private readonly outcome: AttemptOutcome;
  private readonly context: Attempt;
  private readonly place: Place;
  private over = false;
  private cancelTimer: (() => void) | null = null;

  constructor(spec: AttemptSpec, outcome: AttemptOutcome) {
    const { head, scope, attempt } = spec;
    this.spec = spec;
    this.outcome = outcome;
    this.context = new Attempt(attempt, () => scope.logger(head, attempt));
    this.place = scope.placeFor(head, () => this.begin());
    this.place.enter();
  }

  giveUp(reason: unknown): void {
    this.over = true;
    this.cancelTimer?.();
    this.place.leave();
    this.context.abort(reason);
  }

  private begin(): void {
    const { head, scope, attempt, timeout, body } = this.spec;
    // Given up while it waited: its room is for others.
    if (scope.disposed()) return queueMicrotask(() => this.place.leave());
    const startedAt = scope.now();
    if (timeout !== undefined) this.setTimer(timeout, startedAt);
    this.run(() => scope.runBody(head, attempt, () => body(this.context))).then(
      (value) => {
        if (this.end()) this.outcome.succeeded(value, startedAt);
      },
      (error: unknown) => {
        if (this.end()) this.outcome.failed(error, startedAt);
      },
    );
  }

  private run(body: () => unknown): Promise<unknown> {
    try {
      return Promise.resolve(body());
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  private setTimer(timeout: Duration, startedAt: number): void {
    const { head, scope, isCommitting } = this.spec;
    this.cancelTimer = scope.setTimer(startedAt + toMilliseconds(timeout, "timeout"), () => {
      if (isCommitting?.() === true || !this.end()) return;
      const error = new StepTimeoutError(head.name ?? `step ${head.op}`, timeout);
      this.context.abort(error);
      this.outcome.failed(error, startedAt);
    });
  }

  /** False: something else was first. */
  private end(): boolean {
    if (this.over) return false;
    this.over = true;
    this.cancelTimer?.();
    this.place.leave();
    return !this.spec.scope.disposed();
  }
}
