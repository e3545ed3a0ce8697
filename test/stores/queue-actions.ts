import fc from "fast-check";
import { expect } from "vitest";
import { openMemoryStore } from "../../runtime/stores/memory.ts";
import type { QueueLimits, Store } from "../../runtime/stores/store.ts";
import { acquire, commitOf, event, leaseOf, newExecution } from "./samples.ts";

/** One thing done to a store and to the memory store, whose queues are looked through from end to end each time. */
interface QueueAction {
  readonly kind: "put" | "admit" | "end" | "wait" | "limits";
  readonly pick: number;
  readonly size: number;
}

export const queueActions: fc.Arbitrary<readonly QueueAction[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...(["put", "put", "put", "admit", "admit", "end", "end", "wait", "limits"] as const),
    ),
    pick: fc.nat(11),
    size: fc.nat(4),
  }),
  { minLength: 10, maxLength: 80, size: "max" },
);

interface Going {
  readonly stores: readonly Store[];
  readonly epochs: readonly number[];
  readonly running: string[];
  limits: QueueLimits;
  count: number;
  now: number;
}

/** Both admit the same executions in the same order, whatever comes, ends, and is changed in between. */
export async function runQueues(list: readonly QueueAction[], real: Store): Promise<void> {
  const stores = [real, openMemoryStore()];
  const epochs = [await acquire(real), await acquire(stores[1]!)];
  const limits = { name: "q", concurrency: null, perKey: 1, rate: null };
  const going: Going = { stores, epochs, running: [], limits, count: 0, now: 1_000 };
  for (const action of list) await act(action, going);
}

async function act({ kind, pick, size }: QueueAction, going: Going): Promise<void> {
  switch (kind) {
    case "put":
      return put(pick, size + 1, going);
    case "admit":
      return admit(size + 1, going);
    case "end":
      return end(pick, going);
    case "wait":
      going.now += pick * 10;
      return;
    case "limits":
      going.limits = {
        name: "q",
        concurrency: pick % 3 === 0 ? null : size + 1,
        perKey: pick % 2 === 0 ? null : (pick % 3) + 1,
        rate: pick > 8 ? { count: size + 1, perMs: 100 } : null,
      };
  }
}

async function put(pick: number, many: number, going: Going): Promise<void> {
  const key = pick % 4 === 0 ? null : `k${pick % 4}`;
  const queue = { name: pick === 11 ? "other" : "q", key, priority: pick > 8 ? 1 : 0 };
  const starts = Array.from({ length: many }, () => newExecution(`x${going.count++}`, { queue }));
  for (const store of going.stores) await store.createAll(starts);
  // Whoever ends while it waits gives no place back.
  going.running.push(...starts.map(({ id }) => id));
}

async function admit(limit: number, { stores, limits, now }: Going): Promise<void> {
  const [real, model] = await Promise.all(stores.map((store) => store.admit(limits, { now, limit })));
  expect(real).toEqual(model);
}

async function end(pick: number, { stores, epochs, running, now }: Going): Promise<void> {
  const [id] = running.splice(pick % Math.max(running.length, 1), 1);
  if (id === undefined) return;
  const outcome = { status: "SUCCEEDED", at: now } as const;
  for (const [index, store] of stores.entries()) {
    const lease = await leaseOf(store, epochs[index]!, id);
    await store.commit(epochs[index]!, [commitOf(id, { lease, events: [event(2)], end: outcome })]);
  }
}
