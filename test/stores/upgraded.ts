/** What both databases still have of a first version, once it has been brought up to date: see the rows in the tests. */
import { expect } from "vitest";
import { readView } from "../../runtime/engine/view.ts";
import type { Store } from "../../runtime/stores/store.ts";
import { acquire, commitOf, event, newExecution } from "./samples.ts";

/**
 * `other`: the same store, opened a second time. `state`: the text of the snapshot of "asleep". Returns the lease under which
 * that was taken.
 */
export async function expectUpgraded(store: Store, other: Store, state: string): Promise<number> {
  const unset = { parent: null, queue: null, tags: {}, paused: false, expiresAt: null, problem: null };
  const asleep = { ...unset, status: "RUNNING", wakeAt: 900, lastSeq: 2 };
  expect(await store.get("asleep")).toMatchObject(asleep);
  expect(await store.get("done")).toMatchObject({ ...unset, status: "SUCCEEDED" });
  expect(await readView(store, "done")).toMatchObject({ input: "other", result: "result" });
  expect((await other.list({})).map(({ id }) => id)).toEqual(["done", "asleep"]);
  const loaded = await store.load("asleep");
  expect(loaded).toMatchObject({ snapshot: { seq: 1, body: state }, tail: [event(2)] });
  expect(loaded?.messages.map(({ body }) => body)).toEqual(["message"]);

  // What it had goes on, and what came later works beside it.
  const epoch = await acquire(store);
  expect(epoch).toBeGreaterThan(7);
  await other.settle("c", { kind: "succeeded", result: "1" }, 1_000);
  const consumed = (await store.messages("asleep")).map(({ number }) => number);
  expect(consumed).toHaveLength(2);
  const wanted = { now: 1_000, limit: 10, functions: ["a.ts#f"] };
  const { executions } = await store.claim(epoch, wanted);
  expect(executions).toMatchObject([{ row: { id: "asleep" } }]);
  const queue = { name: "q", key: null, priority: 0 };
  const starts = [newExecution("child", { parent: "asleep", tags: { team: "blue" }, queue })];
  const { lease } = executions[0]!;
  const changes = { lease, events: [event(3)], consumed, starts, paused: true };
  expect(await store.commit(epoch, [commitOf("asleep", changes)])).toEqual([]);
  expect(await other.get("asleep")).toMatchObject({ lastSeq: 3, paused: true, wakeAt: null });
  expect((await other.list({ tags: { team: "blue" }, queue: "q" })).map(({ id }) => id)).toEqual(["child"]);
  expect(await store.messages("asleep")).toEqual([]);
  return lease;
}
