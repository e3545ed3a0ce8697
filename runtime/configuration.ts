/** What a context can be told about itself: whose logger its lines go to, and what text its values are recorded as. */
import { aFunction, anOptions, checkSerdes, describe, OperationArgumentError } from "./arguments.ts";
import type { DurableLogger } from "./logger.ts";
import type { Serdes } from "./serdes.ts";

/** What `ctx.configureLogger` takes: what is left out stays as it was. */
export interface LoggerConfig<Logger extends DurableLogger = DurableLogger> {
  /**
   * Takes the lines of this context, of its steps, and of contexts inside. It becomes part of the state: by name when it is
   * a variable of a module (or `opaque`), else as a value.
   */
  readonly customLogger?: Logger & LoggingAware;
  /** False: lines of durable code are also written when they are re-run. Of this context alone. Default true. */
  readonly modeAware?: boolean;
}

/** A logger that wants to know where its lines come from: told once how to ask. */
export interface LoggingAware {
  configureDurableLoggingContext?(context: DurableLoggingContext): void;
}

export interface DurableLoggingContext {
  /** Where the line comes from that is being written. */
  readonly getDurableLogData: () => DurableLogData;
}

export interface DurableLogData {
  /** Of the execution; empty for a line that comes from elsewhere. */
  readonly executionArn: string;
  readonly requestId: string;
  /** Inside a step. */
  readonly operationId?: string;
  readonly operationName?: string;
  readonly attempt?: number;
}

/** What `ctx.configureSerdes` takes: what is left out stays as it was. An operation's own `serdes` comes first. */
export interface SerdesConfig {
  /** Of steps, child contexts, branches, conditions and invocations of this context and those inside. */
  readonly defaultSerdes?: Serdes<unknown>;
  /** Of callbacks. */
  readonly defaultCallbackDeserializer?: Pick<Serdes<unknown>, "deserialize">;
}

/** What one context was told. */
export type ContextSettings = LoggerConfig & SerdesConfig;

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** Throws `OperationArgumentError`. */
export function toLoggerSettings(given: unknown): ContextSettings {
  const { customLogger, modeAware } = required("configureLogger", given as LoggerConfig | undefined);
  if (customLogger !== undefined) {
    const logger = anOptions("configureLogger", customLogger);
    for (const level of LEVELS) aFunction("configureLogger", `customLogger.${level}`, logger?.[level]);
  }
  if (modeAware !== undefined && typeof modeAware !== "boolean") {
    throw new OperationArgumentError(
      `modeAware of configureLogger must be true or false, not ${describe(modeAware)}.`,
    );
  }
  return {
    ...(customLogger === undefined ? {} : { customLogger }),
    ...(modeAware === undefined ? {} : { modeAware }),
  };
}

/** Throws `OperationArgumentError`. */
export function toSerdesSettings(given: unknown): ContextSettings {
  const config = required("configureSerdes", given as SerdesConfig | undefined);
  const { defaultSerdes, defaultCallbackDeserializer } = config;
  checkSerdes("configureSerdes", defaultSerdes);
  checkSerdes("configureSerdes", defaultCallbackDeserializer, ["deserialize"]);
  return {
    ...(defaultSerdes === undefined ? {} : { defaultSerdes }),
    ...(defaultCallbackDeserializer === undefined ? {} : { defaultCallbackDeserializer }),
  };
}

function required<T extends object>(operationName: string, given: T | undefined): T {
  const options = anOptions(operationName, given);
  if (options === undefined) throw new OperationArgumentError(`${operationName} needs an object of options.`);
  return options;
}
