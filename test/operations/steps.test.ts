import { describe, expect, it } from "vitest";
import { createRetryStrategy, DurationError, RetryConfigError, retryPresets } from "@durablec/runtime";
import type { DurableFunction, LogEntry } from "@durablec/runtime";
import { runRestart } from "@durablec/runtime/testing";
import type * as Steps from "../../fixtures/operations/steps.ts";
import { crash, engineOf, everywhere, load, told, until, world } from "./fixture.ts";

const f = await load<typeof Steps>("steps");

describe("retry strategies", () => {
  it("retry what their filters let through, and survive a restart as part of the state", async () => {
    expect(await everywhere(f.strategyFromData, null)).toBe("for good");
    expect(world.lines).toEqual(["attempt 1", "attempt 2", "attempt 3"]);
  });

  it("tell error classes apart", async () => {
    expect(await everywhere(f.byClass, null)).toBe("true");
    expect(world.lines).toEqual(["attempt 1", "attempt 2"]);
  });

  it("noRetry never retries", async () => {
    expect(await everywhere(f.never, null)).toBe("failed");
    expect(world.lines).toEqual(["ran"]);
  });

  it("have the defaults of AWS's SDK", () => {
    const attempts = (strategy: ReturnType<typeof createRetryStrategy>): number => {
      let attempt = 1;
      while (strategy(new Error("x"), attempt).shouldRetry) attempt++;
      return attempt;
    };
    expect([createRetryStrategy(), retryPresets.default, retryPresets.linear].map(attempts)).toEqual([
      3, 6, 6,
    ]);
    const delays = [1, 2, 3].map((attempt) => retryPresets.linear(new Error("x"), attempt).delay);
    expect(delays).toEqual([{ milliseconds: 1_000 }, { milliseconds: 2_000 }, { milliseconds: 3_000 }]);
  });

  it("refuse a configuration that makes no sense", () => {
    expect(() => createRetryStrategy({ maxAttempts: 0 })).toThrow(RetryConfigError);
    expect(() => createRetryStrategy({ initialDelay: "soon" })).toThrow(DurationError);
    expect(() => createRetryStrategy({ retryableErrors: "x" as never })).toThrow(RetryConfigError);
  });
});

describe("a step that may run only once an attempt", () => {
  it("commits its start before its body", async () => {
    const engine = await engineOf({ functions: [f.atMostOnce] });
    const { id } = await engine.start(f.atMostOnce, null);
    expect(await engine.result(id)).toBe("paid");
    expect(told(await engine.history(id))).toEqual(["StepStarted pay", "StepSucceeded pay"]);
    expect(await everywhere(f.atMostOnce, null)).toBe("paid");
  });

  it("is not run again when a crash interrupted it: the retry strategy is asked", async () => {
    const first = await engineOf({ functions: [f.interrupted] });
    const { id } = await first.start(f.interrupted, null);
    await until(() => world.lines.length > 0);
    await crash(first);
    const second = await engineOf({ functions: [f.interrupted] });
    expect(await second.result(id)).toBe("StepInterruptedError true");
    expect(world.lines).toEqual(["pay 1"]);
  });
});

describe("an attempt", () => {
  it("that takes too long is aborted and retried", async () => {
    expect(await everywhere(f.slow, null)).toBe("in time");
    expect(world.lines).toEqual(["aborted: StepTimeoutError"]);
  });

  it("logs lines that say where they come from", async () => {
    const entries: LogEntry[] = [];
    const engine = await engineOf({ functions: [f.speaks], logger: (entry) => entries.push(entry) });
    const { id } = await engine.start(f.speaks, null);
    await engine.result(id);
    expect(entries.filter(({ execution }) => execution === id)).toMatchObject([
      {
        level: "info",
        message: "hello",
        data: [{ to: "you" }],
        execution: id,
        operation: "1",
        name: "talk",
        attempt: 1,
      },
    ]);
  });

  it("may have a result with a text form of its own", async () => {
    expect(await everywhere(f.ownForm, null)).toBe("bigint 1234");
  });
});

describe("objects that a step shares with the function", () => {
  it("are told of in tests when it changes them, by the variable that is read later", async () => {
    const { result, changed } = await runRestart(f.changesItsInput, false);
    expect(result).toBe("3 1");
    expect(changed).toMatchObject([
      { variable: "basket", step: "discount", function: "steps.ts#changesItsInput", source: "steps.ts" },
    ]);
    expect(changed[0]?.message).toMatch(
      /^The step "discount" \(steps.ts:\d+\) changed basket, which is read after it/,
    );
  });

  it("are copies where it is isolated, or all steps are", async () => {
    expect(await everywhere(f.changesItsInput, true)).toBe("4 1");
    expect((await runRestart(f.changesItsInput, true)).changed).toEqual([]);
    const engine = await engineOf({ functions: [f.changesByDefault], isolate: true });
    const { id } = await engine.start(f.changesByDefault as DurableFunction<null>, null);
    expect(await engine.result(id)).toBe("4");
    await crash(engine);
    expect(await everywhere(f.sharesAPromise, undefined)).toMatch(/^Cannot write .*promise/i);
  });
});
