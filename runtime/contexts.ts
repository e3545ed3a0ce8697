/** Operations that run durable code of the author's: child contexts, and many of them at once. */
import { aFunction, anOptions, ask, describe, named, OperationArgumentError } from "./arguments.ts";
import type { BatchResult, CompletionConfig } from "./batch.ts";
import { newBatch } from "./batch.ts";
import type { DurableContext } from "./context.ts";
import { operation } from "./registry.ts";
import type { Branch, ErrorMapper, Request } from "./requests.ts";

/** Durable code with a context of its own. */
export type ContextFunction<T> = (context: DurableContext) => T;

export interface ChildOptions {
  /** What the caller sees instead of the error. */
  readonly errorMapper?: ErrorMapper;
}

/** Runs `fn` as durable code with ids of its own; its result is recorded as one. Nested freely. */
export const runInChildContext = operation(function runInChildContext<T>(
  ...args:
    | [name: string | undefined, fn: ContextFunction<T>, options?: ChildOptions]
    | [fn: ContextFunction<T>, options?: ChildOptions]
): Promise<Awaited<T>> {
  return ask("runInChildContext", toRunInChildContext(args)) as Promise<Awaited<T>>;
});

export function toRunInChildContext(args: readonly unknown[]): Request {
  const [name, given, options] = named("runInChildContext", args) as [string | undefined, unknown, unknown];
  const fn = aFunction("runInChildContext", "function", given);
  const { errorMapper } = anOptions("runInChildContext", options as ChildOptions | undefined) ?? {};
  if (errorMapper !== undefined) aFunction("runInChildContext", "errorMapper", errorMapper);
  return { kind: "runInChildContext", name, branch: { fn, args: [] }, errorMapper: errorMapper ?? null };
}

export interface BatchOptions {
  /** How many run at a time. Default: all. */
  readonly maxConcurrency?: number;
  /** When it is over before all branches are. Default: with the first failure. */
  readonly completionConfig?: CompletionConfig;
}

export type ParallelBranch<T> =
  ContextFunction<T> | { readonly name?: string; readonly func: ContextFunction<T> };

type Value<B> =
  B extends ContextFunction<infer T>
    ? Awaited<T>
    : B extends { readonly func: ContextFunction<infer T> }
      ? Awaited<T>
      : never;
type Values<B extends readonly unknown[]> = { readonly [Index in keyof B]: Value<B[Index]> };

type ParallelResult<B extends readonly unknown[]> = Promise<BatchResult<Value<B[number]>, Values<B>>>;

/** `parallel`'s two ways of being called: with a name, and without. */
export interface Parallel {
  <const B extends readonly ParallelBranch<unknown>[]>(
    name: string | undefined,
    branches: B,
    options?: BatchOptions,
  ): ParallelResult<B>;
  <const B extends readonly ParallelBranch<unknown>[]>(
    branches: B,
    options?: BatchOptions,
  ): ParallelResult<B>;
}

/**
 * Runs branches side by side and gives a `BatchResult`; a failure of theirs is part of it, not thrown. Its `values()` are
 * the results, each with the type of its branch.
 */
export const parallel: Parallel = operation(function parallel(...args: readonly unknown[]) {
  return ask("parallel", toParallel(args)) as Promise<BatchResult<never, never>>;
});

export function toParallel(args: readonly unknown[]): Request {
  const [name, given, options] = named("parallel", args) as [string | undefined, unknown, unknown];
  const branches = anArray("parallel", "branches", given).map((branch, index): Branch => {
    const { name: own, func } = (typeof branch === "function" ? { func: branch } : (branch ?? {})) as {
      readonly name?: string;
      readonly func?: unknown;
    };
    const fn = aFunction("parallel", `branch ${index}`, func);
    return { name: own ?? `parallel-branch-${index}`, fn, args: [] };
  });
  return toBatch("parallel", { name, branches, options: options as BatchOptions | undefined });
}

export interface MapOptions<I> extends BatchOptions {
  /** Default `map-item-<index>`. */
  readonly itemNamer?: (item: I, index: number) => string;
}

/** Runs `fn` for each item, side by side, and gives a `BatchResult`. */
export const map = operation(function map<I, T>(
  ...args:
    | [name: string | undefined, items: readonly I[], fn: MapFunction<I, T>, options?: MapOptions<I>]
    | [items: readonly I[], fn: MapFunction<I, T>, options?: MapOptions<I>]
): Promise<BatchResult<Awaited<T>>> {
  return ask("map", toMap(args)) as Promise<BatchResult<Awaited<T>>>;
});

/** One item of a `map`. */
export type MapFunction<I, T> = (
  ...args: [context: DurableContext, item: I, index: number, items: readonly I[]]
) => T;

export function toMap(args: readonly unknown[]): Request {
  const [name, given, func, options] = named("map", args) as [string | undefined, unknown, unknown, unknown];
  const items = anArray("map", "items", given);
  const fn = aFunction("map", "function", func);
  const { itemNamer } = anOptions("map", options as MapOptions<unknown> | undefined) ?? {};
  if (itemNamer !== undefined) aFunction("map", "itemNamer", itemNamer);
  const branches = items.map((item, index): Branch => {
    return { name: itemNamer?.(item, index) ?? `map-item-${index}`, fn, args: [item, index, items] };
  });
  return toBatch("map", { name, branches, options: options as BatchOptions | undefined });
}

interface Given {
  readonly name: string | undefined;
  readonly branches: readonly Branch[];
  readonly options: BatchOptions | undefined;
}

function toBatch(operationName: string, { name, branches, options }: Given): Request {
  const { maxConcurrency, completionConfig } = anOptions(operationName, options) ?? {};
  if (maxConcurrency !== undefined && !(Number.isInteger(maxConcurrency) && maxConcurrency >= 1)) {
    throw new OperationArgumentError(
      `maxConcurrency of ${operationName} must be a whole number of 1 or more, not ${String(maxConcurrency)}.`,
    );
  }
  checkCompletion(operationName, completionConfig);
  const settings = { concurrency: maxConcurrency ?? Infinity, completion: completionConfig ?? null };
  return { kind: "batch", name, batch: newBatch(branches, settings) };
}

function checkCompletion(operationName: string, completion: CompletionConfig | undefined): void {
  const { shouldComplete, ...limits } = anOptions(operationName, completion) ?? {};
  if (shouldComplete !== undefined) aFunction(operationName, "shouldComplete", shouldComplete);
  for (const [key, limit] of Object.entries(limits)) {
    if (limit === undefined || (typeof limit === "number" && limit >= 0)) continue;
    throw new OperationArgumentError(
      `completionConfig.${key} of ${operationName} must be a number of 0 or more, not ${describe(limit)}.`,
    );
  }
}

function anArray(operationName: string, role: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new OperationArgumentError(
    `The ${role} of ${operationName} must be an array, not ${describe(value)}.`,
  );
}
