/**
 * Retry strategies as functions, made from data. Behaviour: AWS durable execution SDK 2.4; delays shorter than a second
 * are possible where they are asked for. A strategy made here can be part of stored state.
 */
import type { Duration } from "./duration.ts";
import { toMilliseconds } from "./duration.ts";
import { closure } from "./registry.ts";
import type { RetryDecision, RetryStrategy } from "./retry.ts";
import { checkRetry, jittered, RetryConfigError } from "./retry.ts";

interface RetryConfig {
  /** Attempts in all, the first included. */
  readonly maxAttempts?: number;
  /** Before the second attempt. */
  readonly initialDelay?: Duration;
  /** No delay is longer. Default 5 min. */
  readonly maxDelay?: Duration;
  /** FULL: a random part of the delay; HALF: half of it and a random part of the rest. Default FULL. */
  readonly jitter?: JitterStrategy;
  /** Only errors whose message contains one of these, or matches it. Default: every error. */
  readonly retryableErrors?: readonly (string | RegExp)[];
  /** Only (or also, beside `retryableErrors`) errors of these classes. */
  readonly retryableErrorTypes?: readonly (abstract new (...args: never[]) => object)[];
}

export interface RetryStrategyConfig extends RetryConfig {
  /** Each delay is the one before times this. Default 2. */
  readonly backoffRate?: number;
}

export interface LinearRetryStrategyConfig extends RetryConfig {
  /** Each delay is the one before and this. Default 1 s. */
  readonly increment?: Duration;
}

/** How much of a delay is chance. */
export const JitterStrategy = { NONE: "NONE", FULL: "FULL", HALF: "HALF" } as const;
export type JitterStrategy = keyof typeof JitterStrategy;

/** Delays that grow by a factor. Default: 3 attempts, 5 s, twice as long each time, at most 5 min, FULL jitter. */
export function createRetryStrategy(config: RetryStrategyConfig = {}): RetryStrategy {
  const { initialDelay = { seconds: 5 }, maxDelay = { minutes: 5 }, maxAttempts = 3 } = config;
  checkConfig({ ...config, initialDelay, maxDelay, maxAttempts });
  return exponential({ ...config, initialDelay, maxDelay, maxAttempts });
}

/** Delays that grow by a fixed amount. Default: 6 attempts, 1 s and 1 s more each time, at most 5 min, FULL jitter. */
export function createLinearRetryStrategy(config: LinearRetryStrategyConfig = {}): RetryStrategy {
  const { initialDelay = { seconds: 1 }, maxDelay = { minutes: 5 }, maxAttempts = 6 } = config;
  const { increment = { seconds: 1 }, ...rest } = config;
  checkConfig({ ...rest, initialDelay, maxDelay, maxAttempts });
  toMilliseconds(increment, "increment");
  return linear({ ...rest, increment, initialDelay, maxDelay, maxAttempts });
}

/** `random`: given by the runtime. */
type Asked = [error: unknown, attempt: number, random?: () => number];

interface Complete extends RetryConfig {
  readonly maxAttempts: number;
  readonly initialDelay: Duration;
  readonly maxDelay: Duration;
}

// Stored state holds the id and the configuration: both are part of the format for ever.
const exponential = closure(
  "@durablec/runtime#exponentialRetry",
  (config: Complete & RetryStrategyConfig) =>
    (...failed: Asked) =>
      decide(config, failed, (first, attempt) => first * (config.backoffRate ?? 2) ** (attempt - 1)),
);
const linear = closure(
  "@durablec/runtime#linearRetry",
  (config: Complete & { readonly increment: Duration }) =>
    (...failed: Asked) =>
      decide(
        config,
        failed,
        (first, attempt) => first + toMilliseconds(config.increment, "increment") * (attempt - 1),
      ),
);

/** Ready-made strategies. `default` is what a step without one does. */
export const retryPresets = {
  default: createRetryStrategy({ maxAttempts: 6, maxDelay: { seconds: 60 } }),
  linear: createLinearRetryStrategy({ jitter: "NONE" }),
  noRetry: createRetryStrategy({ maxAttempts: 1 }),
} as const;

function decide(
  config: Complete,
  [error, attempt, random = Math.random]: Asked,
  grow: (firstMs: number, attempt: number) => number,
): RetryDecision {
  if (attempt >= config.maxAttempts || !isRetryable(config, error)) return { shouldRetry: false };
  const first = toMilliseconds(config.initialDelay, "initialDelay");
  const delay = Math.min(grow(first, attempt), toMilliseconds(config.maxDelay, "maxDelay"));
  return { shouldRetry: true, delay: { milliseconds: jittered(delay, config.jitter ?? "FULL", random) } };
}

/** Either filter lets an error through; without any, all are. */
function isRetryable({ retryableErrors, retryableErrorTypes }: RetryConfig, error: unknown): boolean {
  if (retryableErrors === undefined && retryableErrorTypes === undefined) return true;
  const message = error instanceof Error ? error.message : String(error);
  const byMessage = (retryableErrors ?? []).some((pattern) =>
    // `search` and not `test`: a pattern with the flag g remembers where it was.
    typeof pattern === "string" ? message.includes(pattern) : message.search(pattern) >= 0,
  );
  return byMessage || (retryableErrorTypes ?? []).some((type) => error instanceof type);
}

function checkConfig({ maxAttempts, initialDelay, maxDelay, jitter, ...rest }: RetryStrategyConfig): void {
  const { backoffRate } = rest;
  checkRetry({
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(initialDelay === undefined ? {} : { initialDelay }),
    ...(maxDelay === undefined ? {} : { maxDelay }),
    ...(jitter === undefined ? {} : { jitter }),
    ...(backoffRate === undefined ? {} : { backoffRate }),
  });
  for (const key of ["retryableErrors", "retryableErrorTypes"] as const) {
    if (rest[key] !== undefined && !Array.isArray(rest[key]))
      throw new RetryConfigError(`${key} must be an array.`);
  }
}
