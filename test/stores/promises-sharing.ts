import { expect, vi } from "vitest";
import { FencedError, StoreUnavailableError } from "../../runtime/errors.ts";
import { fromText, LOOK, type News, toTexts } from "../../runtime/stores/news.ts";
import type { Store } from "../../runtime/stores/store.ts";
import { STALE_MS, acquire, commitOf, event, failure, newExecution, other, owner } from "./samples.ts";
import type { Claim } from "./samples.ts";

const LONG_MS = 600_000;
const wanted = { now: 100, limit: 10, functions: ["a.ts#f"] };

async function join(store: Store, by = owner, leaseMs = LONG_MS): Promise<number> {
  const acquired = await store.acquire(by, 0, leaseMs);
  if (acquired.kind !== "acquired") throw new Error("The test cannot take part.");
  return acquired.epoch;
}

const idsOf = ({ executions }: Awaited<ReturnType<Store["claim"]>>): string[] =>
  executions.map(({ row }) => row.id);

const two = async (open: () => Promise<Store>): Promise<readonly [Store, number]> => {
  const second = await open();
  return [second, await join(second, other)];
};

/** Of stores that many workers have at a time. */
export const sharing: readonly Claim[] = [
  [
    "each execution is claimed by one worker, with its state",
    async ({ store, open }) => {
      const epoch = await join(store);
      const [second, epoch2] = await two(open);
      const ids = Array.from({ length: 20 }, (_, i) => `x${i}`);
      await second.createAll(ids.map((id) => newExecution(id)));
      await store.post("x3", "m");
      const both = await Promise.all(
        [0, 1, 2, 3].map((i) =>
          i % 2 === 0
            ? store.claim(epoch, { ...wanted, limit: 5 })
            : second.claim(epoch2, { ...wanted, limit: 5 }),
        ),
      );
      expect(both.flatMap(idsOf).sort()).toEqual([...ids].sort());
      const x3 = both.flatMap(({ executions }) => executions).find(({ row }) => row.id === "x3");
      expect(x3).toMatchObject({ lease: 1, tail: [event(1)], messages: [{ execution: "x3", body: "m" }] });
    },
  ],

  [
    "what was created for a worker is its own at once, and nobody's if that worker is gone",
    async ({ store, open }) => {
      const epoch = await join(store);
      const [second, epoch2] = await two(open);
      expect(await store.create(newExecution("x"), epoch)).toMatchObject({ created: true, lease: 1 });
      expect(await store.create(newExecution("t", { tags: { a: "b" } }), epoch)).toMatchObject({ lease: 1 });
      expect(await second.claim(epoch2, wanted)).toMatchObject({ executions: [] });
      expect(await store.commit(epoch, [commitOf("x", { events: [event(2)] })])).toEqual([]);
      await store.release(epoch);
      expect((await store.create(newExecution("y"), epoch)).lease).toBeUndefined();
      expect((await store.create(newExecution("z", { keepMs: 1 }), epoch)).lease).toBeUndefined();
      expect(idsOf(await second.claim(epoch2, wanted))).toEqual(["t", "y", "z"]);
    },
  ],

  [
    "a lost lease fails its own execution only: the others of the batch are written",
    async ({ store, open }) => {
      const epoch = await join(store);
      const [second, epoch2] = await two(open);
      await store.createAll(
        ["x", "y", "z"].map((id) => newExecution(id)),
        epoch,
      );
      await store.releaseLeases(epoch, [{ execution: "y", lease: 1 }]);
      const { executions } = await second.claim(epoch2, wanted);
      expect(executions).toMatchObject([{ row: { id: "y" }, lease: 2 }]);
      const posts = [{ execution: "z", body: "from y" }];
      const batch = [
        commitOf("x", { events: [event(2)], posts: [{ execution: "z", body: "from x" }] }),
        commitOf("y", { events: [event(2)], posts, starts: [newExecution("w")] }),
        commitOf("z", { events: [event(2)] }),
      ];
      expect(await store.commit(epoch, batch)).toEqual(["y"]);
      expect((await store.messages("z")).map(({ body }) => body)).toEqual(["from x"]);
      expect(await store.get("w")).toBeNull();
      expect(await store.get("y")).toMatchObject({ lastSeq: 1 });
      expect(await store.commit(epoch2, [commitOf("y", { events: [event(2)] })])).toEqual(["y"]);
      expect(await second.commit(epoch2, [commitOf("y", { lease: 2, events: [event(2)] })])).toEqual([]);
      // The first one has it again, under a new lease: what it said under the old one does not count.
      await second.releaseLeases(epoch2, [{ execution: "y", lease: 2 }]);
      await store.post("y", "m");
      expect((await store.claim(epoch, wanted)).executions).toMatchObject([{ lease: 3 }]);
      expect(await store.commit(epoch, [commitOf("y", { events: [event(3)] })])).toEqual(["y"]);
      // One that comes twice in a batch is lost twice, and another is written twice.
      const twice = [
        commitOf("y"),
        commitOf("x", { events: [event(3)] }),
        commitOf("x", { events: [event(4)] }),
      ];
      expect(await store.commit(epoch, [...twice, commitOf("y")])).toEqual(["y"]);
      expect(await store.get("x")).toMatchObject({ lastSeq: 4 });
    },
  ],

  [
    "executions of a worker whose time is over, or that takes part anew, are free",
    async ({ store, open }) => {
      const over = await join(store, owner, -1);
      await store.create(newExecution("x"), over);
      const [second, epoch2] = await two(open);
      // Nobody has noticed: its leases hold.
      expect(await store.commit(over, [commitOf("x", { events: [event(2)], wakeAt: 50 })])).toEqual([]);
      expect(idsOf(await second.claim(epoch2, wanted))).toEqual(["x"]);
      expect(await store.renew(over, 0)).toBe(false);
      expect(await store.commit(over, [commitOf("x", { events: [event(3)] })])).toEqual(["x"]);
      await store.create(newExecution("y"));
      expect(await failure(() => store.claim(over, wanted))).toBeInstanceOf(FencedError);
      const again = await join(second, other);
      expect(again).toBeGreaterThan(epoch2);
      expect(await second.renew(epoch2, 0)).toBe(false);
      // What was refused may hold its rows for a moment longer.
      const free = new Set<string>();
      await vi.waitUntil(async () => {
        for (const id of idsOf(await second.claim(again, wanted))) free.add(id);
        return free.size === 2;
      }, 5_000);
    },
  ],

  [
    "a worker that takes part anew with what it has is told how far that is; what it asked for before is refused",
    async ({ store, open }) => {
      const epoch = await join(store);
      const [second, epoch2] = await two(open);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      await second.create(newExecution("theirs"), epoch2);
      await store.commit(epoch, [commitOf("x", { events: [event(2)] })]);
      const rejoined = (await store.rejoin!(owner, LONG_MS))!;
      expect([...rejoined.held].sort()).toEqual([
        ["x", { lease: 1, lastSeq: 2 }],
        ["y", { lease: 1, lastSeq: 1 }],
      ]);
      expect(await store.commit(epoch, [commitOf("x", { events: [event(3)] })])).toEqual(["x"]);
      expect((await store.create(newExecution("late"), epoch)).lease).toBeUndefined();
      expect(await failure(() => store.claim(epoch, wanted))).toBeInstanceOf(FencedError);
      expect(await store.commit(rejoined.epoch, [commitOf("x", { events: [event(3)] })])).toEqual([]);
      expect(await second.commit(epoch2, [commitOf("theirs", { events: [event(2)] })])).toEqual([]);
      await second.release(rejoined.epoch);
      expect(await store.rejoin!(owner, LONG_MS)).toBeNull();
      // One attempt hangs in a connection that broke, and another begins: neither is a reason to give up for ever.
      const tries = Array.from({ length: 20 }, (_, i) => [store, second][i % 2]!.acquire(owner, 0, LONG_MS));
      for (const one of await Promise.allSettled(tries.map(async (acquiring) => acquiring)))
        if (one.status === "rejected") expect(one.reason).toBeInstanceOf(StoreUnavailableError);
    },
  ],

  [
    "news name who has an execution that was left a message, and what has ended; a great many say: look",
    async ({ store, open }) => {
      const epoch = await join(store);
      const third = await open();
      const heard: News[] = [];
      const ignore = third.onNews!((news) => heard.push(news));
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      await (await open()).create(newExecution("free"));
      for (const id of ["x", "free"]) await store.post(id, "m");
      const done = { status: "SUCCEEDED", result: "1", error: null, at: 2 } as const;
      await store.commit(epoch, [commitOf("y", { events: [event(2)], end: done })]);
      await vi.waitUntil(() => heard.some(({ ended }) => ended.length > 0), 5_000);
      expect(heard.flatMap(({ called }) => called)).toEqual([
        ["x", epoch],
        ["free", 0],
      ]);
      expect(heard.flatMap(({ ended }) => ended)).toEqual(["y"]);
      ignore();
      const named = toTexts("self", {
        look: false,
        called: [["x", 1]],
        ended: Array(500).fill("a".repeat(36)),
      });
      expect(named.every((text) => Buffer.byteLength(text) < 8_000)).toBe(true);
      expect(named.flatMap((text) => fromText(text).news.ended)).toHaveLength(500);
      const many = toTexts("self", { look: false, called: [], ended: Array(5_000).fill("a".repeat(36)) });
      expect(many.map((text) => fromText(text))).toEqual([{ from: "self", news: LOOK }]);
    },
  ],

  [
    "a renewal keeps all leases of a worker",
    async ({ store, open }) => {
      const epoch = await join(store, owner, LONG_MS);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      expect(await store.renew(epoch, 0)).toBe(true);
      const [second, epoch2] = await two(open);
      expect(idsOf(await second.claim(epoch2, wanted))).toEqual([]);
      await store.release(epoch);
      expect(idsOf(await second.claim(epoch2, wanted))).toEqual(["x", "y"]);
    },
  ],

  [
    "those that have messages are called if they are the worker's, and claimed if they are nobody's",
    async ({ store, open }) => {
      const epoch = await join(store);
      const [second, epoch2] = await two(open);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      await store.commit(epoch, [commitOf("x"), commitOf("y")]);
      await store.releaseLeases(epoch, [{ execution: "y", lease: 1 }]);
      for (const id of ["x", "y"]) await second.post(id, "m");
      expect(await second.claim(epoch2, { ...wanted, limit: 0 })).toMatchObject({
        executions: [],
        called: [],
      });
      expect(idsOf(await second.claim(epoch2, wanted))).toEqual(["y"]);
      expect(await store.claim(epoch, wanted)).toMatchObject({ executions: [], called: ["x"] });
      // By its books it has x, but not in memory.
      expect(idsOf(await store.claim(epoch, { ...wanted, only: ["x", "y", "nobody"] }))).toEqual(["x"]);
    },
  ],

  [
    "executions of functions that a worker does not have are left to others",
    async ({ store, open }) => {
      const epoch = await acquire(store, owner, STALE_MS);
      const [second, epoch2] = await two(open);
      await store.createAll([newExecution("x", { function: "b.ts#g" }), newExecution("y")]);
      expect(idsOf(await store.claim(epoch, wanted))).toEqual(["y"]);
      expect(idsOf(await second.claim(epoch2, { ...wanted, functions: ["b.ts#g"] }))).toEqual(["x"]);
    },
  ],
];
