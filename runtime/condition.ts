/** `waitForCondition`: asks again and again, with pauses, until a strategy is content. Behaviour: AWS's SDK 2.4. */
import { aFunction, anOptions, ask, checkSerdes, named, OperationArgumentError } from "./arguments.ts";
import type { Duration } from "./duration.ts";
import { toMilliseconds } from "./duration.ts";
import { WaitForConditionError } from "./errors.ts";
import { closure, operation } from "./registry.ts";
import type { Request } from "./requests.ts";
import { checkRetry, jittered, RetryConfigError } from "./retry.ts";
import type { Serdes } from "./serdes.ts";
import type { StepContext } from "./stepContext.ts";

/** After each check (counted from 1): go on polling after `delay`, or take the state as the result. */
export type WaitStrategy<T> = (
  state: T,
  attempt: number,
) => { readonly shouldContinue: false } | { readonly shouldContinue: true; readonly delay: Duration };

export interface ConditionOptions<T> {
  /** The first check's state. */
  readonly initialState: T;
  readonly waitStrategy: WaitStrategy<T>;
  /** The states' own text form. Default: the codec's. */
  readonly serdes?: Serdes<T>;
}

/** One check: gets the last state, gives the next. */
export type ConditionCheck<T> = (state: T, context: StepContext) => T | PromiseLike<T>;

/**
 * Polls: `check` gets the state and gives the next one, until `waitStrategy` says it is the last. Each state is recorded. A
 * check that throws fails at once.
 */
export const waitForCondition = operation(function waitForCondition<T>(
  ...args:
    | [name: string | undefined, check: ConditionCheck<T>, options: ConditionOptions<T>]
    | [check: ConditionCheck<T>, options: ConditionOptions<T>]
): Promise<T> {
  return ask("waitForCondition", toWaitForCondition(args)) as Promise<T>;
});

export function toWaitForCondition(args: readonly unknown[]): Request {
  const [name, fn, given] = named("waitForCondition", args) as [string | undefined, unknown, unknown];
  const check = aFunction("waitForCondition", "check", fn) as ConditionCheck<unknown>;
  const options = anOptions("waitForCondition", given as ConditionOptions<unknown> | undefined);
  if (options?.initialState === undefined) {
    throw new OperationArgumentError("waitForCondition needs an initialState that is not undefined.");
  }
  aFunction("waitForCondition", "waitStrategy", options.waitStrategy);
  checkSerdes("waitForCondition", options.serdes);
  const { initialState, waitStrategy, serdes } = options;
  return { kind: "waitForCondition", name, check, initialState, waitStrategy, serdes };
}

export interface WaitStrategyConfig<T> {
  /** True: poll again. */
  readonly shouldContinuePolling: (state: T) => boolean;
  /** Checks in all; after them the wait fails with `WaitForConditionError`. Default 60. */
  readonly maxAttempts?: number;
  /** Before the second check. Default 5 s. */
  readonly initialDelay?: Duration;
  /** No delay is longer. Default 5 min. */
  readonly maxDelay?: Duration;
  /** Each delay is the one before times this. Default 1.5. */
  readonly backoffRate?: number;
  /** Default FULL. */
  readonly jitter?: "FULL" | "HALF" | "NONE";
}

const DEFAULT = {
  maxAttempts: 60,
  initialDelay: { seconds: 5 },
  maxDelay: { seconds: 300 },
  backoffRate: 1.5,
  jitter: "FULL",
} as const;

/** A strategy from data, which stored state can hold (as far as it can hold `shouldContinuePolling`). */
export function createWaitStrategy<T>(config: WaitStrategyConfig<T>): WaitStrategy<T> {
  const { shouldContinuePolling, ...delays } = config;
  if (typeof shouldContinuePolling !== "function") {
    throw new RetryConfigError("createWaitStrategy needs a function shouldContinuePolling.");
  }
  checkRetry(delays);
  return growing({ ...DEFAULT, ...config } as Complete) as WaitStrategy<T>;
}

type Complete = Required<WaitStrategyConfig<unknown>>;

const growing = closure("@durablec/runtime#waitStrategy", (config: Complete) =>
  // `random`: given by the runtime, so that a test's seed decides about it too.
  (...[state, attempt, random = Math.random]: [state: unknown, attempt: number, random?: () => number]) => {
    if (!config.shouldContinuePolling(state)) return { shouldContinue: false } as const;
    if (attempt >= config.maxAttempts) {
      throw new WaitForConditionError(
        `waitForCondition made all of its ${config.maxAttempts} checks (maxAttempts), and the condition was never met.`,
      );
    }
    const first = toMilliseconds(config.initialDelay, "initialDelay");
    const cap = toMilliseconds(config.maxDelay, "maxDelay");
    const delay = Math.min(first * config.backoffRate ** (attempt - 1), cap);
    return {
      shouldContinue: true,
      delay: { milliseconds: jittered(delay, config.jitter, random) },
    } as const;
  },
);
