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
}

export interface AttemptOutcome {
  succeeded(value: unknown): void;
  failed(error: unknown): void;
}

/** Runs the body now, as a call does; exactly one of the outcomes comes later, or none if it is given up. */
export function runAttempt(spec: AttemptSpec, outcome: AttemptOutcome): { giveUp(reason: unknown): void } {
  const { head, scope, attempt, timeout, body } = spec;
  const context = new Attempt(attempt, scope.logger(head, attempt));
  let over = false;
  let cancelTimer = (): void => undefined;
  const end = (): boolean => {
    if (over || scope.disposed()) return false;
    over = true;
    cancelTimer();
    return true;
  };
  if (timeout !== undefined) {
    cancelTimer = scope.setTimer(scope.now() + toMilliseconds(timeout, "timeout"), () => {
      if (!end()) return;
      const error = new StepTimeoutError(head.name ?? `step ${head.op}`, timeout);
      context.abort(error);
      outcome.failed(error);
    });
  }
  new Promise((resolve) => resolve(scope.runBody(head, attempt, () => body(context)))).then(
    (value) => {
      if (end()) outcome.succeeded(value);
    },
    (error: unknown) => {
      if (end()) outcome.failed(error);
    },
  );
  return {
    giveUp(reason) {
      over = true;
      cancelTimer();
      context.abort(reason);
    },
  };
}
