import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  CallbackSettledError,
  ExecutionExistsError,
  ExecutionStoppedError,
  InputTooLargeError,
  NotCompiledError,
  open,
  openSqliteStore,
  step,
  StoreFullError,
  UnknownCallbackError,
  UnknownExecutionError,
  UnknownFunctionError,
} from "@durablec/runtime";
import type { Engine, OpenOptions } from "@durablec/runtime";
import { type EngineFixture, loadEngineFixture } from "../support/engineFixture.ts";

let f: EngineFixture["f"];
let world: EngineFixture["world"];
let folder: string;
let store: string;
const open_: Engine[] = [];

beforeAll(async () => {
  ({ f, world } = await loadEngineFixture());
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "durablec-engine-"));
  store = join(folder, "test.db");
  world.lines.length = 0;
  world.outside.clear();
  world.registry.flag = false;
});

afterEach(async () => {
  for (const engine of open_.splice(0)) await engine.close();
  rmSync(folder, { recursive: true });
});

async function engineOf(options: Partial<OpenOptions> = {}): Promise<Engine> {
  const engine = await open({ store, functions: { ...f }, ...options });
  open_.push(engine);
  return engine;
}

async function closed(engine: Engine): Promise<void> {
  open_.splice(open_.indexOf(engine), 1);
  await engine.close();
}

async function until(condition: () => unknown): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i > 1_000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("steps", () => {
  it("runs each step once and returns the result", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.threeSteps, "s");
    expect(await engine.result(id)).toBe("s123");
    expect(world.lines).toEqual(["s1", "s12", "s123"]);
    const history = await engine.history(id);
    expect(history.map(({ kind, name }) => `${kind} ${name ?? ""}`.trim())).toEqual([
      "ExecutionStarted",
      "StepSucceeded call",
      "StepSucceeded two",
      "StepSucceeded call",
      "ExecutionSucceeded",
    ]);
    expect(history.slice(1, 4).map(({ op, checkpoint }) => [op, checkpoint])).toEqual([
      ["1", 1],
      ["2", 2],
      ["3", 3],
    ]);
    expect(history[1]?.source).toMatchObject({ file: "functions.ts" });
  });

  it("retries a failed attempt and counts attempts", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.failsTwice, null);
    expect(await engine.result(id)).toBe(3);
    expect(world.lines).toEqual(["attempt 1", "attempt 2", "attempt 3"]);
  });

  it("throws the step's own error class after the last attempt, also after a restart", async () => {
    const engine = await engineOf({ lingerMs: 0 });
    const { id } = await engine.start(f.declined, null);
    expect(await engine.result(id)).toBe("51 Declined declined: 51");
  });

  it("fails a step whose result cannot be written, naming the path", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.unwritableResult, null);
    expect(await engine.result(id)).toMatch(/deep\[0\]\.map.*WeakMap/);
  });

  it("starts the work of a call where it stands, and keeps its promise", async () => {
    const engine = await engineOf({ lingerMs: 0 });
    const { id } = await engine.start(f.held, null);
    expect(await engine.result(id)).toBe("early task12 late early");
    expect([...world.lines].sort()).toEqual(["early", "late", "task1", "task12"].sort());
  });

  it("waits for Promise.all over steps, child tasks and plain values", async () => {
    const engine = await engineOf({ lingerMs: 0 });
    const { id } = await engine.start(f.parallel, 3);
    expect(await engine.result(id)).toEqual(["p0", "p1", "p2", "x", "y12", "plain", "z12"]);
  });

  it("lets a function return a task's promise", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.returnsPromise, "r");
    expect(await engine.result(id)).toBe("r123");
  });
});

describe("time and memory", () => {
  it("a sleeping execution leaves memory and wakes on time, also in another engine", async () => {
    const first = await engineOf({ lingerMs: 0 });
    const { id } = await first.start(f.sleeps, 300);
    await until(() => world.lines.length === 1 && first.executionsInMemory === 0);
    const { wakeAt } = (await first.get(id)) ?? {};
    await closed(first);
    const second = await engineOf();
    expect(await second.result(id)).toBe("after");
    expect(Date.now()).toBeGreaterThanOrEqual(wakeAt ?? Infinity);
    expect(world.lines).toEqual(["before", "after"]);
  });

  it("now, random and uuid are the same when code runs again", async () => {
    const engine = await engineOf({ lingerMs: 0 });
    const { id } = await engine.start(f.steadyChance, null);
    const [before, between] = (await engine.result(id)) as [[number, string, number], [number, string]];
    expect(before[0]).toBeLessThan(1);
    expect(before[1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(before[0]).not.toBe(between[0]);
    expect(new Set(world.lines).size).toBe(1);
  });

  it("keeps sharing, cycles, closures and their boxes across being written", async () => {
    const engine = await engineOf({ lingerMs: 0 });
    const { id } = await engine.start(f.shares, null);
    expect(await engine.result(id)).toEqual([true, true, 2, true, [1, 2], 2]);
  });

  it("records what a foreign promise settled to", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.foreign, null);
    expect(await engine.result(id)).toBe("aheld");
    expect((await engine.history(id)).map(({ kind }) => kind)).toContain("ValueFulfilled");
  });
});

