/** One run of a body: its context, its timeout, its outcome once. */
import { toMilliseconds } from "../../duration.ts";
import type { Duration } from "../../duration.ts";
import { StepTimeoutError } from "../../errors.ts";
import type { StepContext } from "../../stepContext.ts";
import { Attempt } from "../../stepContext.ts";
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
export function runAttempt(spec: AttemptSpec, outcome: AttemptOutcome): { giveUp(reason: unknown): void } {
  const { head, scope, attempt, timeout, body } = spec;
  const context = new Attempt(attempt, () => scope.logger(head, attempt));
  let over = false;
  let cancelTimer = (): void => undefined;
  const end = (): boolean => {
    if (over) return false;
    over = true;
    cancelTimer();
    leave();
    return !scope.disposed();
  };
  const begin = (): void => {
    // Given up while it waited: its room is for others.
    if (scope.disposed()) return queueMicrotask(() => leave());
    const startedAt = scope.now();
    if (timeout !== undefined) {
      cancelTimer = scope.setTimer(startedAt + toMilliseconds(timeout, "timeout"), () => {
        if (spec.isCommitting?.() === true || !end()) return;
        const error = new StepTimeoutError(head.name ?? `step ${head.op}`, timeout);
        context.abort(error);
        outcome.failed(error, startedAt);
      });
    }
    new Promise((resolve) => resolve(scope.runBody(head, attempt, () => body(context)))).then(
      (value) => {
        if (end()) outcome.succeeded(value, startedAt);
      },
      (error: unknown) => {
        if (end()) outcome.failed(error, startedAt);
      },
    );
  };
  const leave = scope.enter(head, begin);
  return {
    giveUp(reason) {
      over = true;
      cancelTimer();
      leave();
      context.abort(reason);
    },
  };
}
