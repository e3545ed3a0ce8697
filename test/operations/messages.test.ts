import { describe, expect, it } from "vitest";
import {
  CallbackSettledError,
  ExecutionStoppedError,
  ExecutionTimedOutError,
  InputTooLargeError,
  OperationArgumentError,
  OperationCancelledError,
  RetryRefusedError,
  SignalsFullError,
  UnknownExecutionError,
} from "@durablec/runtime";
import type { DurableFunction, Engine } from "@durablec/runtime";
import type * as Invoke from "../../fixtures/operations/invoke.ts";
import type * as Messages from "../../fixtures/operations/messages.ts";
import { crash, engineOf, everywhere, load, until, world } from "./fixture.ts";

const f = await load<typeof Messages>("messages");
const { waits } = await load<typeof Invoke>("invoke");
const functions = [...Object.values(f), waits];
const options = { functions, lingerMs: 0 };

async function started<I>(engine: Engine, fn: (input: I) => Promise<unknown>, input: I): Promise<string> {
  return (await engine.start(fn as DurableFunction<I>, input)).id;
}

async function kinds(engine: Engine, id: string): Promise<readonly string[]> {
  return (await engine.history(id)).map(({ kind }) => kind);
}

describe("signals", () => {
  it("are kept, in order, until they are asked for, across a crash", async () => {
    const first = await engineOf(options);
    const id = await started(first, f.listens, 3);
    for (const text of ["a", "b"]) expect(await first.signal(id, "order", { text })).toBe(true);
    await until(async () => (await kinds(first, id)).includes("SignalReceived"));
    await crash(first);
    const client = await engineOf({ ...options, worker: false });
    await client.signal(id, "order", { text: "c" });
    const second = await engineOf(options);
    expect(await second.result(id)).toBe("a b c");
    expect(await second.signal(id, "order")).toBe(false);
    await expect(second.signal("nobody", "order")).rejects.toThrow(UnknownExecutionError);
  });

  it("can be walked by a loop", async () => {
    const first = await engineOf(options);
    const id = await started(first, f.walks as (end: string) => Promise<string>, "end");
    for (const text of ["x", "y"]) await first.signal(id, "text", text);
    await first.signal(id, "go");
    const steps = async (): Promise<number> =>
      (await kinds(first, id)).filter((kind) => kind === "StepSucceeded").length;
    await until(async () => (await steps()) === 2);
    await crash(first);
    const second = await engineOf(options);
    for (const text of ["z", "end"]) await second.signal(id, "text", text);
    expect(await second.result(id)).toBe("x y z");
    expect(world.lines).toEqual(["x", "y", "z"]);
  });
});

describe("signals that", () => {
  it("do not come in time are a SignalTimeoutError, in a race too", async () => {
    const timedOut = "SignalTimeoutError word";
    expect(await everywhere(f.impatient, { raced: false }, options)).toBe(timedOut);
    expect(await everywhere(f.impatient, { raced: true }, options)).toBe(`${timedOut}, SignalTimeoutError`);
  });

  it("nobody asks for are refused when there are too many: those on their way, and those that are kept", async () => {
    const few = { ...options, limits: { signals: 4, inputBytes: 20 } };
    const first = await engineOf(few);
    const id = await started(first, f.busy as (input: null) => Promise<string>, null);
    await crash(first);
    const client = await engineOf({ ...few, functions: [], worker: false });
    for (const word of "ab") await client.signal(id, "word", word);
    await expect(client.signal(id, "word", "much too long a word")).rejects.toThrow(InputTooLargeError);
    await expect(client.signal(id, undefined as never)).rejects.toThrow(OperationArgumentError);
    const second = await engineOf(few);
    const received = async (count: number): Promise<boolean> =>
      (await kinds(second, id)).filter((kind) => kind === "SignalReceived").length === count;
    await until(() => received(2));
    await second.signal(id, "word", "c");
    await until(() => received(3));
    await crash(second);
    await client.signal(id, "word", "d");
    await expect(client.signal(id, "word", "e")).rejects.toThrow(SignalsFullError);
    const third = await engineOf(few);
    await until(async () => (await third.query(id))?.signals.word === 4);
    await expect(client.signal(id, "word", "e")).rejects.toThrow(SignalsFullError);
    const roomy = await engineOf({ ...options, worker: false });
    await roomy.signal(id, "go");
    expect(await third.result(id)).toBe("abcd");
  });
});

