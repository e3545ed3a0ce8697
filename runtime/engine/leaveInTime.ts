/** The end of a worker that may take some time. */
import { setTimeout as pause } from "node:timers/promises";

/** Between looks at what is still at work. */
const LOOK_MS = 5;

interface Leaving {
  /** Nothing is left to wait for. */
  isOver(): boolean;
  /** Tells the store what has left. */
  flush(): Promise<void>;
}

/** Resolves when it is over, at the latest after `drainMs`. */
export async function leaveInTime(drainMs: number, { isOver, flush }: Leaving): Promise<void> {
  const end = performance.now() + drainMs;
  while (!isOver() && performance.now() < end) {
    await flush();
    await pause(LOOK_MS);
  }
  await flush();
}
