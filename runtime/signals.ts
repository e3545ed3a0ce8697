/** Messages from outside into a running execution, by name, in the order they came. */
import { anOptions, ask, checkName, OperationArgumentError } from "./arguments.ts";
import type { Duration } from "./duration.ts";
import { toMilliseconds } from "./duration.ts";
import { operation } from "./registry.ts";
import type { Request } from "./requests.ts";

export interface SignalOptions {
  /** Fails with `SignalTimeoutError` when no signal has come in time. Default: never. */
  readonly timeout?: Duration;
}

/**
 * The next signal of this name: one that came before and was kept, or else the next that comes. Each is given to one who
 * asks, in the order of asking. Sent by `engine.signal(id, name, payload)`.
 */
export const waitForSignal = operation(function waitForSignal<T = unknown>(
  ...args: [name: string, options?: SignalOptions]
): Promise<T> {
  return ask("waitForSignal", toWaitForSignal(args)) as Promise<T>;
});

export function toWaitForSignal([name, given]: readonly unknown[], iterated = false): Request {
  checkSignal("waitForSignal", name);
  const { timeout } = anOptions("waitForSignal", given as SignalOptions | undefined) ?? {};
  const timeoutMs = timeout === undefined ? null : toMilliseconds(timeout, "The timeout of waitForSignal");
  return { kind: "signal", name: String(name), iterated, timeoutMs };
}

export function checkSignal(operationName: string, name: unknown): void {
  checkName(operationName, name);
  if (name === undefined) throw new OperationArgumentError(`${operationName} needs the name of the signal.`);
}

/** The signals of a name, one after the other: `for await (const order of signals<Order>("order"))`. It has no end. */
export class Signals<T> {
  readonly name: string;

  constructor(name: string) {
    toWaitForSignal([name]);
    this.name = name;
  }

  next(): Promise<IteratorResult<T, never>> {
    return ask("signals.next", toWaitForSignal([this.name], true)) as Promise<IteratorResult<T, never>>;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
operation(Object.getOwnPropertyDescriptor(Signals.prototype, "next")?.value as object);

export function signals<T = unknown>(name: string): Signals<T> {
  return new Signals<T>(name);
}