describe("the object form", () => {
  it("sleeps, marks a place to resume from, and waits for callbacks", async () => {
    const first = await engineOf(options);
    const id = await started(first, f.objectForm, undefined);
    const pending = async (): Promise<string | undefined> =>
      (await first.query(id))?.operations.find(({ name }) => name === "found")?.callbackId;
    await until(pending);
    await first.callbacks.succeed((await pending()) as string, "yes");
    await until(() => world.outside.has("handed"));
    await crash(first);
    const second = await engineOf(options);
    await second.callbacks.succeed(world.outside.get("handed") as string, "no");
    expect(await second.result(id)).toBe("yes no!");
    expect(await everywhere(f.objectFormTimesOut, undefined)).toBe("CallbackTimeoutError true");
  });
});

describe("cancelling", () => {
  it("closes timers and callbacks, aborts steps and stops executions", async () => {
    expect(await everywhere(f.races, "short", options)).toBe("short true true true true");
    const engine = await engineOf(options);
    const id = await started(engine, f.races, "s");
    expect(await engine.result(id)).toBe("s true true true true");
    const callback = world.outside.get("answer") as string;
    await expect(engine.callbacks.succeed(callback, 1)).rejects.toThrow(CallbackSettledError);
    const [child] = await engine.list({ parent: id });
    await expect(engine.result(child?.id ?? "")).rejects.toThrow(/which invoked it, cancelled it/);
  });

  it("runs the finally blocks of children, and of the branches of a batch that is over", async () => {
    expect(await everywhere(f.cancelsContexts, undefined)).toBe("rejected rejected");
    expect([...world.lines].sort()).toEqual(["a cleaned up", "b cleaned up", "child cleaned up"]);
    expect(await everywhere(f.firstOfBatch as (input: null) => Promise<string>, null)).toBe("quick 1 null");
    expect(world.lines).toEqual(["slow cleaned up"]);
    expect(new OperationCancelledError("x").name).toBe("OperationCancelledError");
  });
});

describe("compensations", () => {
  it("run when the execution fails, last first, each retried as a step", async () => {
    expect(await everywhere(f.sagaFails, true, options)).toBe("RangeError: no lamp");
    expect(world.lines.sort()).toEqual(["pay", "refund pay 1", "refund pay 2", "release", "reserve"]);
    const engine = await engineOf(options);
    world.lines.length = 0;
    await expect(engine.result(await started(engine, f.sagaFails, true))).resolves.toBe(
      "RangeError: no lamp",
    );
    expect(world.lines).toEqual(["reserve", "pay", "refund pay 1", "refund pay 2", "release"]);
  });

  it("that fail are told with the error, and do not keep the others from running", async () => {
    expect(await everywhere(f.sagaFails, false, options)).toBe(
      "RangeError: no lamp | refund: Error: bank closed",
    );
    expect(world.lines).toContain("release");
  });

  it("can be functions of other modules", async () => {
    expect(await everywhere(f.undoes, undefined, options)).toBe("RangeError: no lamp");
    expect(world.lines).toEqual(["given back", "given back"]);
  });

  it("run when it is stopped, also after a crash, and never when it succeeds", async () => {
    const first = await engineOf(options);
    const input = { fails: false, undoes: true };
    const [stopped, good] = [await started(first, f.saga, input), await started(first, f.saga, input)];
    await until(async () => (await kinds(first, stopped)).includes("CallbackStarted"));
    await crash(first);
    const client = await engineOf({ ...options, worker: false });
    world.lines.length = 0;
    await client.stop(stopped);
    const engine = await engineOf(options);
    await expect(engine.result(stopped)).rejects.toThrow(ExecutionStoppedError);
    expect(world.lines).toEqual(["refund pay 1", "refund pay 2", "release"]);
    await until(async () => (await kinds(engine, good)).includes("CallbackStarted"));
    const open = (await engine.query(good))?.operations[0]?.callbackId;
    await engine.callbacks.succeed(open as string);
    expect(await engine.result(good)).toBe("done");
    expect(world.lines).toHaveLength(3);
  });
});

