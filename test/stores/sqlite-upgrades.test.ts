import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { readView } from "../../runtime/engine/view.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../runtime/stores/sqlite-schema.ts";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import { toChunks } from "../../runtime/values/chunks.ts";
import { makeFolder } from "./folder.ts";
import { acquire, commitOf, event, newExecution } from "./samples.ts";

const chunk = toChunks('{"layout":1}')[0]!;

/** Rows as the first version wrote them: one execution asleep, one that has ended, one that was being removed. */
const ROWS = `
  INSERT INTO executions (key, id, function, status, created_at, ended_at, wake_at) VALUES
    (1, 'asleep', 'a.ts#f', 'RUNNING', 100, NULL, 900), (2, 'done', 'a.ts#f', 'SUCCEEDED', 101, 300, NULL);
  INSERT INTO inputs VALUES (1, '"in"'), (2, '"other"');
  INSERT INTO outcomes VALUES (2, '"result"', NULL);
  INSERT INTO events (execution, seq, kind, body) VALUES
    (1, 1, 'ExecutionStarted', '{"time":1}' || char(10) || '"in"'), (2, 1, 'ExecutionStarted', '{"time":2}' || char(10) || '"other"'),
    (1, 2, 'StepSucceeded', '{"n":2}'), (2, 2, 'ExecutionSucceeded', '{"time":3}' || char(10) || '"result"');
  INSERT INTO snapshots VALUES (1, 1, '${chunk.hash}', '${chunk.body}');
  INSERT INTO callbacks (id, execution, op, timeout_at, heartbeat_ms, heartbeat_at) VALUES ('c', 1, '0.1', 5000, NULL, 200);
  INSERT INTO inbox (execution, body) VALUES (1, 'message');
  UPDATE owner SET epoch = 7;
`;

function makeFirstVersion(file: string): void {
  const database = new DatabaseSync(file);
  MIGRATIONS[0]!.apply(database);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1; ${ROWS}`);
  database.close();
}

test("a file of the first version is brought up to date with all that is in it, and what ran goes on", async () => {
  const folder = makeFolder();
  try {
    const file = folder.path("first.db");
    makeFirstVersion(file);
    const store = openSqliteStore(file);
    const other = openSqliteStore(file);

    const unset = { parent: null, queue: null, tags: {}, paused: false, expiresAt: null, problem: null };
    const asleep = { ...unset, status: "RUNNING", wakeAt: 900, lastSeq: 2 };
    expect(await store.get("asleep")).toMatchObject(asleep);
    expect(await readView(store, "done")).toMatchObject({ input: "other", result: "result" });
    expect((await other.list({})).map(({ id }) => id)).toEqual(["done", "asleep"]);
    const loaded = await store.load("asleep");
    expect(loaded).toMatchObject({ snapshot: { seq: 1, body: chunk.body }, tail: [event(2)] });
    expect(loaded?.messages.map(({ body }) => body)).toEqual(["message"]);

    // What it had goes on, and what came later works beside it.
    const epoch = await acquire(store);
    expect(epoch).toBeGreaterThan(7);
    await other.settle("c", { kind: "succeeded", result: "1" }, 1_000);
    const consumed = (await store.messages("asleep")).map(({ number }) => number);
    expect(consumed).toHaveLength(2);
    const wanted = { now: 1_000, limit: 10, functions: ["a.ts#f"] };
    const { executions } = await store.claim(epoch, wanted);
    expect(executions).toMatchObject([{ row: { id: "asleep" } }]);
    const queue = { name: "q", key: null, priority: 0 };
    const starts = [newExecution("child", { parent: "asleep", tags: { team: "blue" }, queue })];
    const { lease } = executions[0]!;
    const changes = { lease, events: [event(3)], consumed, starts, paused: true };
    expect(await store.commit(epoch, [commitOf("asleep", changes)])).toEqual([]);
    expect(await other.get("asleep")).toMatchObject({ lastSeq: 3, paused: true, wakeAt: null });
    expect((await other.list({ tags: { team: "blue" }, queue: "q" })).map(({ id }) => id)).toEqual(["child"]);
    expect(await store.messages("asleep")).toEqual([]);
    await store.close();
    await other.close();
  } finally {
    folder.remove();
  }
});
