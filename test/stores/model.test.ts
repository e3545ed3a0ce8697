import fc from "fast-check";
import { test } from "vitest";
import { openMemoryStore } from "../../runtime/stores/memory.ts";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import type { Store } from "../../runtime/stores/store.ts";
import { makeFolder } from "./folder.ts";
import { actions, run } from "./model-actions.ts";
import { queueActions, runQueues } from "./queue-actions.ts";

test("any sequence of operations leaves the memory store as the model says", async () => {
  const property = fc.asyncProperty(actions, async (list) => {
    const store = openMemoryStore();
    await run(list, { store, reopen: () => store });
  });
  await fc.assert(property, { numRuns: 400 });
});

test("any sequence of operations leaves a SQLite file as the model says, through several connections", async () => {
  const property = fc.asyncProperty(actions, async (list) => {
    const folder = makeFolder();
    const stores: Store[] = [];
    const reopen = (): Store => {
      // Two stay open and are used in turn, so that each finds what the other has written.
      const store = stores.length < 2 ? openSqliteStore(folder.path("store.db")) : stores.shift()!;
      stores.push(store);
      return store;
    };
    try {
      await run(list, { store: reopen(), reopen });
    } finally {
      for (const store of stores) await store.close();
      folder.remove();
    }
  });
  await fc.assert(property, { numRuns: 40 });
});

test("queues of a SQLite file admit as those of the memory store do, whatever comes and ends", async () => {
  const property = fc.asyncProperty(queueActions, async (list) => {
    const store = openSqliteStore(":memory:");
    await runQueues(list, store);
    await store.close();
  });
  await fc.assert(property, { numRuns: 100 });
});
