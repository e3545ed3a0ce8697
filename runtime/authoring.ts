/**
 * The operations as authors call them. They do nothing by themselves: they check their arguments and ask the host of
 * the frame that is running. Behaviour: AWS durable execution SDK 2.4, as each function says where it differs.
 */
import {
  aFunction,
  anOptions,
  ask,
  checkChoice,
  checkName,
  checkSerdes,
  compiled,
  describe,
  named,
} from "./arguments.ts";
import { OperationArgumentError } from "./arguments.ts";
import type { Duration } from "./duration.ts";
import { toMilliseconds } from "./duration.ts";
import { operation } from "./registry.ts";
import type { Request } from "./requests.ts";
import type { RetryPolicy, RetryStrategy } from "./retry.ts";
import { checkRetry } from "./retry.ts";
import type { Serdes } from "./serdes.ts";
import type { StepContext } from "./stepContext.ts";

export interface StepOptions<T = unknown> {
  /** Default: 6 attempts, 5 s doubling up to 60 s, FULL jitter. `noRetry` for none. */
  readonly retry?: RetryPolicy | RetryStrategy;
  /** The same under the name it has in AWS's SDK. */
  readonly retryStrategy?: RetryPolicy | RetryStrategy;
  /** Default `AtLeastOncePerRetry`. */
  readonly semantics?: StepSemantics;
  /** An attempt that takes longer fails with `StepTimeoutError`, and its signal is aborted. Default: none. */
  readonly timeout?: Duration;
  /** The result's own text form. Default: the codec's. */
  readonly serdes?: Serdes<T>;
  /**
   * True: the body gets copies of its arguments and of the variables it uses, so what it changes is not seen outside, as it
   * would not be after a restart. Default: that of `open({ isolate })`, which is false.
   */
  readonly isolate?: boolean;
}

/**
 * What a crash in the middle of a body means. `AtLeastOncePerRetry`: the body runs again. `AtMostOncePerRetry`: each
 * attempt's start is committed before its body runs, and one that is found started goes to the retry strategy as a
 * `StepInterruptedError`.
 */
export const StepSemantics = {
  AtLeastOncePerRetry: "AtLeastOncePerRetry",
  AtMostOncePerRetry: "AtMostOncePerRetry",
} as const;
export type StepSemantics = keyof typeof StepSemantics;

export interface CallbackOptions {
  /** Fails with `CallbackTimeoutError` when nobody settled it in time. Default: never. */
  readonly timeout?: Duration;
  /** The same when this long passes without a heartbeat. Default: never. */
  readonly heartbeatTimeout?: Duration;
  /** Reads the answer from its text: the text itself where a string was answered, else its JSON. */
  readonly serdes?: Pick<Serdes<unknown>, "deserialize">;
}

/** Of the submitter only the retries can be chosen. */
export type WaitForCallbackOptions = CallbackOptions & Pick<StepOptions, "retry" | "retryStrategy">;

/**
 * Runs `body` and records its result: once recorded, it is never run again. A failed attempt is retried as `retry` says;
 * after the last, the await throws the error of the body (its class survives a restart, where it is registered).
 *
 * The result passes through the codec also on the first run; one that cannot be written fails the step.
 */
export const step = operation(function step<T>(
  ...args:
    | [
        name: string | undefined,
        body: (context: StepContext) => T,
        options?: StepOptions<NoInfer<Awaited<T>>>,
      ]
    | [body: (context: StepContext) => T, options?: StepOptions<NoInfer<Awaited<T>>>]
): Promise<Awaited<T>> {
  return ask("step", toStep(args)) as Promise<Awaited<T>>;
});

export function toStep(args: readonly unknown[]): Request {
  const [name, fn, options] = named("step", args) as [string | undefined, unknown, StepOptions | undefined];
  const body = { kind: "closure", fn: aFunction("step", "body", fn) } as const;
  checkStep("step", options);
  return { kind: "step", name, body, options };
}

/** Sleeps, up to 366 days. Costs no memory while it sleeps; survives restarts with its original end. */
export const wait = operation(function wait(
  ...args: [name: string | undefined, duration: Duration] | [duration: Duration]
): Promise<void> {
  return ask("wait", toWait(args)) as Promise<void>;
});

export function toWait(args: readonly unknown[]): Request {
  // A lone string is a duration ("36h"), so that the name stays first and optional.
  const [name, duration] = args.length > 1 ? args : [undefined, args[0]];
  checkName("wait", name);
  const delayMs = toMilliseconds(duration as Duration, "The duration of wait");
  return { kind: "wait", name: name as string | undefined, delayMs };
}

