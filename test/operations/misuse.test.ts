import { describe, expect, expectTypeOf, it } from "vitest";
import {
  cancel,
  compensate,
  DurableExecution,
  DurationError,
  invoke,
  map,
  NotCompiledError,
  OperationArgumentError,
  parallel,
  RetryConfigError,
  runInChildContext,
  signals,
  step,
  wait,
  waitForCondition,
  waitForSignal,
  withRetry,
} from "@durablec/runtime";
import type { BatchResult, DurableContext } from "@durablec/runtime";

const fn = (): number => 1;
const waitStrategy = (): { readonly shouldContinue: false } => ({ shouldContinue: false });

describe("a wrong call says what is wrong, before anything starts", () => {
  const cases: readonly [string, () => unknown, new (...args: never[]) => Error, RegExp][] = [
    ["a step without a body", () => step("x", null as never), OperationArgumentError, /body of step.*null/],
    ["an empty name", () => step("", fn), OperationArgumentError, /name of step/],
    ["a name that is a number", () => step(7 as never, fn), OperationArgumentError, /7|number|function/],
    [
      "unknown semantics",
      () => step(fn, { semantics: "Twice" as never }),
      OperationArgumentError,
      /semantics/,
    ],
    ["a timeout that is no duration", () => step(fn, { timeout: "soon" }), DurationError, /timeout of step/],
    ["half a serdes", () => step(fn, { serdes: {} as never }), OperationArgumentError, /serdes\.serialize/],
    ["no attempts", () => step(fn, { retry: { maxAttempts: 0 } }), RetryConfigError, /maxAttempts/],
    ["a negative wait", () => wait({ seconds: -1 }), DurationError, /-1/],
    [
      "no concurrency",
      () => map([1], fn, { maxConcurrency: 0 }),
      OperationArgumentError,
      /maxConcurrency of map.*0/,
    ],
    [
      "items that are no array",
      () => map("ab" as never, fn as never, fn),
      OperationArgumentError,
      /items of map/,
    ],
    [
      "a branch that is no function",
      () => parallel([1 as never]),
      OperationArgumentError,
      /branch 0 of parallel/,
    ],
    [
      "a negative tolerance",
      () => parallel([fn], { completionConfig: { toleratedFailureCount: -1 } }),
      OperationArgumentError,
      /toleratedFailureCount/,
    ],
    [
      "a child without a function",
      () => runInChildContext("x", {} as never),
      OperationArgumentError,
      /function of/,
    ],
    [
      "a condition without a state",
      () => waitForCondition(fn, { waitStrategy } as never),
      OperationArgumentError,
      /initialState/,
    ],
    [
      "a condition without a strategy",
      () => waitForCondition(fn, { initialState: 1 } as never),
      OperationArgumentError,
      /waitStrategy/,
    ],
    [
      "withRetry without a strategy",
      () => withRetry(fn, {} as never),
      OperationArgumentError,
      /retryStrategy/,
    ],
    [
      "an invocation of nothing",
      () => invoke(7 as never),
      OperationArgumentError,
      /function of invoke.*number/,
    ],
    [
      "an invocation by half a form",
      () => invoke("f", undefined, { payloadSerdes: {} as never }),
      OperationArgumentError,
      /serdes\.serialize of invoke/,
    ],
    [
      "an invocation that may take no time",
      () => invoke(fn, undefined, { executionTimeout: "1ms" }),
      DurationError,
      /1 second or more/,
    ],
    [
      "a tag that is no text",
      () => invoke(fn, undefined, { tags: { n: 1 as never } }),
      OperationArgumentError,
      /tag "n"/,
    ],
    ["an undo that is none", () => compensate("x", 1 as never), OperationArgumentError, /undo of compensate/],
    [
      "a signal without a name",
      () => waitForSignal(undefined as never),
      OperationArgumentError,
      /name of the signal/,
    ],
    [
      "a loop over signals without a name",
      () => signals(""),
      OperationArgumentError,
      /name of waitForSignal/,
    ],
    [
      "remains of another kind",
      () => parallel([fn], { remaining: "stop" as never }),
      OperationArgumentError,
      /remaining of parallel.*"stop"/,
    ],
    [
      "half an item serdes",
      () => map([1], fn, { itemSerdes: { serialize: String } as never }),
      OperationArgumentError,
      /serdes\.deserialize of map/,
    ],
    [
      "a sleep of text",
      () => new DurableExecution().sleep("1s" as never),
      OperationArgumentError,
      /milliseconds/,
    ],
    [
      "a negative timeout of the object form",
      () => new DurableExecution().waitForCallback({ timeoutSeconds: -1 }),
      DurationError,
      /timeout of waitForCallback/,
    ],
    ["cancelling from elsewhere", () => cancel(), NotCompiledError, /cancel\(\) was called outside/],
    ["code that was not compiled", () => parallel([fn]), NotCompiledError, /parallel\(\) was called outside/],
  ];

  it.each(cases)("%s", (_name, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});

describe("types", () => {
  it("give each branch of a parallel its own", () => {
    const call = (ctx: DurableContext) =>
      ctx.parallel("both", [async () => "text", { func: async () => 1 }, () => true]);
    expectTypeOf<Awaited<ReturnType<typeof call>>>().toEqualTypeOf<
      BatchResult<string | number | boolean, readonly [string, number, boolean]>
    >();
  });

  it("infer input and result of an invoked function", () => {
    const double = async (input: number): Promise<string> => String(input);
    const call = (ctx: DurableContext) => ctx.invoke("x", double, 1);
    expectTypeOf<ReturnType<typeof call>>().toEqualTypeOf<Promise<string>>();
    // @ts-expect-error: double takes a number.
    void ((ctx: DurableContext) => ctx.invoke(double, "1"));
  });

  it("infer the results of steps and maps", () => {
    const call = (ctx: DurableContext) => ctx.map([1, 2], async (_ctx, item) => ({ item: String(item) }));
    expectTypeOf<Awaited<ReturnType<typeof call>>>().toExtend<BatchResult<{ item: string }>>();
    const one = (ctx: DurableContext) => ctx.step("x", async ({ attempt }) => attempt);
    expectTypeOf<ReturnType<typeof one>>().toEqualTypeOf<Promise<number>>();
  });
});
