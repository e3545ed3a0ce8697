import { expect } from "vitest";
import { JournalConflictError } from "../../runtime/errors.ts";
import type { Store } from "../../runtime/stores/store.ts";
import { acquire, commitOf, dueIds, event, failure, isRefused, leaseOf, newExecution } from "./samples.ts";
import type { Claim } from "./samples.ts";

const end = { status: "FAILED", at: 500 } as const;
const callback = { id: "c", op: "1", timeoutAt: null, heartbeatMs: null, heartbeatAt: 200 };

/** How an execution begins, is found, goes on after its end, and goes. */
export const lives: readonly Claim[] = [
  [
    "a commit starts other executions and leaves them messages, or does neither",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      const starts = [newExecution("child", { parent: "x" }), newExecution("y", { createdAt: 900 })];
      const posts = [
        { execution: "y", body: "1" },
        { execution: "nobody", body: "2" },
        { execution: "child", body: "3" },
        { execution: "y", body: "4" },
      ];
      const commit = commitOf("x", { events: [event(2)], starts, posts });
      expect(await isRefused(() => store.commit(epoch + 1, [commit]))).toBe(true);
      expect(await store.get("child")).toBeNull();
      await store.commit(epoch, [commit]);
      const second = await open();
      expect(await second.get("child")).toMatchObject({ parent: "x", wakeAt: 100, lastSeq: 1 });
      expect(await second.get("y")).toMatchObject({ createdAt: 100, parent: null });
      expect((await second.messages("y")).map(({ body }) => body)).toEqual(["1", "4"]);
      expect((await second.messages("child")).map(({ body }) => body)).toEqual(["3"]);
      expect((await second.list({ parent: "x" })).map(({ id }) => id)).toEqual(["child"]);
    },
  ],

  [
    "a message for an execution that has ended is not left",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      await store.commit(epoch, [commitOf("y", { events: [event(2)], end })]);
      await store.commit(epoch, [commitOf("x", { posts: [{ execution: "y", body: "1" }] })]);
      expect(await store.messages("y")).toEqual([]);
    },
  ],

  [
    "a journal is trimmed from its second event on, never beyond its snapshot nor of its last event",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      await store.commit(epoch, [commitOf("x", { events: [2, 3, 4, 5, 6].map((seq) => event(seq)) })]);
      expect(await store.trim("x", 6, 10)).toBe(0);
      const added = [{ hash: "h", body: "state" }];
      await store.commit(epoch, [
        commitOf("x", { events: [event(7)], snapshot: { seq: 6, chunks: ["h"], added, removed: [] } }),
      ]);
      const seqs = async (from: number): Promise<number[]> =>
        (await (await open()).history("x", from, 10)).map(({ seq }) => seq);
      expect(await store.trim("x", 5, 2)).toBe(2);
      expect(await seqs(0)).toEqual([1, 4, 5, 6, 7]);
      expect(await store.trim("x", 100, 10)).toBe(3);
      expect(await seqs(0)).toEqual([1, 7]);
      expect(await seqs(3)).toEqual([7]);
      const snapshot = { seq: 7, chunks: ["h"], added: [], removed: [] };
      await store.commit(epoch, [commitOf("x", { events: [], snapshot })]);
      expect(await store.trim("x", 100, 10)).toBe(0);
      expect(await store.trim("nobody", 100, 10)).toBe(0);
      expect(await store.load("x")).toMatchObject({
        row: { lastSeq: 7 },
        snapshot: { seq: 7, body: "state" },
        tail: [],
      });
      await store.commit(epoch, [commitOf("x", { events: [event(8)], end })]);
      expect(await store.trim("x", 100, 10)).toBe(0);
    },
  ],

  [
    "executions are found by all of their tags",
    async ({ store }) => {
      await store.create(newExecution("a", { tags: { customer: "7", "it's": '"' } }));
      await store.create(newExecution("b", { tags: { customer: "7" } }));
      await store.create(newExecution("c"));
      const ids = async (tags: Readonly<Record<string, string>>): Promise<readonly string[]> =>
        (await store.list({ tags })).map(({ id }) => id);
      expect(await ids({ customer: "7" })).toEqual(["b", "a"]);
      expect(await ids({ customer: "7", "it's": '"' })).toEqual(["a"]);
      expect(await ids({ customer: "8" })).toEqual([]);
      expect(await ids({})).toEqual(["c", "b", "a"]);
      expect((await store.get("a"))?.tags).toEqual({ customer: "7", "it's": '"' });
      expect((await store.get("c"))?.tags).toEqual({});
    },
  ],

  [
    "a pause is part of the row until it is lifted or the execution ends",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      await store.commit(epoch, [commitOf("x", { paused: true }), commitOf("y", { paused: true })]);
      expect(await store.get("x")).toMatchObject({ paused: true });
      await store.commit(epoch, [commitOf("x"), commitOf("y", { events: [event(2)], end })]);
      expect(await store.get("x")).toMatchObject({ paused: true });
      expect(await store.get("y")).toMatchObject({ paused: false });
      await store.commit(epoch, [commitOf("x", { paused: false })]);
      expect(await store.get("x")).toMatchObject({ paused: false });
    },
  ],

  [
    "an execution with a past has its events and its open callbacks",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x", { past: [event(2), event(3)], opened: [callback] }), epoch);
      expect((await store.load("x"))?.tail).toEqual([event(1), event(2), event(3)]);
      expect(await store.callback("c")).toMatchObject({ execution: "x", state: "PENDING" });
      await store.commit(epoch, [commitOf("x", { events: [event(4)] })]);
      expect(await store.get("x")).toMatchObject({ lastSeq: 4 });
      const gap = newExecution("z", { past: [event(3)] });
      expect(await failure(() => store.create(gap))).toBeInstanceOf(JournalConflictError);
      expect(await store.get("z")).toBeNull();
    },
  ],

  [
    "an execution that has ended goes on, with the callbacks that are named",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x", { keepMs: 1_000 }), epoch);
      const two = [callback, { ...callback, id: "d" }];
      await store.commit(epoch, [commitOf("x", { opened: two })]);
      const again = { execution: "x", event: event(3), wakeAt: 900, callbacks: ["c"] };
      expect(await store.reopen(again)).toBe(false);
      await store.commit(epoch, [commitOf("x", { events: [event(2)], end })]);
      expect(await store.get("x")).toMatchObject({ expiresAt: 1_500 });
      expect(await failure(() => store.reopen({ ...again, event: event(2) }))).toBeInstanceOf(
        JournalConflictError,
      );
      const second = await open();
      expect(await second.reopen({ ...again, execution: "nobody" })).toBe(false);
      expect(await second.reopen(again)).toBe(true);
      expect(await store.get("x")).toMatchObject({
        ...{ status: "RUNNING", endedAt: null, wakeAt: 900, lastSeq: 3, expiresAt: null },
      });
      expect(await store.callback("c")).toMatchObject({ state: "PENDING" });
      expect(await store.callback("d")).toMatchObject({ state: "CLOSED" });
      const { executions } = await store.claim(epoch, { now: 900, limit: 10, functions: ["a.ts#f"] });
      expect(executions).toMatchObject([{ row: { id: "x" } }]);
      expect(executions[0]?.tail).toHaveLength(3);
      const lease = executions[0]!.lease;
      await store.commit(epoch, [
        commitOf("x", { lease, events: [event(4)], end: { ...end, status: "STOPPED" } }),
      ]);
      expect(await store.get("x")).toMatchObject({ status: "STOPPED", lastSeq: 4 });
    },
  ],

  [
    "what is kept for a time is removed after it, a bounded number of rows at once",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      const ids = ["x", "y", "forever", "running"];
      await store.createAll(
        [
          ...ids.slice(0, 2).map((id) => newExecution(id, { keepMs: 1_000, tags: { a: "b" } })),
          newExecution("forever"),
          newExecution("running", { keepMs: 1 }),
        ],
        epoch,
      );
      await store.commit(epoch, [commitOf("x", { opened: [callback] })]);
      const events = [event(2), event(3)];
      await store.commit(
        epoch,
        ids.slice(0, 3).map((id) => commitOf(id, { events, end })),
      );
      expect(await store.remove(1_499, 100)).toBe(0);
      expect(await store.remove(1_500, 3)).toBe(3);
      expect(await store.get("x")).toBeNull();
      // Half gone, with a beginning and an end.
      expect(await store.get("y")).toMatchObject({ status: "FAILED", lastSeq: 3 });
      expect(await store.history("y", 0, 10)).toEqual([event(1), event(3)]);
      const second = await open();
      expect(await removeAll(second)).toBe(1);
      expect((await store.list({})).map(({ id }) => id)).toEqual(["running", "forever"]);
      expect(await store.history("x", 0, 10)).toEqual([]);
      expect(await store.callback("c")).toBeNull();
      expect(await store.list({ tags: { a: "b" } })).toEqual([]);
      expect((await store.create(newExecution("x"))).created).toBe(true);
    },
  ],

  [
    "one that is held from its beginning is parked, hears nothing, and is known with its callbacks",
    async ({ store }) => {
      const epoch = await acquire(store);
      const held = "Held: being imported.";
      const { row } = await store.create(newExecution("x", { held, keepMs: 5, tags: { a: "1" } }));
      expect(row).toMatchObject({ problem: held, lastSeq: 1 });
      expect(await dueIds(store, epoch, { now: 1_000 })).toEqual([]);
      expect(await store.unpark("x", 1_000)).toBe(false);
      const callback = { id: "c", op: "1", timeoutAt: null, heartbeatMs: 7, heartbeatAt: 200 };
      const closed = { ...callback, id: "d", timeoutAt: 9 };
      const lease = await leaseOf(store, epoch, "x");
      await store.commit(epoch, [commitOf("x", { lease, opened: [callback, closed], closed: ["d"] })]);
      expect(await store.about("x")).toEqual({
        keepMs: 5,
        callbacks: [
          { ...callback, state: "PENDING" },
          { ...closed, state: "CLOSED" },
        ],
      });
      expect(await store.about("y")).toBeNull();
      expect(await store.post("x", "1")).toBe(false);
      const refused = await failure(() => store.settle("c", { kind: "succeeded", result: "1" }, 201));
      expect(String(refused)).toContain("moved to another store");
      await store.commit(epoch, [
        commitOf("x", { lease, problem: null, wakeAt: 3, posts: [{ execution: "x", body: "m" }] }),
      ]);
      await store.settle("c", { kind: "succeeded", result: "1" }, 201);
      expect((await store.load("x"))?.messages).toHaveLength(2);
    },
  ],
];

async function removeAll(store: Store): Promise<number> {
  let all = 0;
  for (let count = await store.remove(9_000, 2); count > 0; count = await store.remove(9_000, 2))
    all += count;
  return all;
}
