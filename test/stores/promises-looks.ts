import { expect, vi } from "vitest";
import { acquire, commitOf, event, newExecution } from "./samples.ts";
import type { Claim } from "./samples.ts";

const end = { status: "FAILED", at: 150 } as const;

/** What clients and people ask of many executions. */
export const looks: readonly Claim[] = [
  [
    "of many executions, those that have ended or do not exist are told",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("a"), newExecution("b"), newExecution('it\'s "c"')], epoch);
      await store.commit(epoch, [commitOf("b", { events: [event(2)], end })]);
      expect(await store.ended(['it\'s "c"', "nobody", "b", "a"])).toEqual(["nobody", "b"]);
      expect(await store.ended([])).toEqual([]);
    },
  ],

  [
    "executions are counted by function, status and what they wait for",
    async ({ store }) => {
      const epoch = await acquire(store);
      const ids = ["due", "late", "asleep", "waiting", "parked", "paused", "failed"];
      await store.createAll(
        ids.map((id) => newExecution(id)),
        epoch,
      );
      await store.create(newExecution("other", { function: "b.ts#g" }), epoch);
      await store.commit(epoch, [
        commitOf("due", { wakeAt: 200 }),
        commitOf("late", { wakeAt: 120 }),
        commitOf("asleep", { wakeAt: 201 }),
        commitOf("waiting"),
        commitOf("parked", { wakeAt: 110, problem: "no code" }),
        commitOf("paused", { paused: true }),
        commitOf("failed", { events: [event(2)], end }),
      ]);
      const none = { SUCCEEDED: 0, FAILED: 0, TIMED_OUT: 0, STOPPED: 0 };
      expect(await store.counts(200)).toEqual([
        {
          function: "a.ts#f",
          statuses: { ...none, RUNNING: 6, FAILED: 1 },
          due: 2,
          asleep: 1,
          waiting: 2,
          parked: 1,
          paused: 1,
          oldestDue: 120,
        },
        {
          function: "b.ts#g",
          statuses: { ...none, RUNNING: 1 },
          due: 1,
          asleep: 0,
          waiting: 0,
          parked: 0,
          paused: 0,
          oldestDue: 100,
        },
      ]);
    },
  ],

  [
    "what another writes changes the version, and is told to those who listen until they have enough",
    async ({ store, open }) => {
      const before = await store.version();
      let heard = 0;
      const ignore = store.onNews?.(() => heard++) ?? null;
      const second = await open();
      await second.create(newExecution("x"));
      await vi.waitUntil(async () => (await store.version()) !== before, 5_000);
      if (ignore === null) return;
      await vi.waitUntil(() => heard > 0, 5_000);
      ignore();
      const told = heard;
      await second.create(newExecution("y"));
      await vi.waitUntil(async () => (await store.get("y")) !== null, 5_000);
      expect(heard).toBe(told);
    },
  ],
];
