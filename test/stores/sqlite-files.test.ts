import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreCorruptError, StoreError, StoreFullError, StoreTooNewError } from "../../runtime/errors.ts";
import { openConnection } from "../../runtime/stores/sqlite-connection.ts";
import { MIGRATIONS } from "../../runtime/stores/sqlite-schema.ts";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import type { Store } from "../../runtime/stores/store.ts";
import { makeFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { acquire, commitOf, event, failure, newExecution } from "./samples.ts";

let folder: Folder;
let file: string;
beforeEach(() => {
  folder = makeFolder();
  file = folder.path("store.db");
});
afterEach(() => folder.remove());

/** Fills the store of `file` with `count` executions of 8 KiB each. */
async function fill(count: number): Promise<void> {
  const store = openSqliteStore(file);
  const large = { ...event(1), body: "x".repeat(8_192) };
  await store.createAll(Array.from({ length: count }, (_, i) => newExecution(`x${i}`, { event: large })));
  await store.close();
}

async function assertRefused(kind: new (...args: never[]) => Error, words: readonly string[]): Promise<void> {
  const error = await failure(() => {
    const store = openSqliteStore(file);
    try {
      // A file whose beginning is whole is found out when the rest is read.
      store.list({ limit: 1_000 });
    } finally {
      void store.close();
    }
  });
  expect(error).toBeInstanceOf(kind);
  for (const word of [file, ...words]) expect(String(error)).toContain(word);
}

describe("opening a file", () => {
  test("makes the folder it is in", async () => {
    const store = openSqliteStore(folder.path("a/b/c/store.db"));
    await store.create(newExecution("x"));
    await store.close();
    expect(existsSync(folder.path("a/b/c/store.db"))).toBe(true);
  });

  test("says so if the folder cannot be made, or the name is a folder's", async () => {
    writeFileSync(folder.path("plain"), "");
    file = folder.path("plain/store.db");
    await assertRefused(StoreError, ["cannot be made"]);
    file = folder.path("folder");
    mkdirSync(file);
    await assertRefused(StoreError, ["cannot be opened"]);
  });

  test("leaves one file behind when all have closed it", async () => {
    await fill(3);
    expect(existsSync(`${file}-wal`)).toBe(false);
    expect(existsSync(`${file}-shm`)).toBe(false);
  });

  test("an empty file becomes a store", async () => {
    writeFileSync(file, "");
    await fill(1);
    const store = openSqliteStore(file);
    expect(await store.get("x0")).not.toBeNull();
    await store.close();
  });

  test("refuses a file that is no database, and leaves it as it is", async () => {
    const text = "this is my diary\n".repeat(1_000);
    writeFileSync(file, text);
    await assertRefused(StoreCorruptError, ["no database", "another file"]);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("refuses a database of another application, and leaves it as it is", async () => {
    const database = new DatabaseSync(file);
    database.exec("CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('ann')");
    database.close();
    const before = readFileSync(file);
    await assertRefused(StoreCorruptError, ["another application"]);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("refuses a file of a newer version, and leaves it as it is", async () => {
    await fill(3);
    const database = new DatabaseSync(file);
    database.exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 99");
    database.close();
    const before = readFileSync(file);
    await assertRefused(StoreTooNewError, ["schema 99", "Nothing was changed"]);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("refuses a file that was cut off", async () => {
    await fill(50);
    truncateSync(file, Math.floor(statSync(file).size / 2));
    await assertRefused(StoreCorruptError, ["damaged", "backup"]);
  });

  test("names the file when pages in it were overwritten", async () => {
    await fill(50);
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 4_096);
    writeFileSync(file, bytes);
    await assertRefused(StoreCorruptError, ["damaged", "backup"]);
  });

  test("refuses a file whose first page was overwritten", async () => {
    await fill(3);
    const bytes = readFileSync(file);
    bytes.fill(0, 0, 100);
    writeFileSync(file, bytes);
    await assertRefused(StoreCorruptError, ["no database"]);
  });
});

test("a file that is removed while it is open is missed at the next heartbeat", async () => {
  const store = openSqliteStore(file);
  const epoch = await acquire(store);
  expect(await store.renew(epoch, 1)).toBe(true);
  rmSync(file);
  expect(String(await failure(() => store.renew(epoch, 2)))).toContain("removed or replaced");
  await store.close();
});

describe("a schema", () => {
  const second = {
    number: MIGRATIONS.length + 1,
    apply: (database: DatabaseSync) =>
      database.exec("ALTER TABLE executions ADD COLUMN colour TEXT DEFAULT 'blue'"),
  };

  test("of an older version is brought up to date once, with what is in it", async () => {
    await fill(2);
    for (let round = 0; round < 2; round++) {
      const connection = openConnection({ file, options: {}, migrations: [...MIGRATIONS, second] });
      expect(connection.prepare("SELECT id, colour FROM executions").all()).toMatchObject([
        { id: "x0", colour: "blue" },
        { id: "x1", colour: "blue" },
      ]);
      connection.close();
    }
    await assertRefused(StoreTooNewError, [`schema ${second.number}`]);
  });

  test("is not changed at all by a migration that fails half way", async () => {
    await fill(1);
    const broken = {
      number: second.number,
      apply: (database: DatabaseSync): void => {
        second.apply(database);
        throw new Error("power cut");
      },
    };
    const error = await failure(() =>
      openConnection({ file, options: {}, migrations: [...MIGRATIONS, broken] }),
    );
    expect(String(error)).toContain("power cut");
    const connection = openConnection({ file, options: {}, migrations: [...MIGRATIONS, second] });
    expect(connection.prepare("SELECT colour FROM executions").get()).toMatchObject({ colour: "blue" });
    connection.close();
  });
});

/** Commits events of 4 KiB until the store refuses; returns the number of the last one it took. */
async function commitUntilRefused(store: Store, epoch: number): Promise<{ last: number; error: unknown }> {
  const body = "y".repeat(4_096);
  for (let seq = 2; seq < 10_000; seq++) {
    try {
      await store.commit(epoch, [commitOf("x", { events: [{ ...event(seq), body }] })]);
    } catch (error) {
      return { last: seq - 1, error };
    }
  }
  throw new Error("The disk was never full.");
}

describe("a full disk", () => {
  test("refuses the commit by name, loses nothing, and goes on when there is room", async () => {
    const store = openSqliteStore(file, { pageCountMax: 100 });
    const epoch = await acquire(store);
    await store.create(newExecution("x"), epoch);
    const { last, error } = await commitUntilRefused(store, epoch);
    expect(error).toBeInstanceOf(StoreFullError);
    expect(String(error)).toContain(file);
    expect(await store.get("x")).toMatchObject({ lastSeq: last });
    await store.close();
    const roomy = openSqliteStore(file);
    await roomy.commit(epoch, [commitOf("x", { events: [event(last + 1)] })]);
    expect(await roomy.history("x", 0, 10_000)).toHaveLength(last + 1);
    await roomy.close();
  });

  test.skipIf(process.getuid?.() !== 0)("is survived on a real disk, by the same store", async () => {
    const disk = folder.path("disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
    try {
      const ballast = folder.path("disk/ballast");
      writeFileSync(ballast, Buffer.alloc(512 * 1_024));
      const store = openSqliteStore(folder.path("disk/store.db"));
      const epoch = await acquire(store);
      await store.create(newExecution("x"), epoch);
      const { last, error } = await commitUntilRefused(store, epoch);
      expect(error).toBeInstanceOf(StoreFullError);
      expect(await store.get("x")).toMatchObject({ lastSeq: last });
      rmSync(ballast);
      await store.commit(epoch, [commitOf("x", { events: [event(last + 1)] })]);
      expect(await store.history("x", last, 10)).toEqual([event(last + 1)]);
      await store.close();
      const again = openSqliteStore(folder.path("disk/store.db"));
      expect(await again.get("x")).toMatchObject({ lastSeq: last + 1 });
      await again.close();
    } finally {
      execFileSync("umount", [disk]);
    }
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a file on a read-only disk is refused with what to check",
    async () => {
      const disk = folder.path("disk");
      mkdirSync(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
      try {
        file = folder.path("disk/store.db");
        await fill(1);
        execFileSync("mount", ["-o", "remount,ro", disk]);
        const error = await failure(() => openSqliteStore(file));
        expect(error).toBeInstanceOf(StoreError);
        expect(String(error)).toMatch(/cannot be (written|opened)\. Check/);
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );
});

describe("a file locked by another process", () => {
  test("is waited for, then refused with what to look for", async () => {
    const store = openSqliteStore(file, { busyTimeoutMs: 50 });
    const intruder = new DatabaseSync(file);
    intruder.exec("BEGIN IMMEDIATE");
    const error = await failure(() => store.create(newExecution("x")));
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toContain("locked by another process");
    intruder.exec("ROLLBACK");
    intruder.close();
    await store.create(newExecution("x"));
    await store.close();
  });
});
