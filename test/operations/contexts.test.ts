import { describe, expect, it } from "vitest";
import { createWaitStrategy, DurationError, openSqliteStore, RetryConfigError } from "@durablec/runtime";
import type { Store } from "@durablec/runtime";
import type * as Contexts from "../../fixtures/operations/contexts.ts";
import { engineOf, everywhere, load, told, world } from "./fixture.ts";

const f = await load<typeof Contexts>("contexts");

describe("waitForCondition", () => {
  it("hands the state from check to check until the strategy is content", async () => {
    expect(await everywhere(f.polls, 30)).toBe(30);
    expect(world.lines).toEqual(["check 1", "check 2", "check 3"]);
  });

  it("fails when the strategy's checks are used up", async () => {
    expect(await everywhere(f.pollsInVain, null)).toBe("WaitForConditionError");
    expect(world.lines).toHaveLength(5);
  });

  it("refuses a strategy that makes no sense", () => {
    const shouldContinuePolling = (): boolean => true;
    expect(() => createWaitStrategy({ shouldContinuePolling, maxAttempts: -1 })).toThrow(RetryConfigError);
    expect(() => createWaitStrategy({ shouldContinuePolling, initialDelay: "x" })).toThrow(DurationError);
    expect(() => createWaitStrategy({} as never)).toThrow(RetryConfigError);
  });
});

/** A store whose commits take some turns of the event loop, as those of a server do. */
function slowStore(told: { atOnce: number; most: number }): Store {
  const inner = openSqliteStore(":memory:");
  return {
    ...inner,
    async commit(epoch, commits) {
      told.most = Math.max(told.most, ++told.atOnce);
      for (let left = 5; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
      told.atOnce--;
      return inner.commit(epoch, commits);
    },
  };
}

it("what is reported while reports are applied waits for their commit", async () => {
  const told = { atOnce: 0, most: 0 };
  const functions = [f.waitsInBranches];
  // What leaves a queue begins as that is applied, and reports at once.
  const queues = { all: { concurrency: 4, functions } };
  const engine = await engineOf({ functions, queues, store: slowStore(told) });
  const all = Array.from({ length: 20 }, async (_, i) => {
    for (let left = i; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
    const { id } = await engine.start(f.waitsInBranches, [1, 2, 3]);
    expect(await engine.result(id)).toEqual([1, 2, 3]);
  });
  await Promise.all(all);
  expect(told.most).toBe(1);
});

describe("runInChildContext", () => {
  it("runs durable code with ids of its own, nested freely", async () => {
    expect(await everywhere(f.nested, "x")).toBe("x1abfunction!");
    const engine = await engineOf({ functions: [f.nested] });
    const { id } = await engine.start(f.nested, "y");
    await engine.result(id);
    const history = await engine.history(id);
    expect(told(history)).toEqual([
      "StepSucceeded call",
      "ContextStarted outer",
      "StepSucceeded call",
      "WaitStarted",
      "WaitSucceeded",
      "ContextStarted inner",
      "StepSucceeded call",
      "ContextSucceeded inner",
      "ContextSucceeded outer",
      "StepSucceeded call",
    ]);
    expect(history[2]).toMatchObject({ op: "2", checkpoint: 2, source: { file: "contexts.ts" } });
  });

  it("throws what its function throws, with its class", async () => {
    expect(await everywhere(f.childFails, null)).toBe("broken 7");
  });
});

describe("map and parallel", () => {
  it("run with a limit, each item once, results in order", async () => {
    expect(await everywhere(f.mapped, 5)).toEqual(["ALL_COMPLETED", [5, 8, 11, 14, 17], 5, "SUCCEEDED"]);
    expect(world.lines).toHaveLength(5);
  });

  it("give each branch its own type", async () => {
    expect(await everywhere(f.branches, null)).toEqual(["ONE", "3.0", true]);
  });

  it("without a completion config, the first failure starts nothing new, and is not thrown", async () => {
    expect(await everywhere(f.firstFailureStops, null)).toEqual([
      "FAILURE_TOLERANCE_EXCEEDED",
      ["a"],
      true,
      2,
      true,
    ]);
  });

  it("stop after enough successes", async () => {
    expect(await everywhere(f.enough, null)).toEqual(["MIN_SUCCESSFUL_REACHED", [1, 2]]);
  });

  it("tolerate as many failures as they are told, and no more", async () => {
    expect(await everywhere(f.tolerant, { count: 1 })).toEqual(["FAILURE_TOLERANCE_EXCEEDED", 1, 2, 3]);
    expect(await everywhere(f.tolerant, { count: 2 })).toEqual(["ALL_COMPLETED", 2, 2, 4]);
    expect(await everywhere(f.tolerant, { percentage: 50 })).toEqual(["ALL_COMPLETED", 2, 2, 4]);
    expect(await everywhere(f.tolerant, { percentage: 25 })).toEqual(["FAILURE_TOLERANCE_EXCEEDED", 1, 2, 3]);
  });

  it("leave the decision to shouldComplete", async () => {
    expect(await everywhere(f.custom, null)).toEqual(["CUSTOM_COMPLETION_FAILED", "FAILED", 2]);
  });

  it("of nothing are complete at once", async () => {
    expect(await everywhere(f.emptyBatch, null)).toEqual(["ALL_COMPLETED", []]);
  });
});
