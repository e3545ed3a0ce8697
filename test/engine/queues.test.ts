import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ExecutionStoppedError,
  ExecutionTimedOutError,
  open,
  openMemoryStore,
  UnknownQueueError,
} from "@durablec/runtime";
import type { Engine, OpenOptions, Store } from "@durablec/runtime";

/** Bodies at work, by input, and how to let them end. */
const atWork = new Map<string, (failure?: Error) => void>();
const begun: string[] = [];
let most = 0;

function work(input: string): Promise<string> {
  begun.push(input);
  return new Promise((resolve, reject) => {
    atWork.set(input, (failure) => {
      atWork.delete(input);
      if (failure === undefined) resolve(input);
      else reject(failure);
    });
    most = Math.max(most, atWork.size);
  });
}

let folder: string;
const engines: Engine[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "durablec-queues-"));
  begun.length = 0;
  most = 0;
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  atWork.clear();
  rmSync(folder, { recursive: true });
});

async function engineOf(options: Partial<OpenOptions>): Promise<Engine> {
  const engine = await open({
    store: join(folder, "q.db"),
    functions: [],
    plain: { work },
    logger: () => undefined,
    ...options,
  });
  engines.push(engine);
  return engine;
}

async function until(condition: () => unknown): Promise<void> {
  for (let passes = 0; passes < 2_000; passes++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("It did not come to that.");
}

/** Lets what is at work end, until nothing is. */
async function finishAll(engine: Engine, ids: readonly string[]): Promise<void> {
  const all = Promise.all(ids.map((id) => engine.result(id)));
  let isOver = false;
  void all.then(() => (isOver = true));
  await until(() => {
    for (const end of [...atWork.values()]) end();
    return isOver;
  });
  await all;
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe.each(["SQLite", "memory"])("queues on %s", (kind) => {
  const store = (): string | Store => (kind === "memory" ? openMemoryStore() : join(folder, "q.db"));

  it("runs no more at a time than the queue allows, and all in the end", async () => {
    const engine = await engineOf({
      store: store(),
      queues: { mail: { concurrency: 3, functions: ["work"] } },
    });
    const ids = names("x", 20);
    for (const id of ids) await engine.start("work", id, { id });
    await until(() => atWork.size === 3);
    expect(await engine.list({ queue: "mail", status: "RUNNING" })).toHaveLength(20);
    await finishAll(engine, ids);
    expect(most).toBe(3);
    expect(begun).toEqual(ids);
    const kinds = (await engine.history("x7")).map((event) => event.kind);
    expect(kinds.slice(0, 2)).toEqual(["ExecutionStarted", "ExecutionAdmitted"]);
  });

  it("lets keys take turns, and runs one of a key at a time", async () => {
    const engine = await engineOf({ store: store(), queues: { q: { concurrency: 2, perKey: 1 } } });
    const first = names("a", 5);
    for (const id of first) await engine.start("work", id, { id, queue: "q", key: "a" });
    await engine.start("work", "b0", { id: "b0", queue: "q", key: "b" });
    await until(() => atWork.size === 2);
    expect([...atWork.keys()].sort()).toEqual(["a0", "b0"]);
    await finishAll(engine, [...first, "b0"]);
    expect(begun.filter((name) => name.startsWith("a"))).toEqual(first);
  });

  it("begins at most so many in a period", async () => {
    const rate = { count: 2, per: { milliseconds: 300 } };
    const engine = await engineOf({ store: store(), queues: { q: { rate } } });
    for (const id of names("x", 3)) await engine.start("work", id, { id, queue: "q" });
    await until(() => atWork.size === 2);
    await finishAll(engine, names("x", 3));
    // The first left its queue after its start, whenever that was noticed.
    const [started] = await engine.history("x0");
    const [, admitted] = await engine.history("x2");
    expect((admitted?.time ?? 0) - (started?.time ?? 0)).toBeGreaterThanOrEqual(300);
  });

  it("stops, signals and times out one that waits, without beginning it", async () => {
    const engine = await engineOf({ store: store(), queues: { q: { concurrency: 1 } } });
    await engine.start("work", "x", { id: "x", queue: "q" });
    await until(() => atWork.has("x"));
    await engine.start("work", "y", { id: "y", queue: "q" });
    await engine.start("work", "z", { id: "z", queue: "q", executionTimeout: { seconds: 1 } });
    expect(await engine.signal("y", "hello", 1)).toBe(true);
    await until(async () => (await engine.history("y")).length === 2);
    await engine.stop("y");
    await expect(engine.result("y")).rejects.toBeInstanceOf(ExecutionStoppedError);
    await expect(engine.result("z")).rejects.toBeInstanceOf(ExecutionTimedOutError);
    expect(begun).toEqual(["x"]);
    await finishAll(engine, ["x"]);
  });
});

describe("queues", () => {
  it("hold over a restart: what was admitted goes on, what waits goes on waiting", async () => {
    const queues = { q: { concurrency: 1 } };
    const first = await engineOf({ queues });
    for (const id of names("x", 3)) await first.start("work", id, { id, queue: "q" });
    await until(() => atWork.size === 1);
    engines.splice(0);
    await first.close();
    atWork.clear();
    const second = await engineOf({ queues });
    await until(() => atWork.size === 1);
    await finishAll(second, names("x", 3));
    expect(begun).toEqual(["x0", "x0", "x1", "x2"]);
    expect(most).toBe(1);
  });

  it("are filled by clients, and an execution that was stopped while it waited goes on at once when it is retried", async () => {
    const client = await engineOf({ worker: false });
    await client.start("work", "x", { id: "x", queue: "q", key: "k", priority: 3 });
    const engine = await engineOf({ queues: { q: { concurrency: 1 } } });
    await until(() => atWork.has("x"));
    await engine.start("work", "y", { id: "y", queue: "q" });
    await engine.stop("y");
    await expect(engine.result("y")).rejects.toBeInstanceOf(ExecutionStoppedError);
    await engine.retry("y");
    await until(() => atWork.has("y"));
    const fork = await engine.fork("x");
    await until(() => begun.filter((name) => name === "x").length === 2);
    atWork.get("y")?.();
    await finishAll(engine, ["y", fork.id]);
  });

  it("are refused by name and by nonsense", async () => {
    const engine = await engineOf({ queues: { q: { concurrency: 1 } } });
    await expect(engine.start("work", "x", { queue: "p" })).rejects.toBeInstanceOf(UnknownQueueError);
    await expect(engine.start("work", "x", { key: "k" })).rejects.toThrow("but no queue");
    await expect(engine.start("work", "x", { queue: "q", priority: 0.5 })).rejects.toThrow("whole number");
    await expect(engine.start("work", "x", { queue: "q", key: "" })).rejects.toThrow("1 to 256");
    await expect(engine.start("work", "x", { queue: "q", key: "k".repeat(257) })).rejects.toThrow("1 to 256");
    await expect(engineOf({ queues: { q: { concurrency: 0 } } })).rejects.toThrow("1 or more, not 0");
    const twice = { q: { functions: ["work"] }, p: { functions: ["work"] } };
    await expect(engineOf({ queues: twice })).rejects.toThrow("is in two queues");
  });
});

describe("bodies at work", () => {
  it("are no more than the worker may have, by name and in all, and executions take turns", async () => {
    const other = (input: string): Promise<string> => work(input);
    const engine = await engineOf({
      store: "memory:",
      plain: { work, other },
      limits: { steps: 3, stepsByName: { other: 1 } },
    });
    const ids = names("x", 4);
    for (const id of ids) await engine.start("work", id, { id });
    for (const id of names("o", 2)) await engine.start("other", id, { id });
    await until(() => atWork.size === 3);
    await finishAll(engine, [...ids, ...names("o", 2)]);
    expect(most).toBe(3);
    await expect(engineOf({ store: "memory:", limits: { steps: 0 } })).rejects.toThrow("1 or more, not 0");
  });
});