describe("callbacks", () => {
  const callbackId = async (name: string): Promise<string> => {
    await until(() => world.outside.has(name));
    return world.outside.get(name) as string;
  };

  it("delivers a success, and refuses a second settlement", async () => {
    const engine = await engineOf({ lingerMs: 0 });
    const { id } = await engine.start(f.approval, {});
    const callback = await callbackId("approve");
    await engine.callbacks.succeed(callback, "Ada");
    expect(await engine.result(id)).toBe("approved by Ada");
    await expect(engine.callbacks.succeed(callback, "Bob")).rejects.toThrow(CallbackSettledError);
    await expect(engine.callbacks.fail("no such", new Error("x"))).rejects.toThrow(UnknownCallbackError);
  });

  it("delivers a failure with its cause", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.approval, {});
    await engine.callbacks.fail(await callbackId("approve"), new Error("rejected by hand"));
    expect(await engine.result(id)).toMatch(
      /^CallbackExternalError: .*rejected by hand \/ Error: rejected by hand$/,
    );
  });

  it("times out, and refuses what comes too late", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.approval, { timeout: "50ms" });
    const callback = await callbackId("approve");
    expect(await engine.result(id)).toMatch(/^CallbackTimeoutError: .*before its timeout/);
    await expect(engine.callbacks.succeed(callback, "Ada")).rejects.toThrow(/time/i);
  });

  it("times out without heartbeats, and lives on with them", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.approval, { heartbeat: "150ms" });
    const callback = await callbackId("approve");
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await engine.callbacks.heartbeat(callback);
    }
    expect((await engine.get(id))?.status).toBe("RUNNING");
    expect(await engine.result(id)).toMatch(/^CallbackTimeoutError: .*heartbeat/);
  });

  it("tells a submitter that gave up from a failure from outside", async () => {
    const engine = await engineOf();
    const { id } = await engine.start(f.badSubmitter, null);
    expect(await engine.result(id)).toBe("CallbackSubmitterError: declined: no one there");
  });

  it("keeps a settlement that comes before the await", async () => {
    const engine = await engineOf({ lingerMs: 0 });
    const { id } = await engine.start(f.earlyCallback, null);
    await engine.callbacks.succeed(await callbackId("early"), "in time");
    expect(await engine.result(id)).toBe("in time");
  });

  it("can be settled by another process's client while a worker sleeps", async () => {
    const worker = await engineOf({ lingerMs: 0 });
    const { id } = await worker.start(f.approval, {});
    const callback = await callbackId("approve");
    await until(() => worker.executionsInMemory === 0);
    const client = await engineOf({ worker: false });
    await client.callbacks.succeed(callback, "Eve");
    expect(await client.result(id)).toBe("approved by Eve");
  });
});

