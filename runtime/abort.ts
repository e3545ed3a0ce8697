/**
 * An AbortController that a state can hold, with what durable code listens to. The language's own cannot be written: what
 * listens to its signal is hidden.
 */
import { currentFrame } from "./frame.ts";
import type { Extension } from "./values/contract.ts";

export interface DurableAbortSignal extends AbortSignal {
  /** Nothing: it makes this a type of its own. */
  readonly durable?: true;
}

export interface DurableAbortController {
  readonly signal: DurableAbortSignal;
  abort(reason?: unknown): void;
}

type Listener = Parameters<AbortSignal["addEventListener"]>[1];
type Options = Parameters<AbortSignal["addEventListener"]>[2];

interface Listening {
  readonly listener: Listener;
  readonly once: boolean;
}

interface Kept {
  readonly controller: AbortController;
  /** Of durable code. What steps add ends with them. */
  readonly listening: Listening[];
}

const controllers = new WeakMap<object, Kept>();
const signals = new WeakMap<object, Kept>();

/**
 * An AbortController that survives a restart: whether it was aborted, why, and the listeners of durable code to `abort`. Hand
 * its `signal` to steps; a step that is run again gets it again.
 */
export function createAbortController(): DurableAbortController {
  return make().controller;
}

function make(): Kept {
  const controller = new AbortController();
  const kept: Kept = { controller, listening: [] };
  const { signal } = controller;
  const add = (...[type, listener, options]: [type: string, listener: Listener, options?: Options]): void => {
    const isDurable = type === "abort" && currentFrame()?.task != null;
    if (isDurable && !signal.aborted && !kept.listening.some((known) => known.listener === listener)) {
      kept.listening.push({ listener, once: typeof options === "object" && options.once === true });
    }
    AbortSignal.prototype.addEventListener.call(signal, type, listener, options);
  };
  const remove = (
    ...[type, listener, options]: [type: string, listener: Listener, options?: Options]
  ): void => {
    const index = kept.listening.findIndex((known) => known.listener === listener);
    if (type === "abort" && index >= 0) kept.listening.splice(index, 1);
    AbortSignal.prototype.removeEventListener.call(signal, type, listener, options);
  };
  Object.defineProperties(signal, {
    addEventListener: { value: add, writable: true, configurable: true },
    removeEventListener: { value: remove, writable: true, configurable: true },
  });
  controllers.set(controller, kept);
  signals.set(signal, kept);
  return kept;
}

export const abortControllers: Extension = {
  tag: "ac",
  early: true,
  matches: (value) => controllers.has(value),
  write(value) {
    const { controller, listening } = controllers.get(value) as Kept;
    const { aborted, reason } = controller.signal;
    const waiting = aborted ? [] : listening.flatMap(({ listener, once }) => [listener, once]);
    return [aborted, reason, ...waiting];
  },
  create: () => make().controller,
  fill(value, [aborted, reason, ...waiting]) {
    const { controller, listening } = controllers.get(value) as Kept;
    if (aborted === true) controller.abort(reason);
    for (let i = 0; i < waiting.length; i += 2) {
      const listener = waiting[i] as Listener;
      const once = waiting[i + 1] === true;
      listening.push({ listener, once });
      AbortSignal.prototype.addEventListener.call(controller.signal, "abort", listener, { once });
    }
  },
};

export const abortSignals: Extension = {
  tag: "as",
  matches: (value) => signals.has(value),
  write: (value) => [(signals.get(value) as Kept).controller],
  create: ([controller]) => (controllers.get(controller as object) as Kept).controller.signal,
};
