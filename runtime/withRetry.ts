/**
 * `withRetry`: durable code that is tried again as a whole, with durable waits between. A machine written by hand: a loop
 * of a call, and a wait when it failed. Behaviour: AWS's SDK 2.4.
 */
import { aFunction, anOptions, ask, named, OperationArgumentError } from "./arguments.ts";
import { wait } from "./authoring.ts";
import { Context, type DurableContext } from "./context.ts";
import type { Slots } from "./contract.ts";
import { VOCABULARY } from "./contract.ts";
import { start } from "./frame.ts";
import { closure, durable, machine, operation } from "./registry.ts";
import type { Request } from "./requests.ts";
import type { RetryPolicy, RetryStrategy } from "./retry.ts";
import { checkRetry, retryDelayMs } from "./retry.ts";

export interface WithRetryOptions {
  readonly retryStrategy: RetryPolicy | RetryStrategy;
}

/** Durable code; `attempt` counts from 1. */
export type Retried<T> = (context: DurableContext, attempt: number) => T;

/** With a context first or without, with a name or without. */
export interface WithRetry {
  <T>(
    ...args: [context: DurableContext, name: string | undefined, fn: Retried<T>, options: WithRetryOptions]
  ): Promise<Awaited<T>>;
  <T>(context: DurableContext, fn: Retried<T>, options: WithRetryOptions): Promise<Awaited<T>>;
  <T>(name: string | undefined, fn: Retried<T>, options: WithRetryOptions): Promise<Awaited<T>>;
  <T>(fn: Retried<T>, options: WithRetryOptions): Promise<Awaited<T>>;
}

/** Runs `fn` in a child context until it succeeds or the strategy gives up; then its last error is thrown. */
export const withRetry: WithRetry = operation(function withRetry(...args: readonly unknown[]) {
  const [first, ...rest] = args;
  const asked =
    first instanceof Context
      ? first.ask("withRetry", toWithRetry(rest))
      : ask("withRetry", toWithRetry(args));
  return asked as Promise<never>;
});

function toWithRetry(args: readonly unknown[]): Request {
  const [name, given, options] = named("withRetry", args) as [string | undefined, unknown, unknown];
  const fn = aFunction("withRetry", "function", given);
  const { retryStrategy } = anOptions("withRetry", options as WithRetryOptions | undefined) ?? {};
  if (retryStrategy === undefined) throw new OperationArgumentError("withRetry needs a retryStrategy.");
  checkRetry(retryStrategy);
  const loop = loopOf({ fn, retryStrategy, ...(name === undefined ? {} : { name }) });
  return { kind: "runInChildContext", name, branch: { fn: loop, args: [] }, errorMapper: null, serdes: null };
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
      const delayMs = retryDelayMs(loop.retryStrategy, { error, attempt }, Math.random);
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