describe("an execution that takes too long", () => {
  it("is told so where it waits, cleans up, and is TIMED_OUT", async () => {
    const time = { now: 1_000_000 };
    const timers: { readonly at: number; readonly go: () => void }[] = [];
    const clock = {
      now: () => time.now,
      random: Math.random,
      uuid: () => crypto.randomUUID(),
      setTimer(at: number, go: () => void) {
        const timer = { at, go };
        timers.push(timer);
        const poll = setTimeout(() => at <= time.now + 60 && go(), 5);
        return () => {
          clearTimeout(poll);
          timers.splice(timers.indexOf(timer), 1);
        };
      },
    };
    const engine = await engineOf({ ...options, world: clock });
    const { id } = await engine.start(f.slow as DurableFunction<undefined>, undefined, {
      executionTimeout: { days: 7 },
    });
    await until(async () => (await kinds(engine, id)).includes("WaitStarted"));
    time.now += 7 * 86_400_000;
    for (const { go } of [...timers]) go();
    await expect(engine.result(id)).rejects.toThrow(ExecutionTimedOutError);
    expect((await engine.get(id))?.status).toBe("TIMED_OUT");
    expect(world.lines).toEqual(["ExecutionTimedOutError false"]);
    expect((await kinds(engine, id)).slice(-4)).toEqual([
      "WaitStarted",
      "TimeoutReached",
      "StepSucceeded",
      "ExecutionTimedOut",
    ]);
  });
});

describe("a query", () => {
  it("tells variables and what is waited for, and disturbs nothing, from any process", async () => {
    const engine = await engineOf(options);
    const client = await engineOf({ ...options, worker: false });
    const id = await started(engine, f.flaky, { name: "Ada" });
    await until(
      async () => (await kinds(engine, id)).filter((kind) => kind === "StepSucceeded").length === 2,
    );
    await engine.signal(id, "third", "3");
    await until(async () => (await kinds(engine, id)).includes("SignalReceived"));
    const before = await kinds(engine, id);
    const state = await client.query(id);
    expect(state).toMatchObject({
      events: before.length,
      paused: false,
      activations: [
        { function: "flaky", checkpoint: 2, variables: { input: { name: "Ada" }, first: "first" } },
      ],
      operations: [{ kind: "callback", name: "approve", callbackId: world.outside.get("approve") }],
      signals: { third: 1 },
    });
    expect(await kinds(engine, id)).toEqual(before);
    expect(world.lines).toEqual(["first"]);
  });
});

