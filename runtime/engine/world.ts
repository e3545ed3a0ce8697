/** What an engine takes from the outside besides its store: time and chance. Replace it to simulate. */
import { randomUUID } from "node:crypto";

export interface World {
  /** Milliseconds since the epoch. */
  now(): number;
  /** From 0 up to 1: retry jitter. */
  random(): number;
  /** Ids and seeds. */
  uuid(): string;
  /**
   * Calls back at (or soon after) `at`; returns how to cancel. `upkeep`: the engine's own look at the store, which comes
   * again and again for ever; a simulated clock has no reason to move for it.
   */
  setTimer(at: number, callback: () => void, upkeep?: boolean): () => void;
  /** For simulations: what happens in place of `run`, a body of the author's. Absent: `run` happens. */
  runBody?(body: BodyAtWork, run: () => unknown): unknown;
}

/** An operation that something outside of the engine is to settle: a body at work, or (`value`) a foreign promise. */
export interface OperationAtWork extends Omit<BodyAtWork, "attempt"> {
  readonly kind: string;
}

/** Which body: of a step, of a callback's submitter, or the check of a condition. */
export interface BodyAtWork {
  readonly execution: string;
  /** Operation id. */
  readonly op: string;
  readonly name?: string;
  /** From 1. */
  readonly attempt: number;
}

/** Timers of the platform hold 31 bits of milliseconds; a longer one is set again when it fires. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export const realWorld: World = {
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  setTimer(at, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(at - Date.now(), 0), TIMER_MAX_MS));
    return () => clearTimeout(timer);
  },
};

/**
 * Resolves when every microtask that is queued now, and every one that those queue, has run: then all frames are
 * parked. A tick queued from a microtask runs only after the microtask queue is empty; one queued from here directly
 * would run before it.
 */
export function drained(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));
}
