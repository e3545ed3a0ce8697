/** A condition that is polled: check after check, each with the state of the one before. */
import type { ConditionCheck, WaitStrategy } from "../../condition.ts";
import { toMilliseconds } from "../../duration.ts";
import type { OperationReport } from "../events.ts";
import { runAttempt } from "./attempt.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";

export interface ConditionState {
  readonly check: ConditionCheck<unknown>;
  readonly waitStrategy: WaitStrategy<unknown>;
  /** What the next check gets. */
  state: unknown;
  /** The check that runs or is due, from 1. */
  attempt: number;
  /** When the next check is due, between checks. */
  retryAt: number | null;
}

export function conditionOperation(
  head: OperationHead,
  condition: ConditionState,
  scope: OperationScope,
): Operation {
  let phase: "idle" | "running" | "reported" = "idle";
  let giveUp: (reason: unknown) => void = () => undefined;
  const check = (): void => {
    phase = "running";
    condition.retryAt = null;
    giveUp = runCheck({ head, condition, scope }, (event) => {
      phase = "reported";
      scope.report(head, event);
    });
  };
  return {
    kind: "condition",
    head,
    start() {
      if (phase === "idle" && condition.retryAt === null) check();
    },
    apply(event) {
      phase = "idle";
      switch (event.kind) {
        case "ConditionPolled":
          condition.state = scope.decode(event.payload);
          condition.attempt = event.attempt + 1;
          condition.retryAt = event.retryAt;
          return;
        case "ConditionSucceeded":
          scope.finish(this);
          return head.record.resolve(scope.decode(event.payload));
        case "ConditionFailed":
          scope.finish(this);
          return head.record.reject(scope.decode(event.payload));
      }
    },
    timer: () => (phase === "idle" ? condition.retryAt : null),
    fire(now) {
      if (phase === "idle" && condition.retryAt !== null && condition.retryAt <= now) check();
    },
    busy: () => phase !== "idle",
    save: () => ({ ...condition }),
    close: (reason) => giveUp(reason),
  };
}

interface Check {
  readonly head: OperationHead;
  readonly condition: ConditionState;
  readonly scope: OperationScope;
}

function runCheck(
  { head, condition, scope }: Check,
  report: (event: OperationReport) => void,
): (reason: unknown) => void {
  const startedAt = scope.now();
  const { attempt, state, check, waitStrategy } = condition;
  const failed = (error: unknown): void =>
    report({
      kind: "ConditionFailed",
      time: scope.now(),
      attempt,
      startedAt,
      payload: scope.encodeError(error),
    });
  const succeeded = (next: unknown): void => {
    try {
      const payload = scope.encode(next);
      // The strategy sees what is recorded, as it would after a restart.
      const decision = waitStrategy(scope.decode(payload), attempt);
      const time = scope.now();
      if (!decision.shouldContinue) {
        return report({ kind: "ConditionSucceeded", time, attempt, startedAt, payload });
      }
      const retryAt = time + toMilliseconds(decision.delay, "The wait strategy's delay");
      report({ kind: "ConditionPolled", time, attempt, startedAt, retryAt, payload });
    } catch (error) {
      failed(error);
    }
  };
  const spec = { head, scope, attempt, timeout: undefined };
  return runAttempt(
    { ...spec, body: (context) => scope.outside(() => check(state, context)) },
    { succeeded, failed },
  ).giveUp;
}
