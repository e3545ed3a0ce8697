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

/** Calls `changed` after each burst of changes to sources, until it is told to stop. */
export function watch({ root, ignored, stopped }: WatchOptions, changed: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const pending: { timer: NodeJS.Timeout | undefined } = { timer: undefined };
    const watcher = watchFiles(root, { recursive: true, signal: stopped }, (_event, name) => {
      if (
        name === null ||
        !isSource(
          name,
          ignored.map((path) => relative(root, path)),
        )
      )
        return;
      clearTimeout(pending.timer);
      pending.timer = setTimeout(changed, quietMs);
    });
    watcher.on("error", reject);
    watcher.on("close", () => {
      clearTimeout(pending.timer);
      resolve();
    });
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
