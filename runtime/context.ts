/**
 * The context form: `async (event, ctx) => { "use durable"; await ctx.step(...) }`, as AWS's SDK has it. Methods take what
 * the free functions take; errors come wrapped as that SDK throws them.
 */
import { compiled, named } from "./arguments.ts";
import type { checkpoint, createCallback, step, wait, waitForCallback } from "./authoring.ts";
import { toCheckpoint, toCreateCallback, toStep, toWait, toWaitForCallback } from "./authoring.ts";
import type { waitForCondition } from "./condition.ts";
import { toWaitForCondition } from "./condition.ts";
import type { map, parallel, runInChildContext } from "./contexts.ts";
import { toMap, toParallel, toRunInChildContext } from "./contexts.ts";
import type { ContextSettings, LoggerConfig, SerdesConfig } from "./configuration.ts";
import { toLoggerSettings, toSerdesSettings } from "./configuration.ts";
import { detached } from "./detached.ts";
import { ContextError, PromiseCombinatorError } from "./errors.ts";
import type { Combinator, Host } from "./frame.ts";
import { combineNatively } from "./frame.ts";
import type { Invoke } from "./invoke.ts";
import { toInvoke } from "./invoke.ts";
import type { DurableLogger, LogLevel } from "./logger.ts";
import { toLogger, writeLog } from "./logger.ts";
import type { waitForSignal } from "./signals.ts";
import { Signals, type signals, toWaitForSignal } from "./signals.ts";
import { toTransaction, type transaction } from "./transaction.ts";
import { cancel, compensate } from "./undoing.ts";
import { closure, operation } from "./registry.ts";
import type { Request } from "./requests.ts";

/** What a durable function gets as its second argument, and a child context's function as its first. */
export interface DurableContext<Logger extends DurableLogger = DurableLogger> {
  readonly step: typeof step;
  readonly transaction: typeof transaction;
  readonly wait: typeof wait;
  readonly createCallback: typeof createCallback;
  readonly waitForCallback: typeof waitForCallback;
  readonly waitForCondition: typeof waitForCondition;
  readonly runInChildContext: typeof runInChildContext;
  readonly parallel: typeof parallel;
  readonly map: typeof map;
  readonly invoke: Invoke;
  readonly waitForSignal: typeof waitForSignal;
  readonly signals: typeof signals;
  readonly cancel: typeof cancel;
  readonly compensate: typeof compensate;
  readonly checkpoint: typeof checkpoint;
  /** `Promise`'s own combinators; a name may come first, as in AWS's SDK. */
  readonly promise: ContextPromises;
  /** Silent while past work is re-run. */
  readonly logger: Pick<Logger, keyof DurableLogger>;
  /** Whose logger the lines of this context and its steps go to. Throws `OperationArgumentError`. */
  configureLogger(config: LoggerConfig<Logger>): void;
  /** The text forms of what its operations record, where they have none of their own. Throws `OperationArgumentError`. */
  configureSerdes(config: SerdesConfig): void;
  /** Which execution this is: its id. Empty where there is none. */
  readonly executionContext: { readonly durableExecutionArn: string };
  /** What there is, without Lambda, of what it tells a handler. */
  readonly lambdaContext: LambdaContext;
}

export interface LambdaContext {
  /** The execution's id, both. Empty where there is none. */
  readonly awsRequestId: string;
  readonly invokedFunctionArn: string;
  /** `path#name` of the durable function. */
  readonly functionName: string;
  readonly functionVersion: "$LATEST";
  /** There is no limit: always Lambda's longest, 15 minutes. */
  readonly getRemainingTimeInMillis: () => number;
}

/** As in the language, each result has the type of its promise; any other iterable does too. */
export interface ContextPromises {
  all<const P extends Listed>(name: string | undefined, promises: P): Promise<Results<P>>;
  all<const P extends Listed>(promises: P): Promise<Results<P>>;
  allSettled<const P extends Listed>(name: string | undefined, promises: P): Promise<Settlements<P>>;
  allSettled<const P extends Listed>(promises: P): Promise<Settlements<P>>;
  any<const P extends Listed>(name: string | undefined, promises: P): Promise<OneOf<P>>;
  any<const P extends Listed>(promises: P): Promise<OneOf<P>>;
  race<const P extends Listed>(name: string | undefined, promises: P): Promise<OneOf<P>>;
  race<const P extends Listed>(promises: P): Promise<OneOf<P>>;
}
type Listed = readonly unknown[] | Iterable<unknown>;
type Results<P> = P extends readonly unknown[]
  ? { -readonly [Index in keyof P]: Awaited<P[Index]> }
  : OneOf<P>[];
type Settlements<P> = P extends readonly unknown[]
  ? { -readonly [Index in keyof P]: PromiseSettledResult<Awaited<P[Index]>> }
  : PromiseSettledResult<OneOf<P>>[];
type OneOf<P> = P extends Iterable<infer T> ? Awaited<T> : never;

