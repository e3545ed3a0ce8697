import { expect, vi } from "vitest";
import { StoreError } from "../../runtime/errors.ts";
import type { ExecutionRow, Store } from "../../runtime/stores/store.ts";
import { acquire, commitOf, dueIds, event, failure, newExecution } from "./samples.ts";
import type { Claim } from "./samples.ts";

export const executions: readonly Claim[] = [
  [
    "an execution is there as it was created, due at once",
    async ({ store }) => {
      const epoch = await acquire(store);
      const { created, row } = await store.create(newExecution("x"));
      const expected: ExecutionRow = {
        id: "x",
        function: "a.ts#f",
        status: "RUNNING",
        problem: null,
        createdAt: 100,
        endedAt: null,
        wakeAt: 100,
        lastSeq: 1,
        parent: null,
        queue: null,
        tags: {},
        paused: false,
        expiresAt: null,
      };
      expect(created).toBe(true);
      expect(row).toEqual(expected);
      expect(await store.get("x")).toEqual(expected);
      expect(await store.history("x", 0, 10)).toEqual([event(1)]);
      expect(await dueIds(store, epoch, { now: 99 })).toEqual([]);
      expect(await dueIds(store, epoch, { now: 100 })).toEqual(["x"]);
    },
  ],

  [
    "creating an id again changes nothing and returns what is there",
    async ({ store, open }) => {
      await store.create(newExecution("x"));
      const again = await (
        await open()
      ).create(newExecution("x", { event: { ...event(1), body: "other" }, createdAt: 900 }));
      expect(again).toMatchObject({ created: false, row: { createdAt: 100 }, first: event(1) });
      expect(await store.history("x", 0, 10)).toHaveLength(1);
    },
  ],

  [
    "several are created together, each once",
    async ({ store }) => {
      await store.create(newExecution("b"));
      const all = await store.createAll([newExecution("a"), newExecution("b"), newExecution("a")]);
      expect(all.map(({ created, row }) => [row.id, created])).toEqual([
        ["a", true],
        ["b", false],
        ["a", false],
      ]);
    },
  ],

  [
    "what is not there is null or empty, never an error",
    async ({ store }) => {
      expect(await store.get("x")).toBeNull();
      expect(await store.load("x")).toBeNull();
      expect(await store.callback("c")).toBeNull();
      expect(await store.history("x", 0, 10)).toEqual([]);
      expect(await store.messages("x")).toEqual([]);
      expect(await store.list({ before: "x" })).toEqual([]);
    },
  ],

  [
    "the list is newest first, filtered, in pages",
    async ({ store }) => {
      const epoch = await acquire(store);
      const names = ["f", "g", "f", "g", "f"];
      await store.createAll(
        names.map((name, i) => newExecution(`x${i}`, { function: name })),
        epoch,
      );
      const end = { status: "FAILED", at: 5 } as const;
      await store.commit(epoch, [commitOf("x2", { end }), commitOf("x3", { end })]);
      const ids = async (filter: Parameters<Store["list"]>[0]): Promise<string[]> =>
        (await store.list(filter)).map(({ id }) => id);
      expect(await ids({})).toEqual(["x4", "x3", "x2", "x1", "x0"]);
      expect(await ids({ limit: 2 })).toEqual(["x4", "x3"]);
      expect(await ids({ limit: 2, before: "x3" })).toEqual(["x2", "x1"]);
      expect(await ids({ status: "FAILED" })).toEqual(["x3", "x2"]);
      expect(await ids({ status: "RUNNING", function: "f" })).toEqual(["x4", "x0"]);
      expect(await ids({ limit: 0 })).toEqual([]);
      await store.commit(epoch, [commitOf("x1", { problem: "does not fit" })]);
      expect(await ids({ parked: true })).toEqual(["x1"]);
    },
  ],

  [
    "the history is read in pages",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      await store.commit(epoch, [commitOf("x", { events: [event(2), event(3), event(4)] })]);
      expect(await store.history("x", 0, 2)).toEqual([event(1), event(2)]);
      expect(await store.history("x", 2, 10)).toEqual([event(3), event(4)]);
    },
  ],

  [
    "an id with the character NUL is refused",
    async ({ store }) => {
      expect(await failure(() => store.create(newExecution("a\0b")))).toBeInstanceOf(StoreError);
      expect(await store.list({})).toEqual([]);
    },
  ],

  [
    "any text is kept as it is",
    async ({ store }) => {
      const text = "ab\u2028 \u{1f600} é \"' ; DROP TABLE executions;--\n";
      await store.create(newExecution(text, { event: { ...event(1), body: text }, function: text }));
      expect(await store.get(text)).toMatchObject({ id: text, function: text });
      expect(await store.history(text, 0, 1)).toEqual([{ ...event(1), body: text }]);
    },
  ],
];

export const waking: readonly Claim[] = [
  [
    "what is due comes in the order of its wake times, then what has messages only",
    async ({ store }) => {
      const epoch = await acquire(store);
      const times: Readonly<Record<string, number | null>> = {
        a: 300,
        b: 100,
        c: null,
        d: 200,
        e: 9_000,
        f: null,
      };
      await store.createAll(
        Object.keys(times).map((id) => newExecution(id)),
        epoch,
      );
      const commits = Object.entries(times).map(([id, wakeAt]) => commitOf(id, { wakeAt }));
      await store.commit(epoch, commits);
      await store.post("c", "m");
      await store.post("e", "m");
      const all = await store.list({});
      await store.releaseLeases(
        epoch,
        all.map(({ id }) => ({ execution: id, lease: 1 })),
      );
      expect(await dueIds(store, epoch, { now: 300 })).toEqual(["b", "d", "a", "e", "c"]);
      expect(await dueIds(store, epoch, { now: 300, limit: 2 })).toEqual(["b", "d"]);
      expect(await store.nextWake(0)).toBe(100);
      expect(await store.nextWake(100)).toBe(200);
      expect(await store.nextWake(9_000)).toBeNull();
    },
  ],

  [
    "messages keep their order, have ascending numbers, and are consumed by the commit that uses them",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      expect(await (await open()).post("x", "1")).toBe(true);
      await store.post("y", "2");
      await store.post("x", "3");
      const messages = await store.messages("x");
      expect(messages.map(({ body }) => body)).toEqual(["1", "3"]);
      expect(messages[0]!.number).toBeLessThan(messages[1]!.number);
      await store.commit(epoch, [commitOf("x", { events: [event(2)], consumed: [messages[0]!.number] })]);
      expect((await store.messages("x")).map(({ body }) => body)).toEqual(["3"]);
      expect(await store.messages("y")).toHaveLength(1);
      expect(await store.post("nobody", "4")).toBe(false);
    },
  ],

  [
    "a commit cannot consume another execution's message",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.createAll([newExecution("x"), newExecution("y")], epoch);
      await store.post("y", "1");
      const [message] = await store.messages("y");
      await store.commit(epoch, [commitOf("x", { consumed: [message!.number] })]);
      expect(await store.messages("y")).toHaveLength(1);
    },
  ],

  [
    "the version changes when another store has written, not when nobody has",
    async ({ store, open }) => {
      const second = await open();
      const before = await store.version();
      expect(await store.version()).toBe(before);
      await second.create(newExecution("x"));
      // At once in a file; a server sends word.
      await vi.waitFor(async () => expect(await store.version()).not.toBe(before));
      const after = await store.version();
      expect(await store.version()).toBe(after);
    },
  ],

  [
    "a closed store says so",
    async ({ store }) => {
      await store.close();
      await store.close();
      expect(String(await failure(() => store.get("x")))).toContain("has been closed");
    },
  ],
];
