/**
 * Lines for a logger of the author's. One logger may serve all executions of a process, so where a line comes from is said
 * while it is written, not when the logger is made.
 */
import type { DurableLogData, LoggingAware } from "./configuration.ts";
import type { DurableLogger, LogLevel } from "./logger.ts";

const NOWHERE: DurableLogData = { executionArn: "", requestId: "" };
const current: { place: DurableLogData } = { place: NOWHERE };
/** Loggers that have been told how to ask. */
const told = new WeakSet<object>();

/** A logger that throws is no reason for an execution to fail: `fallback` gets the line then. */
export function customLogger(
  logger: DurableLogger & LoggingAware,
  place: DurableLogData,
  fallback: DurableLogger,
): DurableLogger {
  const at =
    (level: LogLevel) =>
    (...values: readonly unknown[]): void => {
      const before = current.place;
      current.place = place;
      try {
        if (!told.has(logger)) {
          told.add(logger);
          logger.configureDurableLoggingContext?.({ getDurableLogData: () => current.place });
        }
        logger[level](...values);
      } catch (error) {
        fallback[level](...values);
        fallback.error("The custom logger threw an error.", error);
      } finally {
        current.place = before;
      }
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
