import { DatabaseSync } from "node:sqlite";
import { test } from "vitest";
import { APPLICATION_ID, MIGRATIONS } from "../../runtime/stores/sqlite-schema.ts";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import { toChunks } from "../../runtime/values/chunks.ts";
import { makeFolder } from "./folder.ts";
import { expectUpgraded } from "./upgraded.ts";

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
    await expectUpgraded(store, other, chunk.body);
    await store.close();
    await other.close();
  } finally {
    folder.remove();
  }
});
