import type { FSWatcher } from "node:fs";
import { watch } from "node:fs";

/** The file is looked at at most so often, however much is written, also here: a look costs 16 us (measured). */
const PAUSE_MS = 4;
/** The log is written to before its commit is over, and how long the disk takes for that is not known. */
const LOOKS_MAX = 10;

/**
 * Calls `listener` soon after another process has written to the file: every write goes through its log first, and the
 * system tells who watches that. Where it cannot (a file on a network), there is only the asking from time to time.
 */
export function watchLog(file: string, version: () => number, listener: () => void): () => void {
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let seen = version();
  let looks = 0;

  const later = (work: () => void): void => {
    clearTimeout(timer);
    timer = setTimeout(work, PAUSE_MS).unref();
  };
  /** False: nothing is new. */
  const look = (): boolean => {
    const before = seen;
    try {
      seen = version();
    } catch {
      // The store is closed, or broken: who asks it next is told.
      stop();
    }
    if (seen === before || isOver) return false;
    listener();
    return true;
  };
  const lookAgain = (): void => {
    if (!isOver && !look() && looks-- > 0) later(lookAgain);
  };
  const listen = (): void => {
    if (isOver) return;
    try {
      watcher = watch(`${file}-wal`, { persistent: false }, rest);
      watcher.on("error", stop);
    } catch {
      return stop();
    }
    // Written to while nobody watched, or only committed now.
    lookAgain();
  };
  const rest = (): void => {
    if (isOver) return;
    watcher?.close();
    looks = LOOKS_MAX;
    later(listen);
    look();
  };
  const stop = (): void => {
    isOver = true;
    clearTimeout(timer);
    watcher?.close();
  };
  listen();
  return stop;
}
