import { expect } from "vitest";
import { JournalConflictError } from "../../runtime/errors.ts";
import type { SnapshotWrite } from "../../runtime/stores/store.ts";
import { acquire, commitOf, dueIds, event, failure, newExecution, other, withCallback } from "./samples.ts";
import type { Claim, Given } from "./samples.ts";

export const commits: readonly Claim[] = [
  [
    "a commit is seen by every store on the place",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      await store.commit(epoch, [commitOf("x", { events: [event(2), event(3)], wakeAt: 700 })]);
      const second = await open();
      expect(await second.get("x")).toMatchObject({ lastSeq: 3, wakeAt: 700 });
      expect((await second.load("x"))?.tail).toEqual([event(1), event(2), event(3)]);
    },
  ],

  [
    "events of many executions are written together",
    async ({ store }) => {
      const epoch = await acquire(store);
      const ids = Array.from({ length: 50 }, (_, i) => `x${i}`);
      await store.createAll(
        ids.map((id) => newExecution(id)),
        epoch,
      );
      for (const seq of [2, 3]) {
        await store.commit(
          epoch,
          ids.map((id) => commitOf(id, { events: [event(seq)] })),
        );
      }
      for (const id of ids) expect(await store.get(id)).toMatchObject({ lastSeq: 3, wakeAt: null });
    },
  ],

  [
    "an event whose number repeats or leaves a gap is refused",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      for (const seq of [0, 1, 3]) {
        const error = await failure(() => store.commit(epoch, [commitOf("x", { events: [event(seq)] })]));
        expect(error).toBeInstanceOf(JournalConflictError);
        expect(await store.get("x")).toMatchObject({ lastSeq: 1 });
      }
    },
  ],

  [
    "two stores of one epoch cannot write the same number",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      const second = await open();
      await store.create(newExecution("x"), epoch);
      await second.commit(epoch, [commitOf("x", { events: [event(2)] })]);
      const error = await failure(() => store.commit(epoch, [commitOf("x", { events: [event(2)] })]));
      expect(error).toBeInstanceOf(JournalConflictError);
      await store.commit(epoch, [commitOf("x", { events: [event(3)] })]);
      expect(await second.history("x", 0, 10)).toEqual([event(1), event(2), event(3)]);
    },
  ],

  [
    "a batch with one bad commit writes nothing of any",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      const end = { status: "SUCCEEDED", at: 5 } as const;
      const good = commitOf("x", { events: [event(2)], end, problem: "p", wakeAt: 9 });
      await failure(() => store.commit(epoch, [good, commitOf("y", { events: [event(7)] })]));
      const unchanged = { lastSeq: 1, status: "RUNNING", problem: null, wakeAt: 100 };
      expect(await store.get("x")).toMatchObject(unchanged);
      expect(await store.commit(epoch, [good])).toEqual([]);
      expect(await store.get("x")).toMatchObject({ lastSeq: 2, status: "SUCCEEDED" });
    },
  ],

  [
    "of executions that have ended or are not there nothing is written, and the others of the batch are",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      const end = { status: "FAILED", at: 5 } as const;
      await store.commit(epoch, [commitOf("y", { events: [event(2)], end })]);
      const starts = [newExecution("z")];
      const lost = await store.commit(epoch, [
        commitOf("y", { events: [event(3)], starts }),
        commitOf("x", { events: [event(2)] }),
        commitOf("nobody", { starts }),
      ]);
      expect([...lost].sort()).toEqual(["nobody", "y"]);
      expect(await store.get("x")).toMatchObject({ lastSeq: 2 });
      expect(await store.get("y")).toMatchObject({ lastSeq: 2 });
      expect(await store.get("z")).toBeNull();
    },
  ],

  [
    "an end closes the execution, its callbacks and its inbox",
    async ({ store }) => {
      const epoch = await withCallback(store);
      await store.post("x", "late");
      const end = { status: "SUCCEEDED", at: 500 } as const;
      await store.commit(epoch, [commitOf("x", { events: [event(2)], end, wakeAt: 900 })]);
      expect(await store.get("x")).toMatchObject({
        ...{ status: "SUCCEEDED", endedAt: 500, wakeAt: null, lastSeq: 2 },
      });
      expect(await store.load("x")).toMatchObject({ snapshot: null, tail: [], messages: [] });
      expect(await store.callback("c")).toMatchObject({ state: "CLOSED" });
      expect(await store.post("x", "later")).toBe(false);
      expect(await dueIds(store, epoch, { now: 10_000 })).toEqual([]);
      expect(await store.history("x", 0, 10)).toHaveLength(2);
    },
  ],

  [
    "an execution with a problem is not due, and tried again by workers of other builds",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      await store.commit(epoch, [commitOf("x", { problem: "does not fit", wakeAt: null })]);
      await store.post("x", "m");
      const wanted = { now: 1_000, limit: 10, functions: ["a.ts#f"] };
      const nothing = { executions: [], unreadable: [], called: [] };
      expect(await store.claim(epoch, wanted)).toEqual(nothing);
      expect(await store.nextWake(0)).toBeNull();
      expect(await store.claim(epoch, { ...wanted, parked: true })).toEqual(nothing);
      await store.release(epoch);
      const next = await acquire(store, { ...other, build: "b2" });
      expect((await store.claim(next, wanted)).executions).toEqual([]);
      const { executions } = await store.claim(next, { ...wanted, parked: true });
      expect(executions.map(({ row }) => [row.id, row.problem, row.wakeAt])).toEqual([["x", null, 1_000]]);
      const lease = executions[0]!.lease;
      await store.commit(next, [commitOf("x", { lease, problem: "nor here" })]);
      expect(await store.get("x")).toMatchObject({ problem: "nor here" });
      expect(await store.claim(next, { ...wanted, parked: true })).toEqual(nothing);
      expect(await store.unpark("x", 2_000)).toBe(true);
      expect(await store.unpark("x", 2_000)).toBe(false);
      expect((await store.claim(next, { ...wanted, now: 2_000 })).executions).toHaveLength(1);
    },
  ],
];

