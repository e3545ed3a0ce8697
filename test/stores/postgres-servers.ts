import { inspect } from "node:util";
import pg from "pg";
import { describe, expect, test, vi } from "vitest";
import { StoreError, StoreTooNewError, StoreUnavailableError } from "../../runtime/errors.ts";
import { encryptStore } from "../../runtime/stores/encrypted.ts";
import type { EncryptionOptions } from "../../runtime/stores/encryption-options.ts";
import { openPostgresStore } from "../../runtime/stores/postgres.ts";
import { checkStore } from "../../runtime/check/checkStore.ts";
import type { SnapshotWrite } from "../../runtime/stores/store.ts";
import { rekeyStore } from "../../runtime/transfer/rekey.ts";
import { toChunks } from "../../runtime/values/chunks.ts";
import type { PostgresServer } from "../support/postgresServer.ts";
import { acquire, commitOf, event, failure, newExecution } from "./samples.ts";

interface Given {
  readonly server: PostgresServer;
  readonly admin: pg.Pool;
}

/** What only a store on a server has to bear. */
export function describeServers(given: () => Given): void {
  describe("a PostgreSQL server", () => {
    for (const [claim, hold] of CLAIMS) test(claim, () => hold(given()));
  });
}

const openAt = ({ server }: Given, schema: string) => openPostgresStore(server.url, { schema });

/** The message of a refusal; neither it nor anything in it shows the password. */
async function refused({ server }: Given, work: () => unknown, type = StoreError): Promise<string> {
  const error = await failure(work);
  expect(error).toBeInstanceOf(type);
  for (const secret of [server.password, encodeURIComponent(server.password)])
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);
  return String(error);
}

