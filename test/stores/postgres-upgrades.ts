import type pg from "pg";
import { describe, expect, test } from "vitest";
import { readView } from "../../runtime/engine/view.ts";
import { openPostgresStore } from "../../runtime/stores/postgres.ts";
import { POSTGRES_MIGRATIONS } from "../../runtime/stores/postgres-schema.ts";
import type { PostgresServer } from "../support/postgresServer.ts";
import { acquire, commitOf, event, newExecution } from "./samples.ts";

interface Given {
  readonly server: PostgresServer;
  readonly admin: pg.Pool;
}

/** Tables and rows as the first version wrote them: one execution asleep, one that has ended. */
const FIRST_VERSION = (schema: string): string => `
  CREATE SCHEMA ${schema};
  CREATE TABLE ${schema}.version (number integer NOT NULL);
  ${POSTGRES_MIGRATIONS.find(({ number }) => number === 1)?.sql(schema) ?? ""}
  INSERT INTO ${schema}.version VALUES (1);
  INSERT INTO ${schema}.executions (id, function, status, created_at, ended_at, wake_at)
    VALUES ('asleep', 'a.ts#f', 'RUNNING', 100, NULL, 900), ('done', 'a.ts#f', 'SUCCEEDED', 101, 300, NULL);
  INSERT INTO ${schema}.inputs VALUES (1, '"in"'), (2, '"other"');
  INSERT INTO ${schema}.outcomes VALUES (2, '"result"', NULL);
  INSERT INTO ${schema}.events VALUES (1, 1, 'ExecutionStarted', E'{"time":1}\\n"in"'), (1, 2, 'StepSucceeded', '{"n":2}'),
    (2, 1, 'ExecutionStarted', E'{"time":2}\\n"other"'), (2, 2, 'ExecutionSucceeded', E'{"time":3}\\n"result"');
  INSERT INTO ${schema}.snapshots VALUES (1, 1, 'h1 h2', NULL);
  INSERT INTO ${schema}.chunks VALUES (1, 'h1', '<1>'), (1, 'h2', '<2>');
  INSERT INTO ${schema}.callbacks (id, execution, op, timeout_at, heartbeat_ms, heartbeat_at)
    VALUES ('c', 1, '0.1', 5000, NULL, 200);
  INSERT INTO ${schema}.inbox (execution, body) VALUES (1, 'message');
  UPDATE ${schema}.owner SET epoch = 7;
`;

export function describeUpgrades(given: () => Given): void {
  describe("a PostgreSQL schema of the first version", () => {
    test("is brought up to date with all that is in it, by processes that open it at once", async () => {
      const { server, admin } = given();
      const schema = "first_version";
      await admin.query(FIRST_VERSION(schema));
      const open = () => openPostgresStore({ connectionString: server.url, max: 2 }, { schema });
      const [store, other] = await Promise.all([open(), open()]);

      const unset = { parent: null, tags: {}, paused: false, expiresAt: null, problem: null };
      expect(await store.get("asleep")).toMatchObject({
        ...unset,
        status: "RUNNING",
        wakeAt: 900,
        lastSeq: 2,
      });
      expect(await store.get("done")).toMatchObject({ ...unset, status: "SUCCEEDED" });
      expect(await readView(store, "done")).toMatchObject({ input: "other", result: "result" });
      expect((await other.list({})).map(({ id }) => id)).toEqual(["done", "asleep"]);
      const loaded = await store.load("asleep");
      expect(loaded).toMatchObject({ snapshot: { seq: 1, body: "<1><2>" }, tail: [event(2)] });
      expect(loaded?.messages.map(({ body }) => body)).toEqual(["message"]);

      // What it had goes on, and what came later works beside it.
      const epoch = await acquire(store);
      expect(epoch).toBeGreaterThan(7);
      await other.settle("c", { kind: "succeeded", result: "1" }, 1_000);
      const consumed = (await store.messages("asleep")).map(({ number }) => number);
      expect(consumed).toHaveLength(2);
      const wanted = { now: 1_000, limit: 10, functions: ["a.ts#f"] };
      const { executions } = await store.claim(epoch, wanted);
      expect(executions).toMatchObject([{ row: { id: "asleep" }, lease: 1 }]);
      const starts = [newExecution("child", { parent: "asleep", tags: { team: "blue" } })];
      await store.commit(epoch, [commitOf("asleep", { events: [event(3)], consumed, starts, paused: true })]);
      expect(await other.get("asleep")).toMatchObject({ lastSeq: 3, paused: true, wakeAt: null });
      expect((await other.list({ tags: { team: "blue" } })).map(({ id }) => id)).toEqual(["child"]);
      expect(await store.messages("asleep")).toEqual([]);
      await Promise.all([store.close(), other.close()]);
    });
  });
}