/** `path`: of the context; `host`: of its execution, or null outside one. */
export function createContext(path: string, host: Host | null): DurableContext {
  return new Context(path, host) as DurableContext;
}

/** A context as stored state holds it: its path. Nothing else of it is state. */
export class Context {
  readonly path: string;
  private readonly host: Host | null;
  /** Without an execution: its logger. */
  private own: DurableLogger | null = null;

  constructor(path: string, host: Host | null) {
    this.path = path;
    this.host = host;
  }

  step(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("step", toStep(args));
  }
  transaction(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("transaction", toTransaction(args));
  }
  wait(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("wait", toWait(args));
  }
  createCallback(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("createCallback", toCreateCallback(args));
  }
  waitForCallback(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("waitForCallback", toWaitForCallback(args));
  }
  waitForCondition(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("waitForCondition", toWaitForCondition(args));
  }
  runInChildContext(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("runInChildContext", toRunInChildContext(args));
  }
  parallel(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("parallel", toParallel(args));
  }
  map(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("map", toMap(args));
  }
  invoke(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("invoke", toInvoke(args));
  }
  waitForSignal(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("waitForSignal", toWaitForSignal(args));
  }
  checkpoint(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("checkpoint", toCheckpoint(args));
  }
  signals(name: string): Signals<unknown> {
    return new Signals(name);
  }
  // Both are about the execution as a whole, so it does not matter whose context is asked.
  cancel(...promises: readonly PromiseLike<unknown>[]): void {
    cancel(...promises);
  }
  compensate(...args: readonly unknown[]): void {
    (compensate as (...given: readonly unknown[]) => void)(...args);
  }

  get promise(): ContextPromises {
    const by =
      (combinator: Combinator) =>
      (...args: readonly unknown[]): Promise<unknown> =>
        this.combine(combinator, named(`promise.${combinator}`, args));
    return {
      all: by("all"),
      allSettled: by("allSettled"),
      any: by("any"),
      race: by("race"),
    } as ContextPromises;
  }

  get executionContext(): DurableContext["executionContext"] {
    return { durableExecutionArn: this.host?.id ?? "" };
  }

  get lambdaContext(): LambdaContext {
    const id = this.host?.id ?? "";
    return {
      awsRequestId: id,
      invokedFunctionArn: id,
      functionName: this.host?.functionId ?? "",
      functionVersion: "$LATEST",
      getRemainingTimeInMillis: remainingTime,
    };
  }

  configureLogger(config: unknown): void {
    this.configure("configureLogger", toLoggerSettings(config));
  }
  configureSerdes(config: unknown): void {
    this.configure("configureSerdes", toSerdesSettings(config));
  }

  get logger(): DurableLogger {
    const { host, path } = this;
    if (host === null) return this.own ?? toLogger(writeLog, {});
    const at =
      (level: LogLevel) =>
      (...values: readonly unknown[]): void =>
        host.log(path, level, values);
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  private configure(method: string, settings: ContextSettings): void {
    compiled(`ctx.${method}`);
    this.own = settings.customLogger ?? this.own;
    this.host?.configure(this.path, settings);
  }

  /** A child context in the history, as AWS's SDK has it; what it gives is not recorded once more. */
  private combine(combinator: Combinator, [name, promises]: readonly unknown[]): Promise<unknown> {
    return this.ask(`promise.${combinator}`, {
      kind: "runInChildContext",
      name: name as string | undefined,
      branch: { fn: combining(combinator, promises), args: [] },
      errorMapper: toCombinatorError(),
      serdes: null,
      silent: true,
    });
  }

  /** For operations that take a context as an argument. */
  ask(method: string, request: Request): Promise<unknown> {
    const frame = compiled(`ctx.${method}`);
    if (frame.task === null) return detached(request);
    const { context, host } = frame.task;
    if (context === this.path) return host.operate(frame, request, true);
    throw new ContextError(
      `ctx.${method} was called on ${describe(this.path)} by code that runs in ${describe(context)}. Use the context that ` +
        `the function was given: its operations are found again by where they run.`,
    );
  }
}

// The three below are parts of states, under these names for ever.
const remainingTime = closure("@durablec/runtime#remainingTime", () => () => 900_000)();

const combining = closure("@durablec/runtime#combine", (combinator: Combinator, promises: unknown) => () => {
  const { task } = compiled(`ctx.promise.${combinator}`);
  const all = promises as Iterable<unknown>;
  return task === null ? combineNatively(combinator, all) : task.host.combine(combinator, all);
});

const toCombinatorError = closure("@durablec/runtime#toCombinatorError", () => (error: unknown) => {
  return new PromiseCombinatorError(error instanceof Error ? error.message : String(error), error);
});

for (const name of Object.getOwnPropertyNames(Context.prototype)) {
  const method: unknown = Object.getOwnPropertyDescriptor(Context.prototype, name)?.value;
  if (typeof method === "function" && name !== "constructor") operation(method);
}

function describe(path: string): string {
  return path === "" ? "the context of the execution" : `the context of operation ${path}`;
}
