import { watch as watchFiles } from "node:fs";
import { relative, sep } from "node:path";

export interface WatchOptions {
  readonly root: string;
  /** Absolute paths of folders whose changes are our own. */
  readonly ignored: readonly string[];
  readonly stopped: AbortSignal;
}

/** An editor saves in several steps, and a checkout changes many files: one build for all of it. */
const quietMs = 80;

/** Calls `changed` after each burst of changes to sources, one call at a time, until it is told to stop. */
export function watch({ root, ignored, stopped }: WatchOptions, changed: () => Promise<void>): Promise<void> {
  const folders = ignored.map((path) => relative(root, path));
  return new Promise((resolve, reject) => {
    const pending: { timer: NodeJS.Timeout | undefined; work: Promise<void> } = {
      timer: undefined,
      work: Promise.resolve(),
    };
    const work = () => void (pending.work = pending.work.then(changed).catch(reject));
    const watcher = watchFiles(root, { recursive: true }, (_event, name) => {
      if (name === null || !isSource(name, folders)) return;
      clearTimeout(pending.timer);
      pending.timer = setTimeout(work, quietMs);
    });
    const end = () => {
      clearTimeout(pending.timer);
      watcher.close();
      resolve(pending.work);
    };
    watcher.on("error", reject);
    if (stopped.aborted) end();
    else stopped.addEventListener("abort", end);
  });
}

/** `name` and `ignored` are relative to the watched folder. */
export function isSource(name: string, ignored: readonly string[]): boolean {
  const isIgnored = ignored.some(
    (folder) => folder !== "" && (name === folder || name.startsWith(folder + sep)),
  );
  const isHidden = name.split(sep).some((part) => part === "node_modules" || part.startsWith("."));
  return !isIgnored && !isHidden && /\.([cm]?tsx?|json)$/.test(name);
}
