/** The world as a command sees it, so that a test can be the world. */
export interface Io {
  /** Absolute. Relative paths in arguments start here. */
  readonly cwd: string;
  /** What was asked for: one line, or several, to standard output. */
  out(text: string): void;
  /** What is said beside it: progress and trouble, to standard error. */
  err(text: string): void;
  /** Whether `out` may be coloured. */
  readonly colors: boolean;
  /** Aborted by SIGINT or SIGTERM. */
  readonly stopped: AbortSignal;
  /** Absent: standard output is no terminal. */
  readonly screen?: Screen;
}

/** A terminal to draw on. */
export interface Screen {
  write(text: string): void;
  size(): { readonly columns: number; readonly rows: number };
}

/** The io of this process. `stopped` fires once; a second signal ends the process as signals do. */
export function toProcessIo(): Io {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));
  return {
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    colors: process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined,
    stopped: stop.signal,
    ...(process.stdout.isTTY ? { screen: toScreen(process.stdout) } : {}),
  };
}

function toScreen(stdout: typeof process.stdout): Screen {
  return {
    write: (text) => void stdout.write(text),
    // Some terminals do not say: 0.
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
  };
}
