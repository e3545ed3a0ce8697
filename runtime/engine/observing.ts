/** The engine's side of `open({ observer })`. */
import type { Observer } from "../observer.ts";
import type { JournalEvent } from "./events.ts";
import type { Execution } from "./execution.ts";
import type { Running } from "./load.ts";

/**
 * The same observer, whose mistakes are told once and cost nothing else. `runBody` is left as it is: an error from there is
 * the body's, or cannot be told from it.
 */
export function guardObserver(observer: Observer, onError: (error: Error) => void): Observer {
  let isTold = false;
  const guarded =
    <A extends readonly unknown[], R, F>(method: (...args: A) => R, otherwise: F) =>
    (...args: A): R | F => {
      try {
        return method.apply(observer, args as never);
      } catch (error) {
        if (!isTold) onError(error instanceof Error ? error : new Error(String(error)));
        isTold = true;
        return otherwise;
      }
    };
  const { starting, invoking, loaded, recorded, left, committed } = observer;
  const unobserved = { trace: null, ended: (): void => undefined };
  const start = (given: ReturnType<NonNullable<Observer["starting"]>>) => ({
    trace: given.trace,
    ended: guarded(given.ended.bind(given), undefined),
  });
  return {
    ...(starting && { starting: guarded((one) => start(starting.call(observer, one)), unobserved) }),
    ...(invoking && { invoking: guarded(invoking, null) }),
    ...(observer.runBody && { runBody: observer.runBody.bind(observer) }),
    ...(loaded && { loaded: guarded(loaded, undefined) }),
    ...(recorded && { recorded: guarded(recorded, undefined) }),
    ...(left && { left: guarded(left, undefined) }),
    ...(committed && { committed: guarded(committed, undefined) }),
  };
}

interface Committed {
  readonly running: { readonly execution: Execution };
  readonly events: readonly JournalEvent[];
}

/** After a commit that began at `began` of `performance.now()`. */
export function tellCommitted(observer: Observer, committed: readonly Committed[], began: number): void {
  const durationMs = performance.now() - began;
  const events = committed.reduce((sum, one) => sum + one.events.length, 0);
  observer.committed?.({ executions: committed.length, events, durationMs });
  for (const one of committed) observer.recorded?.(one.running.execution, one.events);
}

export function tellLoaded({ execution, wakeAt }: Running, now: number): void {
  const lateMs = wakeAt !== null && wakeAt <= now ? now - wakeAt : null;
  execution.hooks.observer?.loaded?.(execution, { lateMs });
}

/** It is given up here: what its bodies still do is of no interest. */
export function leave(execution: Execution): void {
  if (execution.disposed) return;
  execution.disposed = true;
  execution.hooks.observer?.left?.(execution);
}
