import { describe, expect, expectTypeOf, it } from "vitest";
import {
  checkpoint,
  createCallback,
  createRetryStrategy,
  createWaitStrategy,
  DurationError,
  invoke,
  map,
  OperationArgumentError,
  parallel,
  RetryConfigError,
  runInChildContext,
  step,
  wait,
  waitForCallback,
  waitForCondition,
  waitForSignal,
  withDurableExecution,
  withRetry,
} from "@durablec/runtime";
import type { DurableContext, DurableLogger, StepConfig } from "@durablec/runtime";
import { createContext } from "../../runtime/context.ts";

const fn = (): number => 1;
const retryStrategy = { maxAttempts: 2 };
const waitStrategy = (): { readonly shouldContinue: false } => ({ shouldContinue: false });
const shouldComplete = (): { readonly complete: false } => ({ complete: false });
const ctx = createContext("", null);
const [argument, duration, retry] = [OperationArgumentError, DurationError, RetryConfigError];

/** What types can tell is an error of the compiler first. */
describe("every option of every operation is looked at", () => {
  const cases: readonly [() => unknown, new (...args: never[]) => Error, RegExp][] = [
    // @ts-expect-error: a name is a string.
    [() => step(7, fn), argument, /body of step/],
    // @ts-expect-error: a policy is an object.
    [() => step(fn, { retry: "often" }), retry, /often/],
    // @ts-expect-error: three kinds of jitter.
    [() => step(fn, { retry: { jitter: "SOME" } }), retry, /jitter/],
    [() => step(fn, { retry: { backoffRate: 0.5 } }), retry, /backoffRate/],
    [() => step(fn, { retry: { initialDelay: { seconds: -1 } } }), duration, /initialDelay/],
    // @ts-expect-error: yes or no.
    [() => step(fn, { isolate: "yes" }), argument, /isolate of step.*true or false/],
    // @ts-expect-error: options are an object.
    [() => step("x", fn, 7), argument, /options of step/],
    [() => wait({ days: 367 }), duration, /367|366/],
    // @ts-expect-error: a duration says its unit.
    [() => wait(1_000), duration, /duration of wait/],
    [() => wait("soon"), duration, /soon/],
    // @ts-expect-error: years have no fixed length.
    [() => wait({ years: 1 }), duration, /years/],
    [() => checkpoint(""), argument, /name of checkpoint/],
    [() => createCallback("x", { timeout: "-1s" }), duration, /timeout of createCallback/],
    // @ts-expect-error: a form reads.
    [() => createCallback("x", { serdes: {} }), argument, /serdes\.deserialize of createCallback/],
    [() => waitForCallback(fn, { heartbeatTimeout: "x" }), duration, /heartbeatTimeout of waitForCallback/],
    // @ts-expect-error: a submitter is a function.
    [() => waitForCallback("x", {}), argument, /submitter of waitForCallback/],
    [() => waitForCallback(fn, { retry: { maxAttempts: 1.5 } }), retry, /maxAttempts/],
    // @ts-expect-error: a check is a function.
    [() => waitForCondition("x", { initialState: 1, waitStrategy }), argument, /check of waitForCondition/],
    [() => waitForSignal("x", { timeout: { seconds: -1 } }), duration, /timeout of waitForSignal/],
    // @ts-expect-error: a timeout is among options.
    [() => waitForSignal("x", "1s"), argument, /options of waitForSignal/],
    [() => map([1], fn, { maxConcurrency: 1.5 }), argument, /maxConcurrency of map.*1\.5/],
    // @ts-expect-error: a number.
    [() => map([1], fn, { maxConcurrency: "2" }), argument, /maxConcurrency of map/],
    // @ts-expect-error: a function.
    [() => map([1], {}), argument, /function of map/],
    // @ts-expect-error: a function.
    [() => map([1], fn, { itemNamer: "item" }), argument, /itemNamer of map/],
    // @ts-expect-error: an array.
    [() => parallel({ fn }), argument, /branches of parallel/],
    // @ts-expect-error: two kinds.
    [() => parallel([fn], { nesting: "DEEP" }), argument, /nesting of parallel/],
    // @ts-expect-error: both ways.
    [() => parallel([fn], { serdes: { serialize: String } }), argument, /deserialize of parallel/],
    [() => parallel([fn], { completionConfig: { minSuccessful: NaN } }), argument, /minSuccessful/],
    // @ts-expect-error: a function.
    [() => parallel([fn], { completionConfig: { shouldComplete: true } }), argument, /shouldComplete/],
    // @ts-expect-error: one of the two.
    [() => parallel([fn], { completionConfig: { minSuccessful: 1, shouldComplete } }), argument, /leave one/],
    // @ts-expect-error: a function.
    [() => runInChildContext(fn, { errorMapper: {} }), argument, /errorMapper/],
    // @ts-expect-error: yes or no.
    [() => runInChildContext(fn, { virtualContext: "yes" }), argument, /virtualContext.*true or false/],
    // @ts-expect-error: a string.
    [() => runInChildContext(fn, { subType: 1 }), argument, /subType/],
    // @ts-expect-error: a function.
    [() => runInChildContext(fn, { summaryGenerator: "short" }), argument, /summaryGenerator/],
    [() => invoke("", fn, undefined, {}), argument, /name of invoke/],
    [() => invoke(fn, undefined, { tenantId: "" }), argument, /tenantId/],
    // @ts-expect-error: a function.
    [() => withRetry("x", 1, { retryStrategy }), argument, /function of withRetry/],
    // @ts-expect-error: yes or no.
    [() => withRetry(fn, { retryStrategy, wrapWithRunInChildContext: 0 }), argument, /wrapWith/],
    // @ts-expect-error: a child's options.
    [() => withRetry(fn, { retryStrategy, childContextConfig: { errorMapper: 1 } }), argument, /errorMapper/],
    [() => createRetryStrategy({ maxAttempts: -1 }), retry, /maxAttempts/],
    // @ts-expect-error: a list.
    [() => createRetryStrategy({ retryableErrors: "x" }), retry, /retryableErrors/],
    // @ts-expect-error: when to go on.
    [() => createWaitStrategy({}), retry, /shouldContinuePolling/],
    // @ts-expect-error: an object.
    [() => ctx.configureLogger(), argument, /configureLogger needs/],
    // @ts-expect-error: four methods.
    [() => ctx.configureLogger({ customLogger: { info: fn } }), argument, /customLogger\.debug/],
    // @ts-expect-error: yes or no.
    [() => ctx.configureLogger({ modeAware: 1 }), argument, /modeAware/],
    // @ts-expect-error: both ways.
    [() => ctx.configureSerdes({ defaultSerdes: { serialize: String } }), argument, /serdes\.deserialize/],
    [() => ctx.promise.all("", []), argument, /name of promise\.all/],
  ];

  it.each(cases)("%s", (call, type, message) => {
    // By its name: contexts are made by the source here, and the rest is the package.
    expect(call).toThrow(expect.objectContaining({ name: type.name }));
    expect(call).toThrow(message);
  });
});

