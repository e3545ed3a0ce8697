/** Operations that run durable code of the author's: child contexts, and many of them at once. */
import {
  aFunction,
  anOptions,
  ask,
  checkChoice,
  checkSerdes,
  describe,
  named,
  OperationArgumentError,
} from "./arguments.ts";
import type { BatchResult, CompletionConfig } from "./batch.ts";
import { newBatch } from "./batch.ts";
import type { DurableContext } from "./context.ts";
import { operation } from "./registry.ts";
import type { Serdes } from "./serdes.ts";
import type { Branch, ErrorMapper, Request } from "./requests.ts";

/** Durable code with a context of its own. */
export type ContextFunction<T> = (context: DurableContext) => T;

export interface ChildOptions<T = never> {
  /** What the caller sees instead of the error. */
  readonly errorMapper?: ErrorMapper;
  /** The result's own text form. Default: the codec's. */
  readonly serdes?: Serdes<T>;
  /** What tools are told it is: the `SubType` of its events in AWS's vocabulary. */
  readonly subType?: string;
  /** True: it has no operation, and so no recorded result and no `serdes`, of its own. Default false. */
  readonly virtualContext?: boolean;
  /** As AWS's SDK has it; accepted, and of no effect: results of any size are recorded as they are. */
  readonly summaryGenerator?: (result: T) => string;
}

/** Runs `fn` as durable code with ids of its own; its result is recorded as one. Nested freely. */
export const runInChildContext = operation(function runInChildContext<T>(
  ...args:
    | [name: string | undefined, fn: ContextFunction<T>, options?: ChildOptions<NoInfer<Awaited<T>>>]
    | [fn: ContextFunction<T>, options?: ChildOptions<NoInfer<Awaited<T>>>]
): Promise<Awaited<T>> {
  return ask("runInChildContext", toRunInChildContext(args)) as Promise<Awaited<T>>;
});

export function toRunInChildContext(args: readonly unknown[]): Request {
  const [name, given, options] = named("runInChildContext", args) as [string | undefined, unknown, unknown];
  const fn = aFunction("runInChildContext", "function", given);
  const child = checkChild("runInChildContext", options as ChildOptions<unknown> | undefined);
  return { kind: "runInChildContext", name, branch: { fn, args: [] }, ...child };
}

/** What a child context's options ask for. Throws `OperationArgumentError`. */
export function checkChild(
  operationName: string,
  options: ChildOptions<unknown> | undefined,
): Omit<Extract<Request, { kind: "runInChildContext" }>, "kind" | "name" | "branch"> {
  const { errorMapper, serdes, subType, virtualContext, summaryGenerator } =
    anOptions(operationName, options) ?? {};
  checkSerdes(operationName, serdes);
  if (errorMapper !== undefined) aFunction(operationName, "errorMapper", errorMapper);
  if (summaryGenerator !== undefined) aFunction(operationName, "summaryGenerator", summaryGenerator);
  checkChoice(`virtualContext of ${operationName}`, virtualContext, [true, false]);
  if (subType !== undefined && typeof subType !== "string") {
    throw new OperationArgumentError(
      `subType of ${operationName} must be a string, not ${describe(subType)}.`,
    );
  }
  return {
    errorMapper: errorMapper ?? null,
    serdes: serdes ?? null,
    ...(virtualContext === true ? { virtual: true } : {}),
    ...(subType === undefined ? {} : { subType }),
  };
}

export interface BatchOptions<T = never> {
  /** How many run at a time. Default: all. */
  readonly maxConcurrency?: number;
  /** When it is over before all branches are. Default: with the first failure. */
  readonly completionConfig?: CompletionConfig;
  /** What becomes of branches at work when it is over: see `cancel`. Default "continue". */
  readonly remaining?: "continue" | "cancel";
  /** FLAT: branches have no operation, and so no recorded result, of their own. Default NESTED. */
  readonly nesting?: NestingType;
  /** The text form of each branch's result. Default: the codec's. */
  readonly itemSerdes?: Serdes<T>;
  /** The text form of the whole result, which is then recorded too. Default: only the results of branches are recorded. */
  readonly serdes?: Serdes<BatchResult<T>>;
  /** As AWS's SDK has it; accepted, and of no effect: results of any size are recorded as they are. */
  readonly summaryGenerator?: (result: BatchResult<T>) => string;
}

