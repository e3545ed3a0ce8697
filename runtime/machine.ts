/**
 * The vocabulary of emitted code. Not for authors: `docs/machine.md` is its contract, `VOCABULARY` its number.
 */
import type { Combinator } from "./frame.ts";
import { combineNatively, currentFrame } from "./frame.ts";

export { VOCABULARY } from "./contract.ts";
export type {
  CheckpointInfo,
  CheckpointKind,
  Enter,
  FrameWords,
  MachineDefinition,
  Slots,
} from "./contract.ts";
export { AsyncCursor, asyncCursor } from "./asyncCursor.ts";
export { durablePromise as Promise } from "./durablePromise.ts";
export { Disposables, disposables } from "./disposables.ts";
export { start } from "./frame.ts";
export { generate, generator } from "./generate.ts";
export { klass } from "./innerClasses.ts";
export { bindable, importer, named } from "./functions.ts";
export { callHere, memberOf, stepHere } from "./here.ts";
export { closure, durable, machine, registerClass } from "./registry.ts";
export { cursor } from "./cursors.ts";
export type { Cursor } from "./cursors.ts";
export { coercible, omit } from "./destructuring.ts";
export { dead, keep, live } from "./deadZone.ts";
export { template } from "./templates.ts";
export { keys } from "./keys.ts";
export { listing } from "./listings.ts";
export { registerValue, symbol } from "./named.ts";
export { Box, box } from "./variables.ts";

/** `Promise.all` and its sisters, in a form that a snapshot can hold. */
export const all = combinatorOf("all");
export const allSettled = combinatorOf("allSettled");
export const any = combinatorOf("any");
export const race = combinatorOf("race");

function combinatorOf(combinator: Combinator): (elements: Iterable<unknown>) => Promise<unknown> {
  return (elements) => {
    const host = currentFrame()?.task?.host;
    return host === undefined ? combineNatively(combinator, elements) : host.combine(combinator, elements);
  };
}

/** A computed key, whatever it is, as a property key: converted where it stands, and only once. */
export function toKey(key: PropertyKey): PropertyKey {
  // Every object has its own way to become a key; the language's own conversion is in the literal.
  return Object(key) === key ? (Reflect.ownKeys({ [key]: 0 })[0] ?? key) : key;
}

/** Calls a method that was read before its arguments were awaited; `callee` is how the language names it in its error. */
export function invoke(
  ...call: [fn: unknown, self: unknown, args: readonly unknown[], callee: string]
): unknown {
  const [fn, self, args, callee] = call;
  if (typeof fn !== "function") throw new TypeError(`${callee} is not a function`);
  return Reflect.apply(fn, self, args);
}

/**
 * What `super` means in a method of `home` called on `self`: members are read from the prototype of `home`, with `self`
 * as their `this`, and written to `self`.
 */
export function superOf(home: object, self: unknown): object {
  const base = (): object => Object(Object.getPrototypeOf(home)) as object;
  return new Proxy(Object.create(null) as object, {
    get: (_, key) => Reflect.get(base(), key, self) as unknown,
    set: (_, key, value) => Reflect.set(base(), key, value, self),
    deleteProperty() {
      throw new ReferenceError("Unsupported reference to 'super'");
    },
  });
}

/** Gives a function made from a complex parameter list the `length` its source has. */
export function arity<F extends object>(length: number, fn: F): F {
  return Object.defineProperty(fn, "length", { value: length, configurable: true });
}
