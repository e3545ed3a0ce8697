import { createHash } from "node:crypto";
import { checkStore, exportExecutions, importExecutions, open, openStore } from "@durablec/runtime";
import {
  ExecutionExistsError,
  RetryRefusedError,
  StoreError,
  UnknownExecutionError,
} from "@durablec/runtime";
import type { EncryptionOptions, Engine, ExportOptions, Store } from "@durablec/runtime";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type EngineFixture, loadEngineFixture } from "../support/engineFixture.ts";
import { makeFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { failure } from "./samples.ts";

let f: EngineFixture["f"];
let world: EngineFixture["world"];
let folder: Folder;

beforeAll(async () => {
  ({ f, world } = await loadEngineFixture());
});
beforeEach(() => {
  folder = makeFolder();
  world.outside.clear();
});
afterEach(() => folder.remove());

const encryption: EncryptionOptions = { current: "k", keys: { k: Buffer.alloc(32, 3) } };

async function withStore<T>(
  name: string,
  use: (store: Store) => Promise<T>,
  keys?: EncryptionOptions,
): Promise<T> {
  const store = await openStore({
    store: folder.path(name),
    ...(keys === undefined ? {} : { encryption: keys }),
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function withEngine<T>(
  name: string,
  use: (engine: Engine) => Promise<T>,
  keys?: EncryptionOptions,
): Promise<T> {
  const engine = await open({
    store: folder.path(name),
    functions: { ...f },
    lingerMs: 0,
    ...(keys === undefined ? {} : { encryption: keys }),
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

const exported = (name: string, options?: ExportOptions): Promise<readonly string[]> =>
  withStore(name, async (store) => {
    const lines: string[] = [];
    for await (const line of exportExecutions(store, options)) lines.push(line);
    return lines;
  });

const imported = (name: string, lines: readonly string[], adopt = false) =>
  withStore(name, (store) => importExecutions(store, lines, { adopt }));

async function until(condition: () => unknown): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i > 1_000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** One that has ended, one with a long journal and a large state that sleeps, one that waits for an answer. */
async function fill(name: string, steps = 80): Promise<string> {
  return withEngine(name, async (engine) => {
    await engine.start(f.threeSteps, "s", { id: "ended", tags: { of: "test" } });
    await engine.result("ended");
    await engine.start(f.grows, steps, { id: "asleep" });
    await engine.start(f.approval, {}, { id: "asks" });
    await until(() => world.outside.has("approve") && engine.executionsInMemory === 0);
    return world.outside.get("approve")!;
  });
}

test("executions that were moved go on in another store, with their state, callbacks and keys, and not where they were", async () => {
  const callback = await fill("a.db", 1_100);
  const lines = await exported("a.db", { move: true });
  expect(lines.join()).toContain('"moved":true');
  await withStore("b.db", (store) => importExecutions(store, lines), encryption);
  await withEngine(
    "b.db",
    async (engine) => {
      expect(await engine.result("ended")).toBe("s123");
      expect((await engine.list()).map(({ id }) => id)).toEqual(["asks", "asleep", "ended"]);
      expect((await engine.get("ended"))?.tags).toEqual({ of: "test" });
      await engine.callbacks.succeed(callback, "Ada");
      expect(await engine.result("asks")).toBe("approved by Ada");
      await engine.signal("asleep", "wake");
      expect(await engine.result("asleep")).toBe(1_100);
      expect(engine.resumeReport("asleep")?.tailEvents).toBeLessThanOrEqual(64);
    },
    encryption,
  );
  await withEngine("a.db", async (engine) => {
    expect((await engine.get("asleep"))?.problem).toContain("moved to another store");
    expect(await engine.signal("asleep", "wake")).toBe(false);
    expect(String(await failure(() => engine.callbacks.succeed(callback, "Eve")))).toContain(
      "settle it there",
    );
    expect((await engine.get("asks"))?.status).toBe("RUNNING");
  });
  // The file can be had again, as nothing of it is lost here.
  expect(await exported("a.db", { move: true })).toEqual(lines);
});

test("a trimmed execution moves with the gap in its journal, by its state, also when the import is cut off", async () => {
  const engine = await open({
    store: folder.path("a.db"),
    functions: { ...f },
    lingerMs: 0,
    history: { keepEvents: 0 },
  });
  await engine.start(f.grows, 700, { id: "trimmed" });
  await until(() => engine.executionsInMemory === 0);
  await engine.close();
  const lines = await exported("a.db", { move: true });
  const second = JSON.parse(lines[3]!) as { event: { seq: number } };
  expect(second.event.seq).toBeGreaterThan(100);
  // As if somebody had left the state out, and made the checksum fit.
  const parts = lines
    .slice(1, -2)
    .map((line) => line.replace(/"snapshot":\{.*?\},"callbacks"/, '"snapshot":null,"callbacks"'));
  const sha256 = createHash("sha256")
    .update(parts.map((line) => `${line}\n`).join(""))
    .digest("hex");
  const without = [lines[0]!, ...parts, JSON.stringify({ close: { id: "trimmed", sha256 } }), lines.at(-1)!];
  expect(String(await failure(() => imported("bad.db", without)))).toContain("without a state");
  for (const cut of [3, 4, lines.length - 2])
    expect(String(await failure(() => imported("b.db", lines.slice(0, cut))))).toContain(`Line ${cut} `);
  expect(await imported("b.db", lines)).toEqual({ imported: 1, skipped: 0 });
  expect((await exported("b.db")).slice(2, -2)).toEqual(lines.slice(2, -2));
  await withEngine("b.db", async (other) => {
    await other.signal("trimmed", "wake");
    expect(await other.result("trimmed")).toBe(700);
    expect(other.resumeReport("trimmed")?.tailEvents).toBeLessThanOrEqual(64);
  });
  for await (const finding of checkStore({ store: folder.path("b.db") })) expect(finding).toBeUndefined();
});

test("what may still run where it was is refused, unless it is adopted", async () => {
  await fill("a.db");
  const lines = await exported("a.db");
  const error = await failure(() => imported("b.db", lines));
  expect(error).toBeInstanceOf(RetryRefusedError);
  expect(String(error)).toContain("--move");
  expect(await imported("b.db", lines, true)).toEqual({ imported: 2, skipped: 1 });
});

test("an import that is cut off anywhere runs nothing half, and goes on with the whole file", async () => {
  await fill("a.db", 600);
  const lines = await exported("a.db", { move: true });
  const total = lines.length;
  for (const cut of [1, 5, 550, total - 3, total - 1]) {
    const error = await failure(() => imported("b.db", lines.slice(0, cut)));
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toContain(`Line ${cut} `);
    // A worker that opens the store in between leaves what is half there alone.
    await withEngine("b.db", async (engine) => {
      for (const { problem = "", status } of await engine.list())
        if (status === "RUNNING" && problem !== "") expect(problem).toMatch(/^Held: being imported/);
    });
  }
  const { imported: fresh, skipped } = await imported("b.db", lines);
  expect(fresh + skipped).toBe(3);
  expect(await imported("b.db", lines)).toEqual({ imported: 0, skipped: 3 });
});

test("changed lines are refused by their numbers", async () => {
  await fill("a.db");
  const lines = await exported("a.db", { executions: ["ended"] });
  const changed = (index: number, change: (line: string) => string): readonly string[] =>
    lines.map((line, at) => (at === index ? change(line) : line));
  const bad: readonly (readonly [readonly string[], string])[] = [
    [changed(3, (line) => line.replace("s1", "z1")), `Line ${lines.length - 1} `],
    [changed(3, () => "{"), "Line 4 "],
    [changed(3, () => lines[4]!), "Line"],
    [changed(0, () => '{"durablec":"executions","version":9}'), "format 9"],
    [changed(0, () => '{"other":1}'), "Line 1 "],
    [lines.toSpliced(2, 1), "Line"],
    [["{}"], "Line 1 "],
    [[], "Line 0 "],
  ];
  for (const [index, [given, words]] of bad.entries()) {
    const error = await failure(() => imported(`bad${index}.db`, given));
    expect(error, words).toBeInstanceOf(StoreError);
    expect(String(error)).toContain(words);
  }
});

test("a worker at either store, another execution of the id, and half a family are refused", async () => {
  await fill("a.db");
  const lines = await exported("a.db", { executions: ["ended"] });
  await withEngine("a.db", async (engine) => {
    expect(String(await failure(() => exported("a.db", { move: true })))).toContain("Stop it first");
    expect(String(await failure(() => imported("a.db", lines)))).toContain("Stop it first");
    // Without moving, a look does no harm.
    expect(await exported("a.db", { executions: ["ended"] })).toEqual(lines);
    await engine.start(f.invokesSleeper, 60_000, { id: "parent" });
    await until(
      async () => (await engine.list({ parent: "parent" })).length === 1 && engine.executionsInMemory === 0,
    );
  });
  await withEngine("b.db", async (engine) => engine.start(f.threeSteps, "other", { id: "ended" }));
  expect(await failure(() => imported("b.db", lines))).toBeInstanceOf(ExecutionExistsError);
  const error = await failure(() => exported("a.db", { executions: ["parent"], move: true }));
  expect(error).toBeInstanceOf(RetryRefusedError);
  expect(String(error)).toContain("wait for each other");
  expect(await failure(() => exported("a.db", { executions: ["nobody"] }))).toBeInstanceOf(
    UnknownExecutionError,
  );
});
