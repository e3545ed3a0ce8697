import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore } from "@durablec/runtime";
import { expect, test } from "vitest";
import { KILL_PLACES, liveTransactions, sqlitePlace } from "../kill/transactionLives.ts";
import { compileFixture } from "../support/compileFixture.ts";
import { makeFolder } from "./folder.ts";
import type { Database } from "./transactions.ts";
import { describeTransactions } from "./transactions.ts";

describeTransactions("SQLite", async (): Promise<Database> => {
  const folder = makeFolder();
  const file = folder.path("store.db");
  const look = new DatabaseSync(file);
  await openSqliteStore(file).close();
  look.exec("CREATE TABLE ledger (what TEXT NOT NULL)");
  return {
    open: () => openSqliteStore(file),
    rows: async () =>
      look
        .prepare("SELECT what FROM ledger ORDER BY rowid")
        .all()
        .map(({ what }) => what as string),
    isLockedByBodies: true,
    async begin() {
      const client = new DatabaseSync(file);
      client.exec("BEGIN");
      const end = async (how: string): Promise<void> => {
        client.exec(how);
        client.close();
      };
      return { client, end };
    },
    async remove() {
      look.close();
      folder.remove();
    },
  };
});

test("transactions killed with SIGKILL before and after their COMMIT, and their events', are there once", async () => {
  const module = join(await compileFixture("fixtures/engine"), "transactions.js");
  const place = await sqlitePlace();
  const kills = KILL_PLACES.map((at) => `${at}:2`);
  const { lives, broken } = await liveTransactions({ module, place, count: 8, kills });
  await place.remove();
  expect(broken).toEqual([]);
  expect(lives).toBeGreaterThanOrEqual(4);
});