const changes: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["one chunk replaced by another", ["a"], ["b"]],
  ["the same chunk", ["a"], ["a"]],
  ["one chunk that becomes part of several", ["a"], ["a", "b", "c"]],
  ["one chunk that is replaced by several", ["a"], ["b", "c"]],
  ["several of which one stays", ["a", "b", "c"], ["b"]],
  ["several that become another one", ["a", "b"], ["c"]],
  ["several that share most", ["a", "b", "c", "d"], ["a", "x", "c", "d"]],
  ["a chunk that comes twice", ["a", "b"], ["a", "b", "a"]],
];

export const snapshots: readonly Claim[] = [
  ...changes.map(([what, first, second]): Claim => [
    `a snapshot is read as it was written: ${what}`,
    (given) => writeInTurn(given, first, second),
  ]),

  [
    "snapshots of two executions do not share chunks",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      const both = write(1, [], ["a", "b"]);
      await store.commit(epoch, [commitOf("x", { snapshot: both }), commitOf("y", { snapshot: both })]);
      await store.commit(epoch, [commitOf("x", { snapshot: write(1, ["a", "b"], ["c"]) })]);
      expect((await store.load("y"))?.snapshot?.body).toBe("<a><b>");
    },
  ],
];

async function writeInTurn(
  { store, open }: Given,
  first: readonly string[],
  second: readonly string[],
): Promise<void> {
  const epoch = await acquire(store);
  await store.create(newExecution("x"), epoch);
  let before: readonly string[] = [];
  let seq = 1;
  for (const after of [first, second, first, second]) {
    // Through another store each time too: it knows nothing of what the last one wrote.
    for (const through of [store, await open()]) {
      const snapshot = write(seq, before, after);
      await through.commit(epoch, [commitOf("x", { events: [event(seq + 1)], snapshot })]);
      const loaded = await store.load("x");
      expect(loaded?.snapshot).toEqual({ seq, body: after.map((hash) => `<${hash}>`).join("") });
      expect(loaded?.chunks).toEqual(after);
      expect(loaded?.tail).toEqual([event(seq + 1)]);
      before = after;
      seq++;
    }
  }
}

/** What the engine would write to get from one list of chunks to the next. */
function write(seq: number, before: readonly string[], after: readonly string[]): SnapshotWrite {
  return {
    seq,
    chunks: after,
    added: [...new Set(after)]
      .filter((hash) => !before.includes(hash))
      .map((hash) => ({ hash, body: `<${hash}>` })),
    removed: [...new Set(before)].filter((hash) => !after.includes(hash)),
  };
}
