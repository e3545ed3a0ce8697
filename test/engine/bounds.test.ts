import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { open, openMemoryStore } from "@durablec/runtime";
import type { DurableFunction } from "@durablec/runtime";
import type * as Functions from "../../fixtures/engine/functions.ts";
import { compileFixture } from "../support/compileFixture.ts";

let f: typeof Functions;

beforeAll(async () => {
  f = (await import(join(compileFixture("fixtures/engine"), "functions.js"))) as typeof Functions;
});

interface Written {
  readonly journalBytes: number;
  readonly snapshotBytes: number;
  /** Most events that a crash after some commit would have left to re-run. */
  readonly longestTail: number;
}

/** Runs `fn` and counts what each commit writes. */
async function measure(fn: DurableFunction<number>, input: number): Promise<Written> {
  const written = { journalBytes: 0, snapshotBytes: 0, longestTail: 0 };
  const store = openMemoryStore();
  const commit = store.commit.bind(store);
  let snapshotSeq = 0;
  store.commit = (epoch, commits) => {
    for (const { events, snapshot, end } of commits) {
      for (const { body } of events) written.journalBytes += Buffer.byteLength(body);
      for (const { body } of snapshot?.added ?? []) written.snapshotBytes += Buffer.byteLength(body);
      snapshotSeq = snapshot?.seq ?? snapshotSeq;
      const last = events.at(-1)?.seq ?? 0;
      if (end === undefined) written.longestTail = Math.max(written.longestTail, last - snapshotSeq);
    }
    return commit(epoch, commits);
  };
  const engine = await open({ store, functions: [fn] });
  const { id } = await engine.start(fn, input);
  await engine.result(id);
  await engine.close();
  return written;
}

describe("snapshots", () => {
  it.each([
    ["a small state", () => measure(f.counts, 1_000)],
    ["an accumulator that grows by each result", () => measure(f.accumulates, 1_500)],
    ["a large array beside many small steps", () => measure(f.bigAndSmall, 500)],
  ] as const)(
    "%s: at most 64 events to re-run, at most 3 bytes written for each recorded",
    async (_name, run) => {
      const { journalBytes, snapshotBytes, longestTail } = await run();
      expect(snapshotBytes).toBeGreaterThan(0);
      expect((journalBytes + snapshotBytes) / journalBytes).toBeLessThanOrEqual(3);
      expect(longestTail).toBeLessThanOrEqual(64);
    },
  );

  it("a state that cannot be written only lengthens the tail", async () => {
    const { longestTail, snapshotBytes } = await measure(f.unwritableLocal, 200);
    expect(longestTail).toBeGreaterThan(190);
    expect(snapshotBytes).toBe(0);
  });

  it("checkpoint() writes the state at once, whatever its size", async () => {
    const engine = await open({ store: "memory:", functions: [f.explicit] });
    const { id } = await engine.start(f.explicit as DurableFunction<null>, null);
    await engine.result(id);
    expect((await engine.history(id)).map(({ kind }) => kind)).toContain("CheckpointReached");
    await engine.close();
  });
});
