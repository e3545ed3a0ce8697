/** What an engine takes from the outside besides its store: time and chance. Replace it to simulate. */
import { randomUUID } from "node:crypto";

export interface World {
  /** Milliseconds since the epoch. */
  now(): number;
  /** From 0 up to 1: retry jitter. */
  random(): number;
  /** Ids and seeds. */
  uuid(): string;
  /** Calls back at (or soon after) `at`; returns how to cancel. */
  setTimer(at: number, callback: () => void): () => void;
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
