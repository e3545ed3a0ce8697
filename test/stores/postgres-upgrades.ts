import type pg from "pg";
import { describe, expect, test } from "vitest";
import { openPostgresStore } from "../../runtime/stores/postgres.ts";
import { POSTGRES_MIGRATIONS } from "../../runtime/stores/postgres-schema.ts";
import type { PostgresServer } from "../support/postgresServer.ts";
import { expectUpgraded } from "./upgraded.ts";

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
      expect(await expectUpgraded(store, other, "<1><2>")).toBe(1);
      await Promise.all([store.close(), other.close()]);
    });
  });
}
