/**
 * The operations as authors call them. They do nothing by themselves: they check their arguments and ask the host of
 * the frame that is running. Behaviour: AWS durable execution SDK 2.4, as each function says where it differs.
 */
import { detached } from "./detached.ts";
import type { Duration } from "./duration.ts";
import { toMilliseconds } from "./duration.ts";
import { DurableError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { currentFrame } from "./frame.ts";
import { operation } from "./registry.ts";
import type { Request } from "./requests.ts";
import type { RetryPolicy, RetryStrategy } from "./retry.ts";
import { checkRetry } from "./retry.ts";

/** An operation was called by code that durablec did not compile, or inside a step's body. */
export class NotCompiledError extends DurableError {}
/** An operation got an argument of the wrong kind. */
export class OperationArgumentError extends DurableError {}

/** What a step's body may know about its run. */
export interface StepContext {
  /** Counted from 1; grows with each retry. */
  readonly attempt: number;
}

export interface StepOptions {
  /** Default: 6 attempts, 5 s doubling up to 60 s, FULL jitter. `noRetry` for none. */
  readonly retry?: RetryPolicy | RetryStrategy;
}

export interface CallbackOptions {
  /** Fails with `CallbackTimeoutError` when nobody settled it in time. Default: never. */
  readonly timeout?: Duration;
  /** The same when this long passes without a heartbeat. Default: never. */
  readonly heartbeatTimeout?: Duration;
}

/**
 * Runs `body` and records its result: once recorded, it is never run again. A failed attempt is retried as `retry` says;
 * after the last, the await throws the error of the body (its class survives a restart, where it is registered).
 *
 * The result passes through the codec also on the first run; one that cannot be written fails the step.
 */
export const step = operation(function step<T>(
  ...args:
    | [name: string | undefined, body: (context: StepContext) => T, options?: StepOptions]
    | [body: (context: StepContext) => T, options?: StepOptions]
): Promise<Awaited<T>> {
  const [name, fn, options] = named("step", args) as [string | undefined, unknown, StepOptions | undefined];
  const body = { kind: "closure", fn: aFunction("step", "body", fn) } as const;
  checkRetry(anOptions("step", options)?.retry);
  return ask("step", { kind: "step", name, body, options }) as Promise<Awaited<T>>;
});

/** Sleeps, up to 366 days. Costs no memory while it sleeps; survives restarts with its original end. */
export const wait = operation(function wait(
  ...args: [name: string | undefined, duration: Duration] | [duration: Duration]
): Promise<void> {
  // A lone string is a duration ("36h"), so that the name stays first and optional.
  const [name, duration] = args.length > 1 ? args : [undefined, args[0]];
  checkName("wait", name);
  const delayMs = toMilliseconds(duration as Duration, "The duration of wait");
  return ask("wait", { kind: "wait", name: name as string | undefined, delayMs }) as Promise<void>;
});

/** Opens a callback: a promise that others settle through its id, which is safe to hand out once this is awaited. */
export const createCallback = operation(function createCallback<T = unknown>(
  ...args: [name: string | undefined, options?: CallbackOptions] | [options?: CallbackOptions]
): Promise<[promise: Promise<T>, callbackId: string]> {
  const [name, options] = named("createCallback", args) as [string | undefined, CallbackOptions | undefined];
  const checked = checkCallback("createCallback", options);
  return ask("createCallback", { kind: "createCallback", name, options: checked }) as Promise<
    [Promise<T>, string]
  >;
});

/**
 * Opens a callback, hands its id to `submit` (run and retried like a step), and waits until it is settled. Rejects with
 * `CallbackFailedError`, `CallbackTimeoutError` or `CallbackSubmitterError`.
 */
export const waitForCallback = operation(function waitForCallback<T = unknown>(
  ...args:
    | [name: string | undefined, submit: Submitter, options?: CallbackOptions & StepOptions]
    | [submit: Submitter, options?: CallbackOptions & StepOptions]
): Promise<T> {
  const [name, fn, options] = named("waitForCallback", args) as [
    string | undefined,
    unknown,
    CallbackOptions & StepOptions,
  ];
  const submit = aFunction("waitForCallback", "submitter", fn) as Submitter;
  const checked = checkCallback("waitForCallback", options) as CallbackOptions & StepOptions;
  checkRetry(checked.retry);
  return ask("waitForCallback", { kind: "waitForCallback", name, submit, options: checked }) as Promise<T>;
});

/** Hands a callback's id to whoever will settle it. */
export type Submitter = (callbackId: string, context: StepContext) => unknown;

/** A place to resume from: its state is written here, whatever its size. */
export const checkpoint = operation(function checkpoint(name?: string): Promise<void> {
  checkName("checkpoint", name);
  return ask("checkpoint", { kind: "checkpoint", name }) as Promise<void>;
});

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

function ask(operationName: string, request: Request): Promise<unknown> {
  const frame = compiled(operationName);
  return frame.task === null ? detached(request) : frame.task.host.operate(frame, request);
}

function compiled(operationName: string): Frame {
  const frame = currentFrame();
  if (frame !== null) return frame;
  throw new NotCompiledError(
    `${operationName}() was called outside a compiled durable function. Mark the calling function "use durable" and run ` +
      `its output of \`durablec build\`, not its source. Inside a step's body operations are not available: move ` +
      `${operationName}() out of it.`,
  );
}

function named(operationName: string, args: readonly unknown[]): unknown[] {
  const [first] = args;
  if (typeof first === "string" || first === undefined) {
    checkName(operationName, first);
    return [...args];
  }
  return [undefined, ...args];
}

function checkName(operationName: string, name: unknown): void {
  if (name === undefined || (typeof name === "string" && name !== "")) return;
  throw new OperationArgumentError(
    `The name of ${operationName} must be a string that is not empty, not ${describe(name)}.`,
  );
}

function aFunction(operationName: string, role: string, value: unknown): (...args: unknown[]) => unknown {
  if (typeof value === "function") return value as (...args: unknown[]) => unknown;
  throw new OperationArgumentError(
    `The ${role} of ${operationName} must be a function, not ${describe(value)}.`,
  );
}

function anOptions<T extends object>(operationName: string, value: T | undefined): T | undefined {
  if (value === undefined || (typeof value === "object" && value !== null)) return value;
  throw new OperationArgumentError(
    `The options of ${operationName} must be an object, not ${describe(value)}.`,
  );
}

function checkCallback(operationName: string, options: CallbackOptions | undefined): CallbackOptions {
  const checked = anOptions(operationName, options) ?? {};
  if (checked.timeout !== undefined) toMilliseconds(checked.timeout, `The timeout of ${operationName}`);
  if (checked.heartbeatTimeout !== undefined) {
    toMilliseconds(checked.heartbeatTimeout, `The heartbeatTimeout of ${operationName}`);
  }
  return checked;
}

function describe(value: unknown): string {
  return value === null ? "null" : typeof value === "string" ? JSON.stringify(value) : typeof value;
}
