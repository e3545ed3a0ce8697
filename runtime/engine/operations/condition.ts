/** A condition that is polled: check after check, each with the state of the one before. */
import type { ConditionCheck, WaitStrategy } from "../../condition.ts";
import { toMilliseconds } from "../../duration.ts";
import { WaitForConditionError } from "../../errors.ts";
import type { Serdes } from "../../serdes.ts";
import type { StepContext } from "../../stepContext.ts";
import type { OperationReport } from "../events.ts";
import { runAttempt } from "./attempt.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";
import { readValue, toContext, writeValue } from "./serdes.ts";

export interface ConditionState {
  readonly check: ConditionCheck<unknown>;
  readonly waitStrategy: WaitStrategy<unknown>;
  /** What the next check gets. */
  state: unknown;
  /** The check that runs or is due, from 1. */
  attempt: number;
  /** When the next check is due, between checks. */
  retryAt: number | null;
  readonly serdes: Serdes<unknown> | undefined;
  /** `state` is the text that was recorded of it. */
  recorded: boolean;
}

function toFailure(head: OperationHead, error: unknown): unknown {
  if (head.wrapped !== true || error instanceof WaitForConditionError) return error;
  return new WaitForConditionError(error instanceof Error ? error.message : String(error), error);
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
          condition.recorded = condition.serdes !== undefined;
          condition.attempt = event.attempt + 1;
          condition.retryAt = event.retryAt;
          return;
        case "ConditionSucceeded":
          scope.finish(this);
          return readValue({ serdes: condition.serdes, head, scope }, scope.decode(event.payload));
        case "ConditionFailed":
          scope.finish(this);
          return head.record.reject(toFailure(head, scope.decode(event.payload)));
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

type Chancy = (
  ...args: [state: unknown, attempt: number, random: () => number]
) => ReturnType<WaitStrategy<unknown>>;

interface Check {
  readonly head: OperationHead;
  readonly condition: ConditionState;
  readonly scope: OperationScope;
}

function runCheck(
  { head, condition, scope }: Check,
  report: (event: OperationReport) => void,
): (reason: unknown) => void {
  let startedAt = scope.now();
  const { attempt, state, check, waitStrategy, serdes, recorded } = condition;
  const failed = (error: unknown): void =>
    report({
      kind: "ConditionFailed",
      time: scope.now(),
      attempt,
      startedAt,
      payload: scope.encodeError(error),
    });
  const decide = (payload: string, seen: unknown): void => {
    try {
      const decision = (waitStrategy as Chancy)(seen, attempt, () => scope.random());
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
  const record = (given: unknown): void => {
    try {
      const payload = scope.encode(given);
      // The strategy sees what is recorded, as it would after a restart.
      read({ serdes, head, scope }, scope.decode(payload), (seen) => decide(payload, seen), failed);
    } catch (error) {
      failed(error);
    }
  };
  const body = (context: StepContext): unknown => {
    if (!recorded) return scope.outside(() => check(state, context));
    return new Promise((resolve, reject) => read({ serdes, head, scope }, state, resolve, reject)).then(
      (last) => scope.outside(() => check(last, context)),
    );
  };
  const running = runAttempt({
    ...{ head, scope, attempt, timeout: undefined, body },
    succeeded(next, at) {
      startedAt = at;
      writeValue({ serdes, head, scope }, next, { record, failed });
    },
    failed(error, at) {
      startedAt = at;
      failed(error);
    },
  });
  return (reason) => running.giveUp(reason);
}

interface Reading {
  readonly serdes: Serdes<unknown> | undefined;
  readonly head: OperationHead;
  readonly scope: OperationScope;
}

/** What was recorded, as a value. At once where it has no form of its own. */
function read(
  ...[{ serdes, head, scope }, recorded, go, failed]: [
    Reading,
    unknown,
    (value: unknown) => void,
    (error: unknown) => void,
  ]
): void {
  if (serdes === undefined) return go(recorded);
  const text = recorded as string | undefined;
  new Promise((resolve) => resolve(serdes.deserialize(text, toContext({ head, scope })))).then(go, failed);
}
