/**
 * `withRetry`: durable code that is tried again as a whole, with durable waits between. A machine written by hand: a loop
 * of a call, and a wait when it failed. Behaviour: AWS's SDK 2.4.
 */
import {
  aFunction,
  anOptions,
  ask,
  checkChoice,
  compiled,
  named,
  OperationArgumentError,
} from "./arguments.ts";
import { wait } from "./authoring.ts";
import { Context, createContext, type DurableContext } from "./context.ts";
import { checkChild, type ChildOptions } from "./contexts.ts";
import type { Slots } from "./contract.ts";
import { VOCABULARY } from "./contract.ts";
import { start, type Frame } from "./frame.ts";
import { closure, durable, machine, operation } from "./registry.ts";
import type { Request } from "./requests.ts";
import type { RetryPolicy, RetryStrategy } from "./retry.ts";
import { checkRetry, retryDelayMs } from "./retry.ts";

export interface WithRetryOptions<T = never> {
  readonly retryStrategy: RetryPolicy | RetryStrategy;
  /** False: it runs in the context of its caller, and the error is thrown as it is. Default true. */
  readonly wrapWithRunInChildContext?: boolean;
  /** Of the child context. */
  readonly childContextConfig?: ChildOptions<T>;
}

/** Durable code; `attempt` counts from 1. */
export type Retried<T> = (context: DurableContext, attempt: number) => T;

/** With a context first or without, with a name or without. */
export interface WithRetry {
  <T>(
    ...args: [
      context: DurableContext,
      name: string | undefined,
      fn: Retried<T>,
      options: WithRetryOptions<NoInfer<Awaited<T>>>,
    ]
  ): Promise<Awaited<T>>;
  <T>(
    context: DurableContext,
    fn: Retried<T>,
    options: WithRetryOptions<NoInfer<Awaited<T>>>,
  ): Promise<Awaited<T>>;
  <T>(
    name: string | undefined,
    fn: Retried<T>,
    options: WithRetryOptions<NoInfer<Awaited<T>>>,
  ): Promise<Awaited<T>>;
  <T>(fn: Retried<T>, options: WithRetryOptions<NoInfer<Awaited<T>>>): Promise<Awaited<T>>;
}

/** Runs `fn` in a child context until it succeeds or the strategy gives up; then its last error is thrown. */
export const withRetry: WithRetry = operation(function withRetry(...args: readonly unknown[]) {
  const [first, ...rest] = args;
  const context = first instanceof Context ? first : null;
  const { loop, request } = toWithRetry(context === null ? args : rest);
  if (request !== null) {
    return (
      context === null ? ask("withRetry", request) : context.ask("withRetry", request)
    ) as Promise<never>;
  }
  const { task } = compiled("withRetry");
  return loop(context ?? createContext(task?.context ?? "", task?.host ?? null)) as Promise<never>;
});

/** Null: the loop runs where it is called. */
function toWithRetry(args: readonly unknown[]): {
  readonly loop: (context: unknown) => unknown;
  readonly request: Request | null;
} {
  const [name, given, options] = named("withRetry", args) as [string | undefined, unknown, unknown];
  const fn = aFunction("withRetry", "function", given);
  const { retryStrategy, wrapWithRunInChildContext, childContextConfig } =
    anOptions("withRetry", options as WithRetryOptions<unknown> | undefined) ?? {};
  if (retryStrategy === undefined) throw new OperationArgumentError("withRetry needs a retryStrategy.");
  checkRetry(retryStrategy);
  checkChoice("wrapWithRunInChildContext of withRetry", wrapWithRunInChildContext, [true, false]);
  const child = checkChild("withRetry", childContextConfig);
  const loop = loopOf({ fn, retryStrategy, ...(name === undefined ? {} : { name }) });
  if (wrapWithRunInChildContext === false) return { loop, request: null };
  return { loop, request: { kind: "runInChildContext", name, branch: { fn: loop, args: [] }, ...child } };
}

interface Loop {
  readonly fn: (...args: readonly unknown[]) => unknown;
  readonly retryStrategy: RetryPolicy | RetryStrategy;
  readonly name?: string;
}

const loopMachine = machine({
  vocabulary: VOCABULARY,
  id: "@durablec/runtime#withRetry",
  hash: "1",
  name: "withRetry",
  source: "@durablec/runtime",
  checkpoints: {
    1: { kind: "task", line: 0, column: 0, live: ["loop", "context", "attempt"] },
    2: { kind: "wait", line: 0, column: 0, live: ["loop", "context", "attempt"] },
  },
  run($f, $s) {
    const { loop, context } = $s as { readonly loop: Loop; readonly context: unknown };
    const attempt = Number($s.attempt);
    try {
      if ($f.pc === 1) return $f.done($f.resume());
      if ($f.pc === 2) $f.resume();
      return $f.await(1, Reflect.apply(loop.fn, undefined, [context, attempt]));
    } catch (error) {
      const { task } = $f as Frame;
      const random = task === null ? Math.random : () => task.host.random();
      const delayMs = retryDelayMs(loop.retryStrategy, { error, attempt }, random);
      if (delayMs === null) throw error;
      $s.attempt = attempt + 1;
      const name = loop.name === undefined ? undefined : `${loop.name}-backoff-${attempt}`;
      return $f.await(2, wait(name, { milliseconds: delayMs }));
    }
  },
});

const loopOf = closure("@durablec/runtime#withRetryLoop", (loop: Loop) =>
  durable((...[context]: readonly unknown[]) => {
    const slots: Slots = { loop, context, attempt: 1 };
    return start(loopMachine, undefined, [], () => slots);
  }, loopMachine),
);
