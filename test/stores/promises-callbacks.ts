import { expect } from "vitest";
import {
  CallbackSettledError,
  CallbackTimedOutError,
  StoreError,
  UnknownCallbackError,
} from "../../runtime/errors.ts";
import { acquire, commitOf, event, failure, newExecution, withCallback } from "./samples.ts";
import type { Claim } from "./samples.ts";

const succeeded = { kind: "succeeded", result: '"yes"' } as const;

export const callbacks: readonly Claim[] = [
  [
    "settling leaves one message and a state, once",
    async ({ store, open }) => {
      await withCallback(store);
      await (await open()).settle("c", succeeded, 250);
      expect(await store.callback("c")).toEqual({
        ...{ id: "c", execution: "x", op: "0.1", state: "SUCCEEDED" },
        ...{ timeoutAt: 1_000, heartbeatMs: 100, heartbeatAt: 200 },
      });
      const messages = await store.messages("x");
      expect(messages.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
        { kind: "callback", callback: "c", op: "0.1", settlement: succeeded },
      ]);
      expect((await store.load("x"))?.messages).toEqual(messages);
      const error = await failure(() => store.settle("c", { kind: "failed", error: "1" }, 260));
      expect(error).toBeInstanceOf(CallbackSettledError);
      expect(String(error)).toContain("succeeded at 1970-01-01T00:00:00.250Z");
      expect(await failure(() => store.heartbeat("c", 260))).toBeInstanceOf(CallbackSettledError);
      expect(await store.messages("x")).toHaveLength(1);
    },
  ],

  [
    "a failure from outside is kept with its error",
    async ({ store }) => {
      await withCallback(store);
      await store.settle("c", { kind: "failed", error: '"no"' }, 250);
      expect(await store.callback("c")).toMatchObject({ state: "FAILED" });
      expect((await store.messages("x"))[0]?.body).toContain(
        '"settlement":{"kind":"failed","error":"\\"no\\""}',
      );
    },
  ],

  [
    "an unknown callback is refused by name",
    async ({ store }) => {
      const error = await failure(() => store.settle("zzz", succeeded, 1));
      expect(error).toBeInstanceOf(UnknownCallbackError);
      expect(String(error)).toContain("zzz");
      expect(await failure(() => store.heartbeat("zzz", 1))).toBeInstanceOf(UnknownCallbackError);
      expect(await store.expire("zzz", 1)).toBeNull();
    },
  ],

  [
    "its time is over although nobody noticed",
    async ({ store }) => {
      await withCallback(store);
      expect(await failure(() => store.settle("c", succeeded, 300))).toBeInstanceOf(CallbackTimedOutError);
      expect(await failure(() => store.heartbeat("c", 300))).toBeInstanceOf(CallbackTimedOutError);
      expect(await store.messages("x")).toEqual([]);
      expect(await store.callback("c")).toMatchObject({ state: "PENDING" });
    },
  ],

  [
    "a heartbeat keeps it alive until its timeout",
    async ({ store }) => {
      await withCallback(store);
      for (let now = 290; now < 1_000; now += 90) {
        await store.heartbeat("c", now);
        expect(await store.expire("c", now)).toBe(Math.min(now + 100, 1_000));
      }
      expect(await store.expire("c", 1_000)).toBeNull();
      expect((await store.messages("x"))[0]?.body).toContain(
        '"settlement":{"kind":"timedOut","by":"timeout"}',
      );
    },
  ],

  [
    "expiring marks it, leaves one message, and says when to look again",
    async ({ store }) => {
      await withCallback(store);
      expect(await store.expire("c", 299)).toBe(300);
      expect(await store.expire("c", 300)).toBeNull();
      expect(await store.expire("c", 301)).toBeNull();
      expect(await store.callback("c")).toMatchObject({ state: "TIMED_OUT" });
      const messages = await store.messages("x");
      expect(messages).toHaveLength(1);
      expect(messages[0]?.body).toContain('"settlement":{"kind":"timedOut","by":"heartbeat"}');
      expect(await failure(() => store.settle("c", succeeded, 302))).toBeInstanceOf(CallbackTimedOutError);
    },
  ],

  [
    "one without limits never expires",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      const callback = { id: "d", op: "1", timeoutAt: null, heartbeatMs: null, heartbeatAt: 0 };
      await store.commit(epoch, [commitOf("x", { opened: [callback] })]);
      expect(await store.expire("d", 1e14)).toBeNull();
      await store.settle("d", succeeded, 1e14);
    },
  ],

  [
    "a closed one cannot be settled, a settled one stays settled when closed",
    async ({ store }) => {
      const epoch = await withCallback(store);
      await store.commit(epoch, [commitOf("x", { closed: ["c", "unknown"] })]);
      const error = await failure(() => store.settle("c", succeeded, 210));
      expect(error).toBeInstanceOf(CallbackSettledError);
      expect(String(error)).toContain("no longer waits");
      const callback = { id: "d", op: "1", timeoutAt: null, heartbeatMs: null, heartbeatAt: 0 };
      await store.commit(epoch, [commitOf("x", { opened: [callback] })]);
      await store.settle("d", succeeded, 1);
      await store.commit(epoch, [commitOf("x", { closed: ["d"] })]);
      expect(await store.callback("d")).toMatchObject({ state: "SUCCEEDED" });
    },
  ],

  [
    "an id that exists is refused, and nothing of its commit is written",
    async ({ store }) => {
      const epoch = await withCallback(store);
      const callback = { id: "c", op: "9", timeoutAt: null, heartbeatMs: null, heartbeatAt: 0 };
      const error = await failure(() =>
        store.commit(epoch, [commitOf("x", { events: [event(2)], opened: [callback] })]),
      );
      expect(error).toBeInstanceOf(StoreError);
      expect(await store.get("x")).toMatchObject({ lastSeq: 1 });
    },
  ],
];
