/** The engine's own lines in the service's log. */
import { FencedError, StoreUnavailableError } from "../errors.ts";
import type { EngineEvent, LogEntry, LogSink } from "../logger.ts";

/** The others are of `durablec serve`. */
type Announced = Exclude<EngineEvent, "http.answered">;

export type Fields = NonNullable<LogEntry["fields"]>;

/** Writes one line. */
export type Announce = (event: Announced, fields?: Fields, execution?: string) => void;

const LINES: Readonly<Record<Announced, Pick<LogEntry, "level" | "message">>> = {
  "engine.opened": { level: "info", message: "The engine is open." },
  "engine.draining": { level: "info", message: "Nothing new is started; bodies at work may finish." },
  "engine.drained": { level: "info", message: "Bodies at work have finished, or their time is over." },
  "engine.closed": { level: "info", message: "The engine is closed." },
  "engine.failed": { level: "error", message: "The engine gave up." },
  "store.lost": { level: "warn", message: "The store cannot be reached, or others run what was here." },
  "store.back": { level: "info", message: "The store answers again." },
  "worker.standby": {
    level: "info",
    message: "Another process runs this store; this one waits for its end.",
  },
  "worker.started": { level: "info", message: "This process runs the executions of the store." },
  "execution.parked": { level: "error", message: "An execution does not fit the code that is here." },
};

/** Without a log of the service's own, nothing: standard output belongs to the service. A log that throws is left alone. */
export function createAnnounce(log: LogSink | undefined, now: () => number): Announce {
  if (log === undefined) return () => undefined;
  return (event, fields, execution) => {
    const about = {
      ...(fields === undefined ? {} : { fields }),
      ...(execution === undefined ? {} : { execution }),
    };
    try {
      log({ ...LINES[event], time: now(), event, ...about });
    } catch {
      // A line of the log is never a reason to stop.
    }
  };
}

/** `onError`, whose news are lines of the log too. */
export function announced(
  onError: (error: Error, execution: string | null) => void,
  announce: Announce,
): typeof onError {
  return (error, execution) => {
    const fields = { error: error.name, reason: error.message };
    if (execution === null) announce(isOutlived(error) ? "store.lost" : "engine.failed", fields);
    else announce("execution.parked", fields, execution);
    onError(error, execution);
  };
}

/** What an engine comes back from by itself. */
export function isOutlived(error: unknown): error is StoreUnavailableError | FencedError {
  return error instanceof StoreUnavailableError || error instanceof FencedError;
}
