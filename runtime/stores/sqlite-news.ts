import type { FSWatcher } from "node:fs";
import { watch } from "node:fs";

/** The file is looked at at most so often, however much is written: each look costs a system call or two. */
const PAUSE_MS = 10;

/**
 * Calls `listener` soon after another process has written to the file: every write goes through its log first, and the
 * system tells who watches that. Where it cannot (a file on a network), there is only the asking from time to time.
 */
export function watchLog(file: string, version: () => number, listener: () => void): () => void {
  let watcher: FSWatcher | null = null;
  let pause: NodeJS.Timeout | undefined;
  let isOver = false;
  let seen = version();
  const look = (): void => {
    if (isOver) return;
    const now = version();
    if (now === seen) return;
    seen = now;
    listener();
  };
  const listen = (): void => {
    if (isOver) return;
    try {
      watcher = watch(`${file}-wal`, { persistent: false }, rest);
      watcher.on("error", stop);
    } catch {
      return stop();
    }
    // Written to while nobody watched.
    look();
  };
  const rest = (): void => {
    watcher?.close();
    watcher = null;
    look();
    clearTimeout(pause);
    pause = setTimeout(listen, PAUSE_MS).unref();
  };
  const stop = (): void => {
    isOver = true;
    clearTimeout(pause);
    watcher?.close();
  };
  listen();
  return stop;
}
