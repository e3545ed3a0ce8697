import { expect } from "vitest";
import type { EventWrite, SnapshotWrite, StoredEvent } from "../../runtime/stores/store.ts";
import { acquire, commitOf, event, leaseOf, newExecution } from "./samples.ts";
import type { Claim } from "./samples.ts";

/** An event whose payload is these chunks, of which `added` are written with it. */
function large(seq: number, chunks: readonly string[], added: readonly string[] = chunks): EventWrite {
  return {
    seq,
    kind: "StepSucceeded",
    body: `{"n":${seq}}\n`,
    chunks,
    added: [...new Set(added)].map(chunk),
  };
}

/** ... as it is read. */
function read(seq: number, chunks: readonly string[]): StoredEvent {
  const body = `{"n":${seq}}\n${chunks.map((hash) => chunk(hash).body).join("")}`;
  return { seq, kind: "StepSucceeded", body, chunks };
}

const chunk = (hash: string) => ({ hash, body: `<${hash}>` });

function state(
  seq: number,
  chunks: readonly string[],
  { added = [], removed = [] }: { readonly added?: readonly string[]; readonly removed?: readonly string[] },
): SnapshotWrite {
  return { seq, chunks, added: added.map(chunk), removed };
}

const end = { status: "SUCCEEDED", at: 500 } as const;

/** Large events: stored in chunks, each once, for as long as an event or the state needs it. */
export const largeEvents: readonly Claim[] = [
  [
    "a large event is read whole, from its beginning to its removal",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      const past = [large(2, ["a", "c"]), event(3)];
      const first = large(1, ["a", "b", "a"]);
      await store.createAll([newExecution("x", { event: first, past, keepMs: 1 })], epoch);
      const events = [large(4, ["c", "d"], ["d"]), event(5)];
      await store.commit(epoch, [commitOf("x", { events, wakeAt: 100 })]);
      const all = [read(1, ["a", "b", "a"]), read(2, ["a", "c"]), event(3), read(4, ["c", "d"]), event(5)];
      const second = await open();
      expect(await second.history("x", 0, 10)).toEqual(all);
      expect(await second.history("x", 3, 1)).toEqual([all[3]]);
      expect((await second.load("x"))?.tail).toEqual(all);
      expect(await store.create(newExecution("x"))).toMatchObject({ created: false, first: all[0] });
      await store.release(epoch);
      const again = await acquire(second);
      const { executions } = await second.claim(again, { now: 1_000, limit: 1, functions: ["a.ts#f"] });
      expect(executions[0]?.tail).toEqual(all);
      const lease = executions[0]!.lease;
      await second.commit(again, [commitOf("x", { lease, events: [large(6, ["b", "a"], [])], end })]);
      expect(await store.history("x", 0, 10)).toEqual([...all, read(6, ["b", "a"])]);
      expect(await store.remove(501, 4)).toBe(4);
      expect(await store.history("x", 0, 10)).toEqual([all[0], read(6, ["b", "a"])]);
      expect(await store.remove(501, 4)).toBe(1);
      // Nothing of it is left: other texts of these names are what is read.
      const other = { ...first, added: ["a", "b"].map((hash) => ({ hash, body: `new ${hash} ` })) };
      await store.create(newExecution("x", { event: other }));
      expect((await store.history("x", 0, 1))[0]?.body).toBe('{"n":1}\nnew a new b new a ');
    },
  ],

  [
    "an event and the state share chunks, and neither loses them when the other goes",
    async ({ store, open }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      const write = async (
        seq: number,
        chunks: readonly string[],
        snapshot: SnapshotWrite,
      ): Promise<void> => {
        const events = [chunks.length === 0 ? event(seq) : large(seq, chunks, seq === 2 ? chunks : [])];
        await store.commit(epoch, [commitOf("x", { events, snapshot })]);
        const loaded = await (await open()).load("x");
        expect(loaded?.snapshot?.body).toBe(snapshot.chunks.map((hash) => `<${hash}>`).join(""));
        expect(loaded?.tail).toEqual([chunks.length === 0 ? event(seq) : read(seq, chunks)]);
      };
      // Of an event that is written with it; of one before; none; one alone, in a row of its own; and events of the state's.
      await write(2, ["a", "b"], state(1, ["a", "s", "b"], { added: ["s"] }));
      await write(3, ["s", "a"], state(2, ["s", "b"], { removed: ["a"] }));
      await write(4, [], state(3, ["t", "u"], { added: ["t", "u"], removed: ["s", "b"] }));
      await write(5, ["u", "b"], state(4, ["v"], { added: ["v"], removed: ["t", "u"] }));
      await write(6, ["u", "s"], state(5, ["a", "w"], { added: ["w"], removed: ["v"] }));
      await store.commit(epoch, [commitOf("x", { events: [large(7, ["w", "b"], [])], end })]);
      const all = [
        read(2, ["a", "b"]),
        read(3, ["s", "a"]),
        event(4),
        read(5, ["u", "b"]),
        read(6, ["u", "s"]),
      ];
      expect(await store.history("x", 1, 10)).toEqual([...all, read(7, ["w", "b"])]);
      await store.reopen({ execution: "x", event: event(8), wakeAt: 0, callbacks: [] });
      const lease = await leaseOf(store, epoch, "x");
      // Of the last state only what an event had is left.
      const fresh = {
        ...large(9, ["v", "w"]),
        added: ["v", "w"].map((hash) => ({ hash, body: `new ${hash} ` })),
      };
      await store.commit(epoch, [commitOf("x", { lease, events: [fresh] })]);
      expect((await store.history("x", 8, 1))[0]?.body).toBe('{"n":9}\nnew v <w>');
    },
  ],

  [
    "chunks go with the last event that needs them, unless the state does",
    async ({ store }) => {
      const epoch = await acquire(store);
      await store.create(newExecution("x", { event: large(1, ["one"]) }), epoch);
      const events = [large(2, ["one", "a", "b", "c"]), large(3, ["d"]), large(4, ["b"]), event(5)];
      await store.commit(epoch, [
        commitOf("x", { events, snapshot: state(1, ["c", "s"], { added: ["s"] }) }),
      ]);
      const snapshot = state(5, ["c", "s"], {});
      await store.commit(epoch, [commitOf("x", { events: [event(6)], snapshot })]);
      expect(await store.trim("x", 2, 10)).toBe(1);
      expect(await store.trim("x", 3, 10)).toBe(1);
      expect(await store.history("x", 0, 10)).toEqual([read(1, ["one"]), read(4, ["b"]), event(5), event(6)]);
      const names = ["one", "a", "b", "c", "d"];
      const fresh = names.map((hash) => ({ hash, body: `new ${hash} ` }));
      await store.commit(epoch, [commitOf("x", { events: [{ ...large(7, names), added: fresh }] })]);
      expect((await store.history("x", 6, 1))[0]?.body).toBe('{"n":7}\n<one>new a <b><c>new d ');
      expect((await store.load("x"))?.snapshot?.body).toBe("<c><s>");
    },
  ],
];