export const NestingType = { NESTED: "NESTED", FLAT: "FLAT" } as const;
export type NestingType = keyof typeof NestingType;

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
    options?: BatchOptions<Value<B[number]>>,
  ): ParallelResult<B>;
  <const B extends readonly ParallelBranch<unknown>[]>(
    branches: B,
    options?: BatchOptions<Value<B[number]>>,
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
  return toBatch("parallel", { name, branches, options: options as BatchOptions<unknown> | undefined });
}

export interface MapOptions<I, T = never> extends BatchOptions<T> {
  /** Default `map-item-<index>`. */
  readonly itemNamer?: (item: I, index: number) => string;
}

/** `map`'s two ways of being called: with a name, and without. */
export interface MapItems {
  <I, T>(
    name: string | undefined,
    items: readonly I[],
    fn: MapFunction<I, T>,
    options?: MapOptions<NoInfer<I>, NoInfer<Awaited<T>>>,
  ): Promise<BatchResult<Awaited<T>>>;
  <I, T>(
    items: readonly I[],
    fn: MapFunction<I, T>,
    options?: MapOptions<NoInfer<I>, NoInfer<Awaited<T>>>,
  ): Promise<BatchResult<Awaited<T>>>;
}

/** Runs `fn` for each item, side by side, and gives a `BatchResult`. */
export const map: MapItems = operation(function map(...args: readonly unknown[]) {
  return ask("map", toMap(args)) as Promise<never>;
});

/** One item of a `map`. */
export type MapFunction<I, T> = (
  ...args: [context: DurableContext, item: I, index: number, items: readonly I[]]
) => T;

export function toMap(args: readonly unknown[]): Request {
  const [name, given, func, options] = named("map", args) as [string | undefined, unknown, unknown, unknown];
  const items = anArray("map", "items", given);
  const fn = aFunction("map", "function", func);
  const { itemNamer } = anOptions("map", options as MapOptions<unknown, unknown> | undefined) ?? {};
  if (itemNamer !== undefined) aFunction("map", "itemNamer", itemNamer);
  const branches = items.map((item, index): Branch => {
    return { name: itemNamer?.(item, index) ?? `map-item-${index}`, fn, args: [item, index, items] };
  });
  return toBatch("map", { name, branches, options: options as BatchOptions<unknown> | undefined });
}

interface Given {
  readonly name: string | undefined;
  readonly branches: readonly Branch[];
  readonly options: BatchOptions<unknown> | undefined;
}

function toBatch(operationName: "map" | "parallel", { name, branches, options }: Given): Request {
  const { maxConcurrency, completionConfig, remaining, nesting, itemSerdes, serdes } =
    anOptions(operationName, options) ?? {};
  checkSerdes(operationName, itemSerdes);
  checkSerdes(operationName, serdes);
  if (maxConcurrency !== undefined && !(Number.isInteger(maxConcurrency) && maxConcurrency >= 1)) {
    throw new OperationArgumentError(
      `maxConcurrency of ${operationName} must be a whole number of 1 or more, not ${String(maxConcurrency)}.`,
    );
  }
  checkCompletion(operationName, completionConfig);
  checkChoice(`The option remaining of ${operationName}`, remaining, ["continue", "cancel"]);
  checkChoice(`The option nesting of ${operationName}`, nesting, Object.keys(NestingType));
  const settings = {
    concurrency: maxConcurrency ?? Infinity,
    completion: completionConfig ?? null,
    ...(remaining === "cancel" ? ({ cancels: true } as const) : {}),
    ...(itemSerdes === undefined ? {} : { itemSerdes }),
    ...(nesting === "FLAT" ? ({ flat: true } as const) : {}),
  };
  const batch = newBatch(branches, settings);
  return {
    kind: "batch",
    name,
    form: operationName,
    batch,
    serdes: (serdes as Serdes<unknown> | undefined) ?? null,
  };
}

function checkCompletion(operationName: string, completion: CompletionConfig | undefined): void {
  const { shouldComplete, ...limits } = anOptions(operationName, completion) ?? {};
  if (shouldComplete !== undefined) {
    aFunction(operationName, "shouldComplete", shouldComplete);
    const [other] = Object.entries(limits).find(([, limit]) => limit !== undefined) ?? [];
    if (other !== undefined) {
      throw new OperationArgumentError(
        `completionConfig of ${operationName} has shouldComplete, which decides alone, and ${other}: leave one of them out.`,
      );
    }
  }
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
