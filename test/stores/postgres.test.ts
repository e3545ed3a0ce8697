import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, test } from "vitest";
import { openPostgresStore } from "../../runtime/stores/postgres.ts";
import type { Store } from "../../runtime/stores/store.ts";
import { startPostgres } from "../support/postgresServer.ts";
import type { PostgresServer } from "../support/postgresServer.ts";
import { actions, run } from "./model-actions.ts";
import { queueActions, runQueues } from "./queue-actions.ts";
import { describeEngines } from "./postgres-engines.ts";
import { describeServers } from "./postgres-servers.ts";
import { describePostgresTransactions } from "./postgres-transactions.ts";
import { describeUpgrades } from "./postgres-upgrades.ts";
import { describePromises } from "./promises.ts";
import { describeWorkers } from "./workers.ts";

/** One server for all the tests of this file. */
let server: PostgresServer;
let admin: pg.Pool;

beforeAll(async () => {
  server = await startPostgres();
  admin = new pg.Pool({ connectionString: server.url, max: 2 });
  // Its idle connections break when the server stops.
  admin.on("error", () => undefined);
});

afterAll(async () => {
  await admin.end();
  await server.stop();
});

const open = (schema: string): Promise<Store> =>
  openPostgresStore({ connectionString: server.url, max: 2 }, { schema });

/** Faster than making it anew. */
async function empty(schema: string): Promise<void> {
  const s = pg.escapeIdentifier(schema);
  const tables = [
    "executions",
    "events",
    "snapshots",
    "chunks",
    "event_chunks",
    "callbacks",
    "inbox",
    "queues",
    "queue_places",
    "queue_freed",
    "queue_rates",
    "transacted",
    "workers",
  ];
  // TRUNCATE makes new files for all tables and their indexes, which takes longer than the tests themselves.
  await admin.query(tables.map((table) => `DELETE FROM ${s}.${table}`).join("; "));
}

describePromises(
  "the PostgreSQL store",
  () => {
    const schema = "promises";
    return { open: () => open(schema), remove: () => empty(schema) };
  },
  "many",
);

describeServers(() => ({ server, admin }));
describeUpgrades(() => ({ server, admin }));
describeEngines(() => server);
describePostgresTransactions(() => server);
describeWorkers(
  "PostgreSQL",
  (schema) => `${server.url}?schema=workers_${schema}`,
  () => server.restart(),
);

test("any sequence of operations leaves a PostgreSQL database as the model says, through two stores", async () => {
  const schema = 'a "quoted" model';
  const stores = [await open(schema), await open(schema)];
  const reopen = (): Store => {
    stores.reverse();
    return stores[0]!;
  };
  const property = fc.asyncProperty(actions, async (list) => {
    await empty(schema);
    await run(list, { store: stores[0]!, reopen }, true);
  });
  await fc.assert(property, { numRuns: 8 });
  const admissions = fc.asyncProperty(queueActions, async (list) => {
    await empty(schema);
    await runQueues(list, stores[0]!);
  });
  await fc.assert(admissions, { numRuns: 8 });
  for (const store of stores) await store.close();
});
