import { describe, expect, it } from "vitest";
import { toAwsHistory } from "@durablec/runtime";
import type { DurableFunction, LogEntry } from "@durablec/runtime";
import { createTestRunner } from "@durablec/runtime/testing";
import type * as Configured from "../../fixtures/operations/configured.ts";
import { engineOf, everywhere, load, told, world } from "./fixture.ts";

const f = await load<typeof Configured>("configured");

describe("a context that is configured", () => {
  it("has its own logger, as have its steps and what is inside, after a restart too", async () => {
    expect(await everywhere(f.listened, null)).toBe("same id");
    const lines = ["info begun", "warn at work work 1", "debug inside", "info done"];
    expect([...world.lines].sort()).toEqual([...lines].sort());
    const service: string[] = [];
    // The engine's own lines are of no execution.
    const logger = ({ level, message, execution }: LogEntry): void => {
      if (execution !== undefined) service.push(`${level} ${message}`);
    };
    const engine = await engineOf({ functions: [f.listened], logger });
    await engine.result((await engine.start(f.listened as DurableFunction<null>, null)).id);
    // What its logger could not take is not lost.
    expect(service).toEqual([
      "info to the service",
      "error broken",
      "error The custom logger threw an error.",
    ]);
  });

  it("may have a logger that is written as a value", async () => {
    expect(await everywhere(f.ownLogger, null)).toBe("logged");
    expect(world.lines).toEqual(["still mine"]);
  });

  it("has its own text forms, which an operation's own comes before", async () => {
    expect(await everywhere(f.formed, null)).toBe("own a! b!! c! d!");
    expect(world.lines).toEqual(["callback open"]);
  });
});

describe("options of AWS's SDK", () => {
  it("give a batch a form of its own, and leave contexts out of the history", async () => {
    const expected = "1+2 | seen | ChildContextError of StepError | mapped StepError of RangeError";
    expect(await everywhere(f.virtual, null)).toBe(expected);
    const engine = await engineOf({ functions: [f.virtual] });
    const { id } = await engine.start(f.virtual as DurableFunction<null>, null);
    await engine.result(id);
    const history = await engine.history(id);
    expect(told(history).filter((line) => /seen/.test(line))).toEqual([
      "StepSucceeded seen",
      "ContextStarted seen too",
      "ContextFailed seen too",
    ]);
    const types = toAwsHistory(history, id).filter(({ Name }) => Name === "seen too");
    expect(types.map(({ SubType }) => SubType)).toEqual(["Odd", "Odd"]);
  });

  it("let a virtual context be cancelled, and clean up", async () => {
    expect(await everywhere(f.cancelsVirtual, null)).toBe("ChildContextError of OperationCancelledError");
    expect(world.lines).toEqual(["cleaned up"]);
  });

  it("make combinators contexts that throw PromiseCombinatorError, and that can be cancelled", async () => {
    expect(await everywhere(f.combines, null)).toBe(
      "1,,2 | PromiseCombinatorError of StepError true | PromiseCombinatorError of StepError | fulfilled | rejected | rejected",
    );
  });

  it("let withRetry run where it is called, or map what it throws", async () => {
    expect(await everywhere(f.retriedInPlace, null)).toBe("at 2 mapped StepError of RangeError");
  });
});

it("chance in delays, of every strategy, follows from the seed of a test", async () => {
  const times = async (seed: string): Promise<readonly number[]> => {
    await using runner = await createTestRunner({ seed });
    const { history, result } = await runner.run(f.jittered, null);
    expect(result).toBe(6);
    return history.map(({ time }) => time);
  };
  expect(await times("a")).toEqual(await times("a"));
  expect(await times("a")).not.toEqual(await times("b"));
});