const CLAIMS: readonly (readonly [claim: string, hold: (given: Given) => Promise<void>])[] = [
  [
    "that cannot be reached is named without its password, and so is each mistake in its address",
    async (given) => {
      const { url } = given.server;
      const changed = (change: (url: URL) => void): string => {
        const other = new URL(url);
        change(other);
        return other.href;
      };
      const nobodyThere = changed((other) => (other.port = "1"));
      expect(await refused(given, () => openPostgresStore(nobodyThere), StoreUnavailableError)).toContain(
        "postgres://durablec@127.0.0.1:1/postgres (schema durablec)",
      );
      const missing = changed((other) => (other.pathname = "missing"));
      expect(await refused(given, () => openPostgresStore(missing))).toContain("CREATE DATABASE");
      const stranger = changed((other) => (other.username = "stranger"));
      expect(await refused(given, () => openPostgresStore(stranger))).toContain("refused the user");
      expect(await refused(given, () => openPostgresStore(url.replace("@127", "@[127")))).toContain(
        "%-escapes",
      );
      expect(await refused(given, () => openPostgresStore(url, { schema: "x".repeat(64) }))).toContain(
        "63 bytes",
      );
    },
  ],

  [
    "that would acknowledge before the disk has it is refused",
    async (given) => {
      const config = { connectionString: given.server.url, options: "-c synchronous_commit=off" };
      expect(await refused(given, () => openPostgresStore(config))).toContain("synchronous_commit");
    },
  ],

  [
    "gives several stores that open a new schema at the same moment one set of tables",
    async (given) => {
      const stores = await Promise.all(Array.from({ length: 4 }, () => openAt(given, "fresh")));
      const created = await Promise.all(stores.map((store) => store.create(newExecution("x"))));
      expect(created.filter((one) => one.created)).toHaveLength(1);
      for (const store of stores) await store.close();
    },
  ],

  [
    "with tables of a newer version, or of another application, is left alone",
    async (given) => {
      await (await openAt(given, "newer")).close();
      await given.admin.query("UPDATE newer.version SET number = 99");
      expect(await refused(given, () => openAt(given, "newer"), StoreTooNewError)).toContain("schema 99");
      await given.admin.query("CREATE SCHEMA theirs; CREATE TABLE theirs.events ()");
      expect(await refused(given, () => openAt(given, "theirs"))).toContain("another application");
      const { rows } = await given.admin.query("SELECT tablename FROM pg_tables WHERE schemaname = 'theirs'");
      expect(rows).toEqual([{ tablename: "events" }]);
    },
  ],

  [
    "keeps no text with the character NUL: it is refused by name, and nothing of its commit is written",
    async (given) => {
      const store = await openAt(given, "nul");
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      const bad = { ...event(3), body: "a\0b" };
      const message = await refused(given, () =>
        store.commit(epoch, [commitOf("x", { events: [event(2), bad] })]),
      );
      expect(message).toContain("NUL");
      expect(await store.get("x")).toMatchObject({ lastSeq: 1 });
      expect(await store.get("x\0")).toBeNull();
      await store.close();
    },
  ],

  [
    "that crashes fails what was under way by name; what was acknowledged is there, and stores go on",
    async (given) => {
      const store = await openAt(given, "crash");
      const other = await openAt(given, "crash");
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      const crash = given.server.restart();
      let seq = 1;
      const error = await failure(async () => {
        for (;;) await store.commit(epoch, [commitOf("x", { events: [event(++seq)] })]);
      });
      await crash;
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(String(error)).toContain("goes on by itself");
      const { lastSeq } = (await store.get("x"))!;
      // The last commit was not acknowledged, and may be there all the same.
      expect([seq - 1, seq]).toContain(lastSeq);
      await store.commit(epoch, [commitOf("x", { events: [event(lastSeq + 1)] })]);
      const before = await other.version();
      await store.create(newExecution("y"));
      await vi.waitFor(async () => expect(await other.version()).not.toBe(before), 4_000);
      await store.close();
      await other.close();
    },
  ],

  [
    "is checked: nothing is wrong in a whole store, and what is wrong is named; nothing is written",
    async (given) => {
      const store = await openAt(given, "checked");
      const epoch = await acquire(store);
      const started = { ...event(1), kind: "ExecutionStarted" };
      await store.create(newExecution("x", { event: started, tags: { a: "1" } }), epoch);
      await store.create(newExecution("y", { event: started }));
      const snapshot = toSnapshot("text ".repeat(5_000));
      await store.commit(epoch, [commitOf("x", { events: [event(2), event(3)], snapshot })]);
      const address = `${given.server.url}?schema=checked`;
      const check = async (): Promise<readonly string[]> => {
        const found: string[] = [];
        for await (const { execution, what } of checkStore({ store: address }))
          found.push(`${execution}: ${what}`);
        return found;
      };
      expect(await check()).toEqual([]);
      await given.admin.query("DELETE FROM checked.events WHERE seq = 2;");
      await given.admin.query(
        "UPDATE checked.chunks SET body = 'other'; DELETE FROM checked.executions WHERE id = 'y'",
      );
      const found = await check();
      expect(found).toContain("x: its journal has 2 events, from 1 to 3");
      expect(found).toContain("null: the table events has rows of executions that are not there");
      expect(found.join()).toMatch(/x: chunk \w+ of its state is not what its name says/);
      await store.close();
      const none = `${given.server.url}?schema=nowhere`;
      expect(
        await refused(given, async () => {
          for await (const _ of checkStore({ store: none }));
        }),
      ).toContain("no store at");
    },
  ],

  [
    "is brought under its newest key while others use it",
    async (given) => {
      const encryption = (current: string, ...ids: string[]): EncryptionOptions => ({
        current,
        keys: Object.fromEntries(ids.map((id) => [id, Buffer.alloc(32, id)])),
      });
      const opened = async (keys: EncryptionOptions) => encryptStore(await openAt(given, "rekeyed"), keys);
      const [first, both] = [await opened(encryption("a", "a")), await opened(encryption("b", "a", "b"))];
      const epoch = await acquire(first);
      await first.create(newExecution("x"), epoch);
      const snapshot = toSnapshot("text ".repeat(5_000));
      await first.commit(epoch, [commitOf("x", { events: [event(2), event(3)], snapshot, problem: "why" })]);
      await first.post("x", '"message"');
      const store = `${given.server.url}?schema=rekeyed`;
      expect(await rekeyStore({ store, encryption: encryption("b", "a", "b") })).toBeGreaterThan(4);
      const before = await both.load("x");
      const second = await opened(encryption("b", "b"));
      expect(await second.load("x")).toEqual(before);
      expect(before?.snapshot?.body).toBe("text ".repeat(5_000));
      expect(await second.history("x", 0, 9)).toEqual([event(1), event(2), event(3)]);
      expect((await second.messages("x")).map(({ body }) => body)).toEqual(['"message"']);
      expect((await second.get("x"))?.problem).toBe("why");
      expect(await rekeyStore({ store, encryption: encryption("b", "b") })).toBe(0);
      for (const one of [first, both, second]) await one.close();
    },
  ],
];

function toSnapshot(text: string): SnapshotWrite {
  const chunks = toChunks(text);
  return { seq: 1, chunks: chunks.map(({ hash }) => hash), added: [...new Set(chunks)], removed: [] };
}