describe("starting and stopping", () => {
  it("is idempotent by id, and refuses the same id with another input", async () => {
    const engine = await engineOf();
    expect(await engine.start(f.threeSteps, "a", { id: "one" })).toEqual({ id: "one", created: true });
    expect(await engine.start(f.threeSteps, "a", { id: "one" })).toEqual({ id: "one", created: false });
    await expect(engine.start(f.threeSteps, "b", { id: "one" })).rejects.toThrow(ExecutionExistsError);
    expect(await engine.result("one")).toBe("a123");
    expect(world.lines).toHaveLength(3);
  });

  it("names a function it does not know, and an input over the limit", async () => {
    const engine = await engineOf({ functions: [f.threeSteps], limits: { inputBytes: 1_000 } });
    await expect(engine.start("nope", null)).rejects.toThrow(UnknownFunctionError);
    await expect(engine.start(f.sleeps, 1)).rejects.toThrow(UnknownFunctionError);
    await expect(engine.start(async () => 1, undefined as never)).rejects.toThrow(UnknownFunctionError);
    await expect(engine.start(f.numbers as never, 1)).rejects.toThrow(
      "numbers is a durable generator, which cannot be started",
    );
    await expect(engine.start(f.threeSteps, "x".repeat(2_000))).rejects.toThrow(InputTooLargeError);
    await expect(engine.result("nope")).rejects.toThrow(UnknownExecutionError);
  });

  it("stops an execution for good and closes its callbacks", async () => {
    const engine = await engineOf({ lingerMs: 0 });
    const { id } = await engine.start(f.approval, {});
    await until(() => world.outside.has("approve"));
    expect(await engine.stop(id, "not needed")).toBe(true);
    await expect(engine.result(id)).rejects.toThrow(ExecutionStoppedError);
    expect((await engine.get(id))?.status).toBe("STOPPED");
    await expect(engine.callbacks.succeed(world.outside.get("approve") as string, 1)).rejects.toThrow();
    expect(await engine.stop(id)).toBe(false);
  });

  it("refuses operations of code that was not compiled", () => {
    expect(() => step("x", () => 1)).toThrow(NotCompiledError);
  });

  it("leaves executions of functions it was not given to a worker that was", async () => {
    const first = await engineOf({ functions: [f.threeSteps] });
    const second = await engineOf();
    const { id } = await second.start(f.sleeps, 1);
    const own = await first.start(f.threeSteps, "own");
    expect(await first.result(own.id)).toBe("own123");
    expect(await first.get(id)).toMatchObject({ status: "RUNNING", events: 1 });
    expect((await first.get(id))?.problem).toBeUndefined();
    await closed(first);
    expect(await second.result(id)).toBe("after");
  });

  it("a second engine on the file waits until the first is gone", async () => {
    const first = await engineOf();
    const second = await engineOf();
    expect([first.running, second.running]).toEqual([true, false]);
    const { id } = await second.start(f.sleeps, 50);
    expect(await second.result(id)).toBe("after");
    await closed(first);
    await until(() => second.running);
    const again = await second.start(f.threeSteps, "t");
    expect(await second.result(again.id)).toBe("t123");
  });
});

describe("a full disk", () => {
  it("ends the engine by name, and loses nothing that was recorded", async () => {
    const errors: Error[] = [];
    const full = openSqliteStore(store, { pageCountMax: 45 });
    // It cannot write that it has left, either.
    const leaseMs = 1_000;
    const first = await engineOf({ store: full, leaseMs, onError: (error) => errors.push(error) });
    const { id } = await first.start(f.accumulates, 800);
    await expect(first.result(id)).rejects.toThrow(StoreFullError);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toMatch(/full/i);
    await expect(first.start(f.threeSteps, "x")).rejects.toThrow(StoreFullError);
    await closed(first);
    const second = await engineOf({ leaseMs });
    const recorded = (await second.history(id)).length;
    expect(recorded).toBeGreaterThan(10);
    expect(await second.result(id)).toBe(800);
    const finished = (await second.history(id)).filter(({ kind }) => kind === "StepSucceeded");
    expect(finished).toHaveLength(800);
  });
});

describe("when code and journal disagree", () => {
  it("parks the execution with both sides named, and goes on when the code fits again", async () => {
    const first = await engineOf({ lingerMs: 0 });
    const { id } = await first.start(f.unsteady, null);
    await until(async () => (await first.history(id)).some(({ kind }) => kind === "WaitStarted"));
    await closed(first);
    // Without its snapshot the journal is re-run from the start, down the other path.
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(store);
    db.exec("DELETE FROM snapshots; UPDATE executions SET wake_at = 0");
    db.close();
    world.registry.flag = true;
    const problems: Error[] = [];
    const second = await engineOf({ onError: (error) => problems.push(error) });
    await until(() => problems.length > 0);
    expect(problems[0]?.name).toBe("NonDeterminismError");
    expect(problems[0]?.message).toMatch(
      /StepSucceeded "second" at checkpoint 3.*asked for step "call" at checkpoint 2/,
    );
    const view = await second.get(id);
    expect(view?.status).toBe("RUNNING");
    expect(view?.problem).toMatch(/second/);
    await closed(second);
    world.registry.flag = false;
    const third = await engineOf();
    // Its code is the same: somebody has to say that something else has changed.
    expect((await third.get(id))?.problem).toMatch(/second/);
    expect(await third.resume(id)).toBe(true);
    await until(async () => (await third.get(id))?.problem === undefined);
    expect(await third.stop(id)).toBe(true);
  });
});