/** Opens a callback: a promise that others settle through its id, which is safe to hand out once this is awaited. */
export const createCallback = operation(function createCallback<T = unknown>(
  ...args: [name: string | undefined, options?: CallbackOptions] | [options?: CallbackOptions]
): Promise<[promise: Promise<T>, callbackId: string]> {
  return ask("createCallback", toCreateCallback(args)) as Promise<[Promise<T>, string]>;
});

export function toCreateCallback(args: readonly unknown[]): Request {
  const [name, options] = named("createCallback", args) as [string | undefined, CallbackOptions | undefined];
  return { kind: "createCallback", name, options: checkCallback("createCallback", options) };
}

/**
 * Opens a callback, hands its id to `submit` (run and retried like a step), and waits until it is settled. Rejects with
 * `CallbackExternalError`, `CallbackTimeoutError` or `CallbackSubmitterError`.
 */
export const waitForCallback = operation(function waitForCallback<T = unknown>(
  ...args:
    | [name: string | undefined, submit: Submitter, options?: WaitForCallbackOptions]
    | [submit: Submitter, options?: WaitForCallbackOptions]
): Promise<T> {
  return ask("waitForCallback", toWaitForCallback(args)) as Promise<T>;
});

export function toWaitForCallback(args: readonly unknown[]): Request {
  const [name, fn, options] = named("waitForCallback", args) as [
    string | undefined,
    unknown,
    WaitForCallbackOptions,
  ];
  const submit = aFunction("waitForCallback", "submitter", fn) as Submitter;
  const checked = checkCallback("waitForCallback", options) as WaitForCallbackOptions;
  checkRetry(checked.retry ?? checked.retryStrategy);
  return { kind: "waitForCallback", name, submit, options: checked };
}

/** Hands a callback's id to whoever will settle it. */
export type Submitter = (callbackId: string, context: StepContext) => unknown;

/** A place to resume from: its state is written here, whatever its size. */
export const checkpoint = operation(function checkpoint(name?: string): Promise<void> {
  return ask("checkpoint", toCheckpoint([name])) as Promise<void>;
});

export function toCheckpoint([name]: readonly unknown[]): Request {
  checkName("checkpoint", name);
  return { kind: "checkpoint", name: name as string | undefined };
}

/**
 * The time of the execution, in milliseconds since the epoch: when its last recorded event happened. It stands still
 * between checkpoints, so code that runs again sees the time it saw before.
 */
export const now = operation(function now(): number {
  const frame = compiled("now");
  return frame.task === null ? Date.now() : frame.task.host.now();
});

/** A number from 0 up to 1, the same whenever this code runs again. Not for secrets. */
export const random = operation(function random(): number {
  const frame = compiled("random");
  return frame.task === null ? Math.random() : frame.task.host.random();
});

/** A version 4 UUID, the same whenever this code runs again. */
export const uuid = operation(function uuid(): string {
  const frame = compiled("uuid");
  return frame.task === null ? globalThis.crypto.randomUUID() : frame.task.host.uuid();
});

function checkCallback(operationName: string, options: CallbackOptions | undefined): CallbackOptions {
  const checked = anOptions(operationName, options) ?? {};
  if (checked.timeout !== undefined) toMilliseconds(checked.timeout, `The timeout of ${operationName}`);
  if (checked.heartbeatTimeout !== undefined) {
    toMilliseconds(checked.heartbeatTimeout, `The heartbeatTimeout of ${operationName}`);
  }
  checkSerdes(operationName, checked.serdes, ["deserialize"]);
  return checked;
}

/** Throws `OperationArgumentError`, `RetryConfigError` or `DurationError`. */
export function checkStep(operationName: string, options: StepOptions | undefined): void {
  const { retry, retryStrategy, semantics, timeout, serdes, isolate } =
    anOptions(operationName, options) ?? {};
  checkRetry(retry ?? retryStrategy);
  if (semantics !== undefined && !Object.hasOwn(StepSemantics, semantics)) {
    throw new OperationArgumentError(
      `The semantics of ${operationName} must be "AtLeastOncePerRetry" or "AtMostOncePerRetry", not ${describe(semantics)}.`,
    );
  }
  if (timeout !== undefined) toMilliseconds(timeout, `The timeout of ${operationName}`);
  checkSerdes(operationName, serdes);
  checkChoice(`isolate of ${operationName}`, isolate, [true, false]);
}
