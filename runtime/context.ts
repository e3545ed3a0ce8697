/**
 * The context form: `async (event, ctx) => { "use durable"; await ctx.step(...) }`, as AWS's SDK has it. Methods take what
 * the free functions take; errors come wrapped as that SDK throws them.
 */
import { compiled } from "./arguments.ts";
import type { checkpoint, createCallback, step, wait, waitForCallback } from "./authoring.ts";
import { toCheckpoint, toCreateCallback, toStep, toWait, toWaitForCallback } from "./authoring.ts";
import type { waitForCondition } from "./condition.ts";
import { toWaitForCondition } from "./condition.ts";
import type { map, parallel, runInChildContext } from "./contexts.ts";
import { toMap, toParallel, toRunInChildContext } from "./contexts.ts";
import { detached } from "./detached.ts";
import { ContextError } from "./errors.ts";
import type { Combinator, Host } from "./frame.ts";
import { combineNatively } from "./frame.ts";
import type { Invoke } from "./invoke.ts";
import { toInvoke } from "./invoke.ts";
import type { DurableLogger, LogLevel } from "./logger.ts";
import { toLogger, writeLog } from "./logger.ts";
import type { waitForSignal } from "./signals.ts";
import { Signals, type signals, toWaitForSignal } from "./signals.ts";
import { cancel, compensate } from "./undoing.ts";
import { operation } from "./registry.ts";
import type { Request } from "./requests.ts";

/** What a durable function gets as its second argument, and a child context's function as its first. */
export interface DurableContext {
  readonly step: typeof step;
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
  readonly logger: DurableLogger;
  /** Which execution this is: its id. Empty where there is none. */
  readonly executionContext: { readonly durableExecutionArn: string };
}

export interface ContextPromises {
  all<T>(...args: [name: string | undefined, promises: Many<T>] | [promises: Many<T>]): Promise<T[]>;
  allSettled<T>(
    ...args: [name: string | undefined, promises: Many<T>] | [promises: Many<T>]
  ): Promise<PromiseSettledResult<T>[]>;
  any<T>(...args: [name: string | undefined, promises: Many<T>] | [promises: Many<T>]): Promise<T>;
  race<T>(...args: [name: string | undefined, promises: Many<T>] | [promises: Many<T>]): Promise<T>;
}
type Many<T> = Iterable<T | PromiseLike<T>>;

/** `path`: of the context; `host`: of its execution, or null outside one. */
export function createContext(path: string, host: Host | null): DurableContext {
  return new Context(path, host) as DurableContext;
}

/** A context as stored state holds it: its path. Nothing else of it is state. */
export class Context {
  readonly path: string;
  private readonly host: Host | null;

  constructor(path: string, host: Host | null) {
    this.path = path;
    this.host = host;
  }

  step(...args: readonly unknown[]): Promise<unknown> {
    return this.ask("step", toStep(args));
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
      (...args: readonly unknown[]): Promise<unknown> => {
        const promises = args.at(-1) as Iterable<unknown>;
        return this.host === null
          ? combineNatively(combinator, promises)
          : this.host.combine(combinator, promises);
      };
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

  get logger(): DurableLogger {
    const { host } = this;
    if (host === null) return toLogger(writeLog, {});
    const at =
      (level: LogLevel) =>
      (...values: readonly unknown[]): void =>
        host.log(level, values);
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
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

for (const name of Object.getOwnPropertyNames(Context.prototype)) {
  const method: unknown = Object.getOwnPropertyDescriptor(Context.prototype, name)?.value;
  if (typeof method === "function" && name !== "constructor") operation(method);
}

function describe(path: string): string {
  return path === "" ? "the context of the execution" : `the context of operation ${path}`;
}
