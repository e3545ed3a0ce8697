import { describe, expect, it } from "vitest";
import { runRebuild } from "@durablec/runtime/testing";
import type { LogEntry } from "@durablec/runtime";
import type * as ContextForm from "../../fixtures/operations/contextForm.ts";
import { engineOf, everywhere, load, told, until, world } from "./fixture.ts";

const f = await load<typeof ContextForm>("contextForm");

describe("a durable function with a context", () => {
  it("runs like one with free functions", async () => {
    expect(await everywhere(f.order, { id: "o" })).toBe("o 1 1 2 deep 1 2");
    const engine = await engineOf({ functions: [f.order] });
    const { id } = await engine.start(f.order, { id: "p" });
    await engine.result(id);
    expect(told(await engine.history(id)).slice(0, 3)).toEqual([
      "StepSucceeded charge",
      "WaitStarted pause",
      "WaitSucceeded pause",
    ]);
  });

  it("throws StepError with the error as its cause", async () => {
    expect(await everywhere(f.fails, null)).toBe("true StepError true");
  });

  it("throws ChildContextError with the error as its cause", async () => {
    expect(await everywhere(f.childFails, null)).toBe("ChildContextError RangeError");
  });

  it("refuses a context that belongs to other code, and names both", async () => {
    expect(await everywhere(f.wrongContext, null)).toMatch(
      /^ContextError: ctx.step was called on the context of the execution by code that runs in the context of operation 1/,
    );
  });

  it("waits for callbacks", async () => {
    const engine = await engineOf({ functions: [f.asks], lingerMs: 0 });
    const { id } = await engine.start(f.asks, null);
    await until(() => world.outside.has("answer"));
    await engine.callbacks.succeed(world.outside.get("answer") as string, "yes");
    expect(await engine.result(id)).toBe("yes");
  });

  it("logs each line once, however often it is brought back", async () => {
    const messages: string[] = [];
    const logger = ({ message, execution }: LogEntry): void => {
      if (execution !== undefined) messages.push(message);
    };
    const engine = await engineOf({ functions: [f.order], logger, lingerMs: 0 });
    const { id } = await engine.start(f.order, { id: "q" });
    await engine.result(id);
    expect(messages).toEqual(["begun", "done"]);
  });

  it("also runs without an execution", async () => {
    const call = f.order as (input: { id: string }) => Promise<string>;
    expect(await call({ id: "r" })).toBe("r 1 1 2 deep 1 2");
    expect(await runRebuild(call, { id: "s" })).toBe("s 1 1 2 deep 1 2");
  });
});

describe("withRetry", () => {
  it("runs durable code again, with durable waits between, until it succeeds", async () => {
    expect(await everywhere(f.retried, 2)).toBe("at 2");
    expect(world.lines).toEqual(["attempt 1", "attempt 2"]);
    expect(await everywhere(f.retriedFree, 3)).toBe("at 3");
  });

  it("throws the last error when the strategy gives up", async () => {
    expect(await everywhere(f.retried, 9)).toBe("not at 3");
  });
});
