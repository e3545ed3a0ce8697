import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { checkStore, open, openMemoryStore } from "@durablec/runtime";
import type { DurableFunction } from "@durablec/runtime";
import type * as Functions from "../../fixtures/engine/functions.ts";
import { makeFolder } from "../stores/folder.ts";
import { compileFixture } from "../support/compileFixture.ts";

let f: typeof Functions;

beforeAll(async () => {
  f = (await import(join(await compileFixture("fixtures/engine"), "functions.js"))) as typeof Functions;
});

interface Written {
  /** Of what was recorded. */
  readonly recordedBytes: number;
  /** Of what was written of it: what is there already is not written again. */
  readonly journalBytes: number;
  readonly snapshotBytes: number;
  /** Most events that a crash after some commit would have left to re-run. */
  readonly longestTail: number;
  readonly longestTailBytes: number;
  /** Of the last state. */
  readonly stateBytes: number;
}

/** Runs `fn` and counts what each commit writes. */
async function measure(fn: DurableFunction<number>, input: number): Promise<Written> {
  const states = { snapshotBytes: 0, longestTail: 0, longestTailBytes: 0, stateBytes: 0 };
  const written = { recordedBytes: 0, journalBytes: 0, ...states };
  const store = openMemoryStore();
  const commit = store.commit.bind(store);
  let snapshotSeq = 0;
  let tailBytes = 0;
  const sizes = new Map<string, number>();
  store.commit = (epoch, commits) => {
    for (const { events, snapshot, end } of commits) {
      const bytesOf = (hashes: readonly string[]): number =>
        hashes.reduce((sum, hash) => sum + (sizes.get(hash) ?? NaN), 0);
      for (const { added = [] } of [...events, ...(snapshot === undefined ? [] : [snapshot])])
        for (const { hash, body } of added) sizes.set(hash, Buffer.byteLength(body));
      if (snapshot !== undefined) {
        written.snapshotBytes += bytesOf(snapshot.added.map(({ hash }) => hash));
        written.stateBytes = bytesOf(snapshot.chunks);
        snapshotSeq = snapshot.seq;
        tailBytes = 0;
      }
      for (const { body, chunks = [], added = [] } of events) {
        const head = Buffer.byteLength(body);
        written.journalBytes += head + bytesOf(added.map(({ hash }) => hash));
        written.recordedBytes += head + bytesOf(chunks);
        tailBytes += head + bytesOf(chunks);
      }
      if (end === undefined && snapshotSeq > 0)
        written.longestTailBytes = Math.max(written.longestTailBytes, tailBytes);
      const last = events.at(-1)?.seq ?? 0;
      if (end === undefined) written.longestTail = Math.max(written.longestTail, last - snapshotSeq);
    }
    return commit(epoch, commits);
  };
  const engine = await open({ store, functions: [fn] });
  const { id } = await engine.start(fn, input);
  if (fn === f.large) {
    await vi.waitUntil(() => engine.executionsInMemory === 0);
    await engine.signal(id, "wake");
  }
  await engine.result(id);
  await engine.close();
  return written;
}

describe("snapshots", () => {
  it.each([
    ["a small state", 1.25, () => measure(f.counts, 1_000)],
    ["an accumulator that grows by each result", 2.5, () => measure(f.accumulates, 1_500)],
    ["a large array beside many small steps", 1.1, () => measure(f.bigAndSmall, 500)],
  ] as const)(
    "%s: at most 64 events to re-run, at most %d bytes written for each recorded",
    async (_name, most, run) => {
      const { recordedBytes, journalBytes, snapshotBytes, longestTail } = await run();
      expect(snapshotBytes).toBeGreaterThan(0);
      expect((journalBytes + snapshotBytes) / recordedBytes).toBeLessThanOrEqual(most);
      expect(longestTail).toBeLessThanOrEqual(64);
    },
  );

  it("5 MB that are a result, live in a state, and the result of all: they are written once", async () => {
    const { recordedBytes, journalBytes, snapshotBytes } = await measure(f.large, 90_000);
    expect(recordedBytes).toBeGreaterThan(10_000_000);
    const once = recordedBytes / 2;
    expect((journalBytes + snapshotBytes) / once).toBeLessThan(1.01);
    expect(snapshotBytes / once).toBeGreaterThan(0);
  });

  it("a map of 10,000 items, changed all over: what lies after the state is smaller than the state", async () => {
    const { recordedBytes, journalBytes, snapshotBytes, longestTail, longestTailBytes, stateBytes } =
      await measure(f.bigMap, 2_500);
    expect((journalBytes + snapshotBytes) / recordedBytes).toBeLessThanOrEqual(3);
    // Both bounds cannot hold: each state has new bytes all over it, many times those of 64 small results.
    expect(longestTail).toBeGreaterThan(64);
    expect(longestTailBytes).toBeLessThan(stateBytes);
  });

  it("a state that cannot be written only lengthens the tail", async () => {
    const { longestTail, snapshotBytes } = await measure(f.unwritableLocal, 200);
    expect(longestTail).toBeGreaterThan(190);
    expect(snapshotBytes).toBe(0);
  });

  it("history: { keepEvents } bounds the journal, says what is gone, and refuses to go back there", async () => {
    const options = { store: openMemoryStore(), functions: [f.counts], history: { keepEvents: 100 } };
    const engine = await open(options);
    const { id } = await engine.start(f.counts, 3_000);
    await engine.result(id);
    const history = await engine.history(id);
    expect(history.length).toBeLessThan(100 + 256 + 64);
    expect(history[1]).toMatchObject({ trimmed: 3_002 - history.length });
    expect(history.at(-1)).toMatchObject({ kind: "ExecutionSucceeded", seq: 3_002 });
    await expect(engine.fork(id)).rejects.toThrow(/Events 2 to \d+ .* have been trimmed/);
    await engine.close();
    const wrong = { ...options, store: "memory:", history: { keepEvents: -1 } };
    await expect(open(wrong)).rejects.toThrow(/whole number from 0/);
  });

  it("large results go with the events of a loop that is trimmed, in a store that stays whole", async () => {
    const folder = makeFolder();
    const options = { store: folder.path("store.db"), functions: [f.manyLarge], history: { keepEvents: 20 } };
    const first = await open(options);
    const { id } = await first.start(f.manyLarge, 400);
    await vi.waitUntil(async () => ((await first.get(id))?.events ?? 0) > 200, { timeout: 20_000 });
    await first.close();
    const second = await open(options);
    expect(await second.result(id)).toBe(400 * 3_200);
    await second.close();
    for await (const { what } of checkStore(options)) expect.fail(what);
    const database = new DatabaseSync(options.store, { readOnly: true });
    const { count } = database.prepare("SELECT count(*) AS count FROM chunks").get()!;
    database.close();
    folder.remove();
    expect(count).toBeLessThan(200 * 18);
  });

  it("checkpoint() writes the state at once, whatever its size", async () => {
    const engine = await open({ store: "memory:", functions: [f.explicit] });
    const { id } = await engine.start(f.explicit as DurableFunction<null>, null);
    await engine.result(id);
    expect((await engine.history(id)).map(({ kind }) => kind)).toContain("CheckpointReached");
    await engine.close();
  });
});
