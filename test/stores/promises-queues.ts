import { expect } from "vitest";
import type {
  AdmissionMoment,
  Admitted,
  QueueLimits,
  QueuePlace,
  Store,
} from "../../runtime/stores/store.ts";
import { acquire, commitOf, dueIds, event, leaseOf, newExecution } from "./samples.ts";
import type { Claim } from "./samples.ts";

const end = { status: "SUCCEEDED", at: 500 } as const;

async function put(store: Store, ids: string, place: Partial<QueuePlace> = {}): Promise<void> {
  const queue = { name: "q", key: null, priority: 0, ...place };
  await store.createAll(ids.split(" ").map((id) => newExecution(id, { queue })));
}

type Asked = Partial<QueueLimits & AdmissionMoment>;

async function admit(store: Store, { now = 0, limit = 10, ...limits }: Asked = {}): Promise<Admitted> {
  return store.admit({ name: "q", concurrency: null, perKey: null, rate: null, ...limits }, { now, limit });
}

async function admitted(store: Store, asked: Asked = {}): Promise<string> {
  return (await admit(store, asked)).executions.join(" ");
}

async function finish(store: Store, epoch: number, id: string): Promise<void> {
  const lease = await leaseOf(store, epoch, id);
  expect(await store.commit(epoch, [commitOf(id, { lease, events: [event(2)], end })])).toEqual([]);
}

/** Executions that wait in the store until a limit lets them begin. */
export const queues: readonly Claim[] = [
  [
    "one in a queue is not due until it is admitted, then it has the message that says so",
    async ({ store }) => {
      const epoch = await acquire(store);
      await put(store, "a b");
      expect(await dueIds(store, epoch, { now: 1_000 })).toEqual([]);
      expect(await store.get("a")).toMatchObject({ queue: "q", wakeAt: null });
      expect((await store.list({ queue: "q" })).map(({ id }) => id)).toEqual(["b", "a"]);
      expect(await admitted(store, { limit: 1 })).toBe("a");
      expect(await dueIds(store, epoch, { now: 1_000 })).toEqual(["a"]);
      expect((await store.messages("a")).map(({ body }) => body)).toEqual(['{"kind":"admitted"}']);
      expect(await store.messages("b")).toEqual([]);
    },
  ],
  [
    "as many of a queue are under way as it allows, whoever else asks",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      await put(store, "a b c d");
      expect(await admitted(store, { concurrency: 2 })).toBe("a b");
      expect(await admitted(await open(), { concurrency: 2 })).toBe("");
      await finish(store, epoch, "a");
      expect(await admit(store, { concurrency: 2 })).toEqual({ executions: ["c"], again: null });
      expect(await admitted(store, { concurrency: 3 })).toBe("d");
    },
  ],
  [
    "one that ends while it waits takes no place",
    async ({ store }) => {
      const epoch = await acquire(store);
      await put(store, "a b c", { key: "k" });
      await finish(store, epoch, "a");
      expect(await admitted(store, { perKey: 1 })).toBe("b");
      await finish(store, epoch, "c");
      await finish(store, epoch, "b");
      expect(await admitted(store, { perKey: 1 })).toBe("");
    },
  ],
  [
    "a key with thousands does not come before one with its first",
    async ({ store }) => {
      await put(store, "a1 a2 a3 a4", { key: "a" });
      expect(await admitted(store, { limit: 2 })).toBe("a1 a2");
      await put(store, "b1 b2", { key: "b" });
      await put(store, "c1", { key: "c" });
      expect(await admitted(store)).toBe("a3 b1 c1 a4 b2");
    },
  ],
  [
    "a higher priority comes first, and of one priority those that came first",
    async ({ store }) => {
      await put(store, "a b", { key: "k", priority: 0 });
      await put(store, "c d", { key: "k", priority: 7 });
      await put(store, "e", { priority: -1 });
      expect(await admitted(store)).toBe("c d a b e");
    },
  ],
  [
    "executions of one key wait for each other, those without a key do not",
    async ({ store }) => {
      const epoch = await acquire(store);
      await put(store, "a1 a2 a3", { key: "a" });
      await put(store, "b1 b2", { key: "b" });
      await put(store, "n1 n2");
      expect((await admitted(store, { perKey: 1 })).split(" ").sort()).toEqual(["a1", "b1", "n1", "n2"]);
      await put(store, "a0", { key: "a", priority: 5 });
      expect(await admitted(store, { perKey: 1 })).toBe("");
      await finish(store, epoch, "a1");
      expect(await admitted(store, { perKey: 1 })).toBe("a0");
      await finish(store, epoch, "a0");
      await finish(store, epoch, "b1");
      expect((await admitted(store, { perKey: 1 })).split(" ").sort()).toEqual(["a2", "b2"]);
      expect(await admitted(store, { perKey: 2 })).toBe("a3");
    },
  ],
  [
    "a rate is kept over any period, and says when there will be more",
    async ({ store }) => {
      const rate = { count: 2, perMs: 100 };
      await put(store, "a b c d e");
      expect(await admit(store, { rate, now: 1_000, limit: 1 })).toEqual({ executions: ["a"], again: 1_000 });
      expect(await admit(store, { rate, now: 1_050 })).toEqual({ executions: ["b"], again: 1_100 });
      expect(await admit(store, { rate, now: 1_099 })).toEqual({ executions: [], again: 1_100 });
      expect(await admit(store, { rate, now: 1_100 })).toEqual({ executions: ["c"], again: 1_150 });
      // The clock was set back: nobody waits for a time that was never there.
      expect(await admitted(store, { rate, now: 500 })).toBe("d e");
    },
  ],
];
