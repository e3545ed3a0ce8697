import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openConnection } from "../../runtime/stores/sqlite-connection.ts";
import { MIGRATIONS } from "../../runtime/stores/sqlite-schema.ts";
import { readView } from "../../runtime/engine/view.ts";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import { makeFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { describePromises } from "./promises.ts";
import { acquire, commitOf, newExecution } from "./samples.ts";

describePromises("the SQLite store", () => {
  const folder = makeFolder();
  return { open: () => openSqliteStore(folder.path("store.db")), remove: folder.remove };
});

let folder: Folder;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

test("the SQLite store keeps no chunk that no snapshot needs", async () => {
  const store = openSqliteStore(folder.path("store.db"));
  const epoch = await acquire(store);
  await store.create(newExecution("x"), epoch);
  const write = async (before: readonly string[], after: readonly string[]): Promise<void> => {
    const added = after.filter((hash) => !before.includes(hash)).map((hash) => ({ hash, body: hash }));
    const removed = before.filter((hash) => !after.includes(hash));
    await store.commit(epoch, [commitOf("x", { snapshot: { seq: 1, chunks: after, added, removed } })]);
  };
  const file = new DatabaseSync(folder.path("store.db"), { readOnly: true });
  const chunks = (): unknown => file.prepare("SELECT group_concat(hash) AS all_ FROM chunks").get()!.all_;
  await write([], ["a", "b", "c"]);
  await write(["a", "b", "c"], ["a", "d"]);
  expect(chunks()).toBe("a,d");
  await write(["a", "d"], ["a"]);
  expect(chunks()).toBe("a");
  await write(["a"], ["e"]);
  expect(chunks()).toBeNull();
  await write(["e"], ["e", "f"]);
  await store.commit(epoch, [commitOf("x", { end: { status: "STOPPED", at: 1 } })]);
  expect(chunks()).toBeNull();
  file.close();
  await store.close();
});

test("a commit's effects are on the disk when it returns", async () => {
  const store = openSqliteStore(folder.path("store.db"));
  await store.create(newExecution("x"));
  const file = new DatabaseSync(folder.path("store.db"), { readOnly: true });
  expect(file.prepare("PRAGMA journal_mode").get()).toMatchObject({ journal_mode: "wal" });
  expect(file.prepare("SELECT id FROM executions").all()).toMatchObject([{ id: "x" }]);
  file.close();
  await store.close();
});

test("a file of the first version is brought up to date with what is in it", async () => {
  const file = folder.path("store.db");
  const old = openConnection({ file, options: {}, migrations: MIGRATIONS.slice(0, 1) });
  old.write(() => {
    for (const sql of [
      "INSERT INTO executions (id, function, created_at, wake_at) VALUES ('x', 'f', 1, 1), ('y', 'f', 2, 2)",
      "UPDATE executions SET status = 'SUCCEEDED', ended_at = 3, wake_at = NULL WHERE id = 'y'",
      "INSERT INTO inputs (execution, body) VALUES (1, '1'), (2, '2')",
      "INSERT INTO outcomes (execution, result) VALUES (2, '\"done\"')",
      "INSERT INTO snapshots (execution, seq, chunks) VALUES (1, 1, 'h1 h2')",
      "INSERT INTO chunks (execution, hash, body) VALUES (1, 'h1', '<1>'), (1, 'h2', '<2>')",
      "INSERT INTO events (execution, seq, kind, body) VALUES (1, 1, 'ExecutionStarted', '{\"time\":1}\n1'), " +
        "(2, 1, 'ExecutionStarted', '{\"time\":2}\n2'), (2, 2, 'ExecutionSucceeded', '{\"time\":3}\n\"done\"')",
    ])
      old.prepare(sql).run();
  });
  old.close();
  const store = openSqliteStore(file);
  const epoch = await acquire(store);
  expect((await store.load("x"))?.snapshot?.body).toBe("<1><2>");
  expect(await store.get("x")).toMatchObject({ lastSeq: 1, tags: {}, paused: false, parent: null });
  await store.commit(epoch, [commitOf("x", { end: { status: "STOPPED", at: 1 } })]);
  expect(await store.remove(10, 10)).toBe(0);
  expect(await readView(store, "y")).toMatchObject({
    status: "SUCCEEDED",
    input: 2,
    result: "done",
    events: 2,
  });
  await store.close();
});
