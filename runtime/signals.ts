/** Messages from outside into a running execution, by name, in the order they came. */
import { ask, checkName, OperationArgumentError } from "./arguments.ts";
import { operation } from "./registry.ts";
import type { Request } from "./requests.ts";

/**
 * The next signal of this name: one that came before and was kept, or else the next that comes. Each is given to one who
 * asks, in the order of asking. Sent by `engine.signal(id, name, payload)`.
 */
export const waitForSignal = operation(function waitForSignal<T = unknown>(name: string): Promise<T> {
  return ask("waitForSignal", toWaitForSignal([name])) as Promise<T>;
});

export function toWaitForSignal([name]: readonly unknown[], iterated = false): Request {
  checkName("waitForSignal", name);
  if (name === undefined) throw new OperationArgumentError("waitForSignal needs the name of the signal.");
  return { kind: "signal", name: String(name), iterated };
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
