/** One run of a body: its context, its timeout, its outcome once. */
import { toMilliseconds } from "../../duration.ts";
import type { Duration } from "../../duration.ts";
import { EncodeError, messageOf, StepTimeoutError } from "../../errors.ts";
import type { StepContext } from "../../stepContext.ts";
import { Attempt } from "../../stepContext.ts";
import type { Place } from "../gate.ts";
import type { OperationHead, OperationScope } from "./operation.ts";

/** What is run, and who is told what comes of it. */
export interface Attempted {
  readonly head: OperationHead;
  readonly scope: OperationScope;
  /** From 1. */
  readonly attempt: number;
  readonly timeout: Duration | undefined;
  body(context: StepContext): unknown;
  /** True when it is too late for the timeout: what the body did is being committed. */
  isCommitting?(): boolean;
  /** `startedAt`: when the body was called. */
  succeeded(value: unknown, startedAt: number): void;
  failed(error: unknown, startedAt: number): void;
}

/**
 * Runs the body now, or as soon as what has led to it is committed and the worker has room for it. Exactly one of the outcomes comes later, or
 * none if it is given up.
 */
export function runAttempt(attempted: Attempted): RunningAttempt {
  return new RunningAttempt(attempted);
}

/** A class, as there is one for each step. */
export class RunningAttempt {
  private readonly attempted: Attempted;
  private readonly context: Attempt;
  private readonly place: Place;
  private over = false;
  private cancelTimer: (() => void) | null = null;

  constructor(attempted: Attempted) {
    const { head, scope, attempt } = attempted;
    this.attempted = attempted;
    this.context = new Attempt(attempt, () => scope.logger(head, attempt));
    this.place = scope.placeFor(head, () => this.begin());
    scope.whenCommitted(() => this.place.enter());
  }

  giveUp(reason: unknown): void {
    this.over = true;
    this.cancelTimer?.();
    this.place.leave();
    this.context.abort(reason);
  }

  private begin(): void {
    const { attempted, context } = this;
    const { head, scope, attempt, timeout } = attempted;
    // Given up while it waited: its room is for others.
    if (scope.disposed()) return queueMicrotask(() => this.place.leave());
    const startedAt = scope.now();
    if (timeout !== undefined) this.setTimer(timeout, startedAt);
    resolved(() => scope.runBody(head, attempt, () => attempted.body(context))).then(
      (value) => {
        if (this.end()) this.tell(() => attempted.succeeded(value, startedAt), startedAt);
      },
      (error: unknown) => {
        if (this.end()) this.tell(() => attempted.failed(error, startedAt), startedAt);
      },
    );
  }

  /** What a body gives may throw when it is looked at (a revoked proxy): that is an outcome too. */
  private tell(outcome: () => void, startedAt: number): void {
    try {
      outcome();
    } catch (error) {
      this.attempted.failed(new EncodeError("", `reading it throws: ${messageOf(error)}`), startedAt);
    }
  }

  private setTimer(timeout: Duration, startedAt: number): void {
    const { attempted } = this;
    const { head, scope } = attempted;
    this.cancelTimer = scope.setTimer(startedAt + toMilliseconds(timeout, "timeout"), () => {
      if (attempted.isCommitting?.() === true || !this.end()) return;
      const error = new StepTimeoutError(head.name ?? `step ${head.op}`, timeout);
      this.context.abort(error);
      attempted.failed(error, startedAt);
    });
  }

  /** False: something else was first. */
  private end(): boolean {
    if (this.over) return false;
    this.over = true;
    this.cancelTimer?.();
    this.place.leave();
    return !this.attempted.scope.disposed();
  }
}

function resolved(body: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(body());
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
