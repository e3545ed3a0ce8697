import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { open, openMemoryStore } from "@durablec/runtime";
import type { Engine } from "@durablec/runtime";
import type * as Functions from "../../fixtures/engine/functions.ts";
import { compileFixture } from "../support/compileFixture.ts";

let f: typeof Functions;

beforeAll(async () => {
  f = (await import(join(await compileFixture("fixtures/engine"), "functions.js"))) as typeof Functions;
}, 60_000);

async function startAll(engine: Engine, count: number): Promise<string[]> {
  const inputs = Array.from({ length: count }, (_, i) => `${i}:`);
  return (await Promise.all(inputs.map((input) => engine.start(f.threeSteps, input)))).map(({ id }) => id);
}

function resultsOf(engine: Engine, ids: readonly string[]): Promise<unknown[]> {
  return Promise.all(ids.map((id) => engine.result(id)));
}

function expected(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i}:123`);
}

describe("many executions", () => {
  it("more that are due than there is room for all come to their ends", async () => {
    const store = openMemoryStore();
    store.close = () => undefined;
    const client = await open({ store, functions: [f.threeSteps], worker: false });
    const ids = await startAll(client, 40);
    await client.close();
    const worker = await open({ store, functions: [f.threeSteps], limits: { executions: 3 } });
    expect(await resultsOf(worker, ids)).toEqual(expected(40));
    await worker.close();
  });

  it("starts of one moment share a commit, and are committed with at most 500 others at a time", async () => {
    const store = openMemoryStore();
    const counted = { creations: 0, widest: 0 };
    const createAll = store.createAll.bind(store);
    const commit = store.commit.bind(store);
    store.createAll = (executions) => {
      counted.creations++;
      return createAll(executions);
    };
    store.commit = (epoch, commits) => {
      counted.widest = Math.max(counted.widest, commits.length);
      return commit(epoch, commits);
    };
    const engine = await open({ store, functions: [f.threeSteps] });
    expect(await resultsOf(engine, await startAll(engine, 800))).toEqual(expected(800));
    expect(counted).toEqual({ creations: 1, widest: 500 });
    await engine.close();
  });

  it("one that is refused refuses no other", async () => {
    const engine = await open({ store: "memory:", functions: [f.threeSteps] });
    const starts = ["a", "b\0", "c"].map((id) => engine.start(f.threeSteps, id, { id }));
    const [first, second, third] = await Promise.allSettled(starts);
    expect([first?.status, second?.status, third?.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await engine.result("c")).toBe("c123");
    await engine.close();
  });

  it("starting without end leaves time for timers", async () => {
    const engine = await open({ store: "memory:", functions: [f.threeSteps] });
    let isOver = false;
    const timer = setTimeout(() => (isOver = true), 1);
    let started = 0;
    while (!isOver && started < 20_000) started += (await engine.start(f.threeSteps, "x")).created ? 1 : 0;
    clearTimeout(timer);
    expect(isOver).toBe(true);
    await engine.close();
  });
});
