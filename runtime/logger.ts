/** Structured log lines of durable code and of steps: where they go is the service's choice (`open({ logger })`). */

/** Writes one line. What follows a message is kept as data. */
export interface DurableLogger {
  debug(...values: readonly unknown[]): void;
  info(...values: readonly unknown[]): void;
  warn(...values: readonly unknown[]): void;
  error(...values: readonly unknown[]): void;
}

export type LogLevel = keyof DurableLogger;

/** One line, with the place it comes from. */
export interface LogEntry {
  readonly level: LogLevel;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly message: string;
  /** What followed the message. */
  readonly data?: readonly unknown[];
  /** Execution id; absent when the function was called without an execution. */
  readonly execution?: string;
  /** Operation id and name, inside a step. */
  readonly operation?: string;
  readonly name?: string;
  /** Which attempt of the step, from 1. */
  readonly attempt?: number;
  /** On the engine's own lines: what happened, under a name that stays. */
  readonly event?: EngineEvent;
  /** On the engine's own lines: see docs/observability.md. Never a payload, never a secret. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

export type EngineEvent =
  | "engine.opened"
  | "engine.draining"
  | "engine.drained"
  | "engine.closed"
  | "engine.failed"
  | "store.lost"
  | "store.back"
  | "worker.standby"
  | "worker.started"
  | "execution.parked"
  | "http.answered";

/** Takes a line. It must not throw: a log line is never a reason for an execution to fail. */
export type LogSink = (entry: LogEntry) => void;

/** What every line of one logger has in common. */
export type LogPlace = Pick<LogEntry, "execution" | "operation" | "name" | "attempt">;

/** One line of JSON on standard output. */
export const writeLog: LogSink = (entry) => void process.stdout.write(`${toLogLine(entry)}\n`);

/** One line of JSON, for a log of the service's own. */
export function toLogLine({ data, ...entry }: LogEntry): string {
  const shown = data === undefined ? entry : { ...entry, data: data.map(toShown) };
  try {
    return JSON.stringify(shown);
  } catch {
    // A cycle, or a BigInt: the message is worth more than its data.
    return JSON.stringify({ ...entry, data: "could not be shown as JSON" });
  }
}

/** A logger that says of each line where it comes from. */
export function toLogger(sink: LogSink, place: LogPlace, now: () => number = Date.now): DurableLogger {
  const at =
    (level: LogLevel) =>
    (...values: readonly unknown[]): void =>
      sink({ level, time: now(), ...toMessage(values), ...place });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function toMessage([first, ...rest]: readonly unknown[]): Pick<LogEntry, "message" | "data"> {
  const [message, data] = typeof first === "string" ? [first, rest] : ["", [first, ...rest]];
  return data.length === 0 ? { message } : { message, data };
}

function toShown(value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
}
