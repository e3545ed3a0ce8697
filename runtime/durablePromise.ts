/**
 * Promises of an execution are native ones with this prototype: what durable code attaches to them is part of the state,
 * `p.then(...)` as much as an await. Everywhere else, and in the bodies of steps, they behave as any promise does.
 */
import type { Deferred, Outcome } from "./frame.ts";
import { currentFrame, type Frame } from "./frame.ts";
import { operation } from "./registry.ts";

/** How a reaction treats what its promise comes to. `give`: `finally` again, once its callback's promise has settled. */
export type ReactionMode = "then" | "finally" | "give";

export interface Callbacks {
  readonly mode: ReactionMode;
  readonly fulfilled: unknown;
  readonly rejected: unknown;
}

/** What a host that keeps a state does for promises that durable code makes. */
export interface PromiseHost {
  /** Null: `promise` is not of this execution. */
  react(frame: Frame, promise: Promise<unknown>, callbacks: Callbacks): Promise<unknown> | null;
  /** A promise that durable code settles by functions. */
  make(frame: Frame): Deferred;
  /** `Promise.resolve`, `Promise.reject`. */
  settled(frame: Frame, outcome: Outcome): Promise<unknown>;
}

type Handler<T, R> = ((value: T) => R | PromiseLike<R>) | null | undefined;

/** The language's own `then`, whatever the promise's prototype. */
export function thenNatively<T, A = T, B = never>(
  promise: Promise<T>,
  fulfilled?: Handler<T, A>,
  rejected?: Handler<unknown, B>,
): Promise<A | B> {
  return Promise.prototype.then.call(promise, fulfilled, rejected) as Promise<A | B>;
}

function react(promise: Promise<unknown>, callbacks: Callbacks): Promise<unknown> | null {
  const frame = currentFrame();
  return frame?.task?.host.promises?.react(frame, promise, callbacks) ?? null;
}

const METHODS = {
  then(this: Promise<unknown>, fulfilled?: Handler<unknown, unknown>, rejected?: Handler<unknown, unknown>) {
    return react(this, { mode: "then", fulfilled, rejected }) ?? thenNatively(this, fulfilled, rejected);
  },
  catch(this: Promise<unknown>, rejected?: Handler<unknown, unknown>) {
    return this.then(undefined, rejected);
  },
  finally(this: Promise<unknown>, callback?: () => void): Promise<unknown> {
    const callbacks = { mode: "finally", fulfilled: callback, rejected: undefined } as const;
    return (
      react(this, callbacks) ??
      (Reflect.apply(Promise.prototype.finally, this, [callback]) as Promise<unknown>)
    );
  },
};

// Called by name where types are not known, they must not be taken for work of somebody else, which would be a step.
const { prototype } = Promise;
for (const method of [...Object.values(METHODS), prototype.then, prototype.catch, prototype.finally])
  operation(method);

const PROTOTYPE = Object.create(
  Promise.prototype,
  Object.fromEntries(
    Object.entries(METHODS).map(([name, value]) => [name, { value, writable: true, configurable: true }]),
  ),
) as Promise<unknown>;

/** From now on, what durable code attaches to it is part of the state. */
export function toDurable(promise: Promise<unknown>): Promise<unknown> {
  return Object.setPrototypeOf(promise, PROTOTYPE) as Promise<unknown>;
}

function makeHere(): Deferred {
  const frame = currentFrame();
  return frame?.task?.host.promises?.make(frame) ?? Promise.withResolvers<unknown>();
}

function settledHere(outcome: Outcome): Promise<unknown> {
  const frame = currentFrame();
  const made = frame?.task?.host.promises?.settled(frame, outcome);
  if (made !== undefined) return made;
  return outcome.threw ? Promise.reject(outcome.value) : Promise.resolve(outcome.value);
}

type Executor = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void;

/** As `new Promise(executor)`: what a constructor returns is what `new` gives. */
function construct(executor: Executor): Promise<unknown> {
  const frame = currentFrame();
  if (frame === null || typeof executor !== "function") return new Promise(executor);
  const { promise, resolve, reject } = makeHere();
  try {
    executor(resolve, reject);
  } catch (error) {
    reject(error);
  }
  return promise;
}

/** Spelt out, as the library of a project that uses this may be older than `withResolvers`. */
type DurablePromise = Pick<PromiseConstructor, "reject" | "resolve"> & {
  new (executor: Executor): Promise<unknown>;
  withResolvers(): Deferred;
};

/** What `new Promise(...)`, `Promise.resolve(...)`... mean in durable code. */
export const durablePromise = Object.assign(
  function (executor: Executor): Promise<unknown> {
    return construct(executor);
  },
  {
    resolve: (value?: unknown) => settledHere({ threw: false, value }),
    reject: (error?: unknown) => settledHere({ threw: true, value: error }),
    withResolvers: makeHere,
  },
) as object as DurablePromise;