describe("types, beside AWS's SDK", () => {
  it("tell each result of a combinator, with a name and without", () => {
    const all = (c: DurableContext) => c.promise.all("both", [c.step(() => 1), c.step(async () => "a")]);
    expectTypeOf<Awaited<ReturnType<typeof all>>>().toEqualTypeOf<[number, string]>();
    const settled = (c: DurableContext) => c.promise.allSettled([c.step(() => 1), Promise.resolve(true)]);
    expectTypeOf<Awaited<ReturnType<typeof settled>>>().toEqualTypeOf<
      [PromiseSettledResult<number>, PromiseSettledResult<boolean>]
    >();
    const first = (c: DurableContext, many: Set<Promise<Date>>) => c.promise.race(many);
    expectTypeOf<ReturnType<typeof first>>().toEqualTypeOf<Promise<Date>>();
    const any = (c: DurableContext) => c.promise.any([c.step(() => 1), c.wait("1s")]);
    expectTypeOf<ReturnType<typeof any>>().toEqualTypeOf<Promise<number | void>>();
  });

  it("tell results of callbacks, conditions, children and retries", () => {
    const call = async (c: DurableContext) => {
      const [promise, id] = await c.createCallback<Date>("x");
      expectTypeOf(promise).toEqualTypeOf<Promise<Date>>();
      expectTypeOf(id).toEqualTypeOf<string>();
      expectTypeOf(c.waitForCallback<number>(() => undefined)).toEqualTypeOf<Promise<number>>();
      expectTypeOf(c.runInChildContext(async () => 1)).toEqualTypeOf<Promise<number>>();
      expectTypeOf(
        c.waitForCondition(async (state) => state + 1, { initialState: 0, waitStrategy }),
      ).toEqualTypeOf<Promise<number>>();
      expectTypeOf(withRetry(c, async (_inner, attempt) => attempt, { retryStrategy })).toEqualTypeOf<
        Promise<number>
      >();
      expectTypeOf(c.waitForSignal<string>("x", { timeout: "1s" })).toEqualTypeOf<Promise<string>>();
      // @ts-expect-error: the serdes is of another type than the result.
      void c.step(() => 1, {
        serdes: { serialize: String, deserialize: () => "text" },
      } satisfies StepConfig<string>);
      // @ts-expect-error: thresholds or a decision, not both.
      void c.map([1], fn, {
        completionConfig: { minSuccessful: 1, shouldComplete: () => ({ complete: false }) },
      });
    };
    expect(call).toBeTypeOf("function");
  });

  it("keep the methods of a logger of one's own, and the handler as it is", () => {
    interface Chatty extends DurableLogger {
      readonly info: (text: string) => void;
    }
    const handler = withDurableExecution(async (event: { readonly n: number }, c: DurableContext<Chatty>) => {
      expectTypeOf(c.logger.info).toEqualTypeOf<(text: string) => void>();
      return event.n;
    });
    expectTypeOf(handler).returns.toEqualTypeOf<Promise<number>>();
    expect(handler).toBeTypeOf("function");
  });
});