describe("going on after an end", () => {
  it("retries from before the failure: what was done stays, what failed has all its attempts again", async () => {
    const first = await engineOf(options);
    const id = await started(first, f.flaky, { name: "Ada" });
    await until(() => world.outside.has("approve"));
    await first.callbacks.succeed(world.outside.get("approve") as string, "ok");
    await expect(first.result(id)).rejects.toThrow("broken");
    expect(world.lines).toEqual(["first", "second", "second"]);
    world.lines.length = 0;
    const end = (await first.history(id)).length;
    await expect(first.retry(id, { to: end })).rejects.toThrow(`Up to event ${end} the execution`);
    await first.retry(id);
    await expect(first.result(id)).rejects.toThrow("broken");
    expect(world.lines).toEqual(["second", "second"]);
    world.outside.set("mended", "yes");
    await crash(first);
    const client = await engineOf({ ...options, worker: false });
    await client.retry(id);
    const second = await engineOf(options);
    await second.signal(id, "third", "3");
    expect(await second.result(id)).toBe("Ada first ok second 3");
    await expect(second.retry(id)).rejects.toThrow(RetryRefusedError);
  });

  it("forks: another execution goes on from the same past, with callbacks of its own", async () => {
    const engine = await engineOf(options);
    const id = await started(engine, f.flaky, { name: "Ada" });
    await until(() => world.outside.has("approve"));
    const original = world.outside.get("approve") as string;
    world.outside.delete("approve");
    const fork = await engine.fork(id, { id: "again", tags: { of: id } });
    expect(fork.id).toBe("again");
    await until(() => world.outside.has("approve"));
    expect(world.outside.get("approve")).not.toBe(original);
    world.outside.set("mended", "yes");
    await engine.callbacks.succeed(world.outside.get("approve") as string, "mine");
    await engine.signal("again", "third", "3");
    expect(await engine.result("again")).toBe("Ada first mine second 3");
    expect(world.lines.filter((line) => line === "first")).toHaveLength(1);
    expect((await engine.list({ tags: { of: id } })).map((view) => view.id)).toEqual(["again"]);
    const { id: early } = await engine.fork("again", { at: 1 });
    await until(() => world.lines.filter((line) => line === "first").length === 2);
    await engine.stop(early);
    expect((await engine.get(id))?.status).toBe("RUNNING");
    await expect(engine.fork(id, { id: "again" })).rejects.toThrow(RetryRefusedError);
    await expect(engine.fork(id, { at: 99 })).rejects.toThrow(/events 1 to/);
  });

  it("retries what was stopped, but not what has been undone", async () => {
    const engine = await engineOf(options);
    const id = await started(engine, f.flaky, { name: "Ada" });
    await until(() => world.outside.has("approve"));
    await engine.stop(id);
    await expect(engine.result(id)).rejects.toThrow(ExecutionStoppedError);
    world.outside.set("mended", "yes");
    await engine.retry(id);
    await engine.callbacks.succeed(world.outside.get("approve") as string, "still");
    await engine.signal(id, "third", "3");
    expect(await engine.result(id)).toBe("Ada first still second 3");
    const undone = await started(engine, f.saga, { fails: true, undoes: true });
    await expect(engine.result(undone)).rejects.toThrow("no lamp");
    await expect(engine.retry(undone)).rejects.toThrow(/undone by its compensations/);
  });
});

describe("a pause", () => {
  it("starts nothing new and fires no timer until it is lifted, across a crash", async () => {
    const first = await engineOf(options);
    const id = await started(first, f.pausable, 6);
    await until(() => world.lines.length >= 2);
    await first.pause(id);
    await until(async () => (await first.get(id))?.paused === true && first.executionsInMemory === 0);
    const lines = world.lines.length;
    await crash(first);
    const second = await engineOf(options);
    expect(await second.query(id)).toMatchObject({ paused: true });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(world.lines).toHaveLength(lines);
    await second.resume(id);
    expect(await second.result(id)).toBe(6);
    expect(await second.pause(id)).toBe(false);
  });
});

describe("retention", () => {
  it("removes history and result after the period", async () => {
    const first = await engineOf({ ...options, retention: "1ms" });
    const gone = await started(first, f.pausable, 1);
    const { id: kept } = await first.start(f.pausable as DurableFunction<number>, 1, {
      retention: { days: 1 },
    });
    await Promise.all([first.result(gone), first.result(kept)]);
    expect(await first.get(gone)).toMatchObject({
      status: "SUCCEEDED",
      expiresAt: expect.any(Number) as number,
    });
    await crash(first);
    const second = await engineOf(options);
    await until(async () => (await second.get(gone)) === null);
    await expect(second.history(gone)).rejects.toThrow(UnknownExecutionError);
    expect((await second.get(kept))?.result).toBe(1);
  });
});
