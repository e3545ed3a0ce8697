/** When a failed step is tried again. Defaults: semantics of the AWS durable execution SDK 2.4. */
import type { Duration } from "./duration.ts";
import { toMilliseconds } from "./duration.ts";
import { DurableError } from "./errors.ts";

/** A retry option is out of its range. */
export class RetryConfigError extends DurableError {}

/** A retry policy as data. Every field has the default of `step`. */
export interface RetryPolicy {
  /** Attempts in all, the first included. Default 6. */
  readonly maxAttempts?: number;
  /** Before the second attempt. Default 5 s. */
  readonly initialDelay?: Duration;
  /** Each delay is the one before times this. Default 2. */
  readonly backoffRate?: number;
  /** No delay is longer. Default 60 s. */
  readonly maxDelay?: Duration;
  /** FULL: a random part of the delay; HALF: half of it and a random part of the rest; NONE. Default FULL. */
  readonly jitter?: "FULL" | "HALF" | "NONE";
  /** Errors not to be retried, by class: `[CardDeclined]`. */
  readonly except?: readonly (abstract new (...args: never[]) => object)[];
}

/** Decides after each failed attempt (counted from 1). */
export type RetryStrategy = (error: unknown, attemptCount: number) => RetryDecision;
export type RetryDecision =
  | { readonly shouldRetry: false; readonly delay?: Duration }
  /** Default delay: 1 s. */
  | { readonly shouldRetry: true; readonly delay?: Duration };

/** Strategies of our own get their chance from whoever asks them, so that a test's seed decides about it too. */
type Chancy = (error: unknown, attemptCount: number, random: () => number) => RetryDecision;

const DEFAULT = {
  maxAttempts: 6,
  initialDelay: { seconds: 5 },
  backoffRate: 2,
  maxDelay: { seconds: 60 },
  jitter: "FULL",
  except: [],
} as const satisfies RetryPolicy;

/** Never retries. */
export const noRetry: RetryPolicy = { maxAttempts: 1 };

/** Throws `RetryConfigError` or `DurationError` for a policy that makes no sense; called when the step starts. */
export function checkRetry(retry: RetryPolicy | RetryStrategy | undefined): void {
  if (retry === undefined || typeof retry === "function") return;
  if (typeof retry !== "object" || retry === null) {
    throw new RetryConfigError(`retry must be an object or a function, not ${String(retry)}.`);
  }
  const { maxAttempts, backoffRate, jitter } = { ...DEFAULT, ...retry };
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw new RetryConfigError(`retry.maxAttempts must be a whole number of 1 or more, not ${maxAttempts}.`);
  }
  if (!(backoffRate >= 1))
    throw new RetryConfigError(`retry.backoffRate must be 1 or more, not ${backoffRate}.`);
  if (!["FULL", "HALF", "NONE"].includes(jitter)) {
    throw new RetryConfigError(
      `retry.jitter must be "FULL", "HALF" or "NONE", not ${JSON.stringify(jitter)}.`,
    );
  }
  toMilliseconds(retry.initialDelay ?? DEFAULT.initialDelay, "retry.initialDelay");
  toMilliseconds(retry.maxDelay ?? DEFAULT.maxDelay, "retry.maxDelay");
}

/** Milliseconds to the next attempt after attempt `attempt` failed, or null when that was the last. */
export function retryDelayMs(
  retry: RetryPolicy | RetryStrategy | undefined,
  failed: { readonly error: unknown; readonly attempt: number },
  random: () => number,
): number | null {
  if (typeof retry === "function") {
    return toDelayMs((retry as Chancy)(failed.error, failed.attempt, random));
  }
  const policy = { ...DEFAULT, ...retry };
  if (failed.attempt >= policy.maxAttempts) return null;
  if (policy.except.some((type) => failed.error instanceof type)) return null;
  const first = toMilliseconds(policy.initialDelay, "retry.initialDelay");
  const cap = toMilliseconds(policy.maxDelay, "retry.maxDelay");
  const delay = Math.min(first * policy.backoffRate ** (failed.attempt - 1), cap);
  return jittered(delay, policy.jitter, random);
}

/** An author's strategy is any code: what it answers is looked at. */
function toDelayMs(decision: RetryDecision): number | null {
  if (typeof decision !== "object" || decision === null || typeof decision.shouldRetry !== "boolean") {
    throw new RetryConfigError(
      `A retry strategy must return { shouldRetry: false } or { shouldRetry: true, delay }, not ${JSON.stringify(decision)}.`,
    );
  }
  if (!decision.shouldRetry) return null;
  return toMilliseconds(decision.delay ?? { seconds: 1 }, "The retry strategy's delay");
}

/**
 * FULL jitter could give next to nothing, and a service that just failed needs a moment: never under a second, unless
 * the author asked for delays shorter than that.
 */
export function jittered(delay: number, jitter: "FULL" | "HALF" | "NONE", random: () => number): number {
  if (jitter === "NONE") return Math.round(delay);
  const part = jitter === "FULL" ? random() * delay : delay / 2 + (random() * delay) / 2;
  return Math.round(Math.max(part, Math.min(delay, 1_000)));
}
