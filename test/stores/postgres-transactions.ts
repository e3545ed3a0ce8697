import pg from "pg";
import { openPostgresStore } from "@durablec/runtime/postgres";
import type { PostgresServer } from "../support/postgresServer.ts";
import { describeTransactions } from "./transactions.ts";

/** Transactions on a PostgreSQL store: its own connections, and clients of the test's. */
export function describePostgresTransactions(server: () => PostgresServer): void {
  let count = 0;
  describeTransactions("PostgreSQL", async () => {
    const schema = `transactions${++count}`;
    const open = () =>
      openPostgresStore(
        { connectionString: server().url, max: 2, options: `-c search_path=${schema}` },
        { schema },
      );
    await (await open()).close();
    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: server().url, options: `-c search_path=${schema}` });
      await client.connect();
      return client;
    };
    const look = await connect();
    await look.query("CREATE TABLE ledger (number serial, what text NOT NULL)");
    return {
      open,
      isLockedByBodies: false,
      rows: async () =>
        (await look.query<{ what: string }>("SELECT what FROM ledger ORDER BY number")).rows.map(
          ({ what }) => what,
        ),
      async begin() {
        const client = await connect();
        await client.query("BEGIN");
        const end = async (how: string): Promise<void> => {
          await client.query(how);
          await client.end();
        };
        return { client, end };
      },
      remove: () => look.end(),
    };
  });
}
