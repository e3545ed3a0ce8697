import { expect } from "vitest";
import { FencedError } from "../../runtime/errors.ts";
import type { Owner } from "../../runtime/stores/store.ts";
import { STALE_MS, acquire, commitOf, event, failure, newExecution, other, owner } from "./samples.ts";
import type { Claim } from "./samples.ts";

/** Of stores that one worker at a time may have. */
export const ownership: readonly Claim[] = [
  [
    "one owner holds it; another is told who",
    async ({ store, open }) => {
      expect(await store.acquire(owner, 0, STALE_MS)).toMatchObject({ kind: "acquired" });
      expect(await (await open()).acquire(other, 500, STALE_MS)).toEqual({
        kind: "held",
        by: { id: owner.id, pid: owner.pid, host: owner.host },
        heartbeatAt: 0,
      });
    },
  ],

  [
    "a silent owner is replaced, with a higher epoch, and what it commits is refused",
    async ({ store, open }) => {
      const first = await acquire(store);
      await store.create(newExecution("x"), first);
      await store.commit(first, [commitOf("x", { events: [event(2)] })]);
      const second = await open();
      expect((await second.acquire(other, STALE_MS, STALE_MS)).kind).toBe("held");
      const epoch = await acquire(second, other, STALE_MS + 1);
      expect(epoch).toBeGreaterThan(first);
      expect(await store.renew(first, STALE_MS + 2)).toBe(false);
      const error = await failure(() => store.commit(first, [commitOf("x", { events: [event(3)] })]));
      expect(error).toBeInstanceOf(FencedError);
      expect(await failure(() => store.commit(first, []))).toBeInstanceOf(FencedError);
      await store.release(first);
      await second.commit(epoch, [commitOf("x", { events: [event(3)] })]);
    },
  ],

  [
    "a heartbeat keeps the ownership",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      expect(await store.renew(epoch, 900)).toBe(true);
      expect((await (await open()).acquire(other, 1_800, STALE_MS)).kind).toBe("held");
    },
  ],

  [
    "an owner whose process is gone is replaced at once, on its host only",
    async ({ store, open }) => {
      // Above the largest process number there can be.
      const gone: Owner = { ...other, id: "gone", pid: 2 ** 30 };
      await acquire(store, gone);
      expect((await (await open()).acquire({ ...other, host: "elsewhere" }, 1, STALE_MS)).kind).toBe("held");
      expect((await (await open()).acquire(other, 1, STALE_MS)).kind).toBe("acquired");
    },
  ],

  [
    "a released store is free, and its old epoch is dead",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      await store.release(epoch);
      expect(await failure(() => store.commit(epoch, []))).toBeInstanceOf(FencedError);
      expect(await store.renew(epoch, 1)).toBe(false);
      const next = await acquire(await open(), other);
      expect(next).toBeGreaterThan(epoch);
      await store.release(epoch);
      expect((await store.acquire(owner, 1, STALE_MS)).kind).toBe("held");
    },
  ],
];
