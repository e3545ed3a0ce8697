import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { StoreCorruptError, StoreError, StoreTooNewError } from "../errors.ts";
import { toStoreError } from "./sqlite-errors.ts";
import { APPLICATION_ID } from "./sqlite-schema.ts";
import { SqliteLog } from "./sqlite-log.ts";
import type { Migration } from "./sqlite-schema.ts";
import type { SqliteOptions } from "./sqlite-options.ts";

export const BUSY_TIMEOUT_MS = 5_000;

/** One connection, whose errors are ours, and its transactions. */
export class SqliteConnection {
  readonly file: string;
  private readonly database: DatabaseSync;
  private readonly begin: StatementSync;
  private readonly beginRead: StatementSync;
  private readonly commit: StatementSync;
  private readonly inode: bigint | null;
  private readonly log: SqliteLog;
  private isOpen = true;

  constructor(file: string, database: DatabaseSync) {
    this.file = file;
    this.database = database;
    this.inode = inodeOf(file);
    this.log = new SqliteLog(file);
    // Immediate: a transaction that reads first and writes then could find that another process has written between.
    this.begin = database.prepare("BEGIN IMMEDIATE");
    this.beginRead = database.prepare("BEGIN");
    this.commit = database.prepare("COMMIT");
  }

  /** Prepared once and kept by who uses it. */
  prepare(sql: string): StatementSync {
    return this.database.prepare(sql);
  }

  /** All of `work` or nothing, on the disk when it returns. */
  write<T>(work: () => T): T {
    const result = this.transaction(this.begin, work);
    this.log.committed();
    return result;
  }

  /** Several reads that see one state. */
  read<T>(work: () => T): T {
    return this.transaction(this.beginRead, work);
  }

  /** All of `work` or nothing, as a part of the transaction that is open if there is one. */
  within<T>(work: () => T): T {
    this.assertOpen();
    try {
      this.database.exec("SAVEPOINT durablec");
      try {
        const result = work();
        this.database.exec("RELEASE durablec");
        return result;
      } catch (error) {
        this.database.exec("ROLLBACK TO durablec; RELEASE durablec");
        throw error;
      }
    } catch (error) {
      throw toStoreError(error, this.file);
    }
  }

  /** One statement needs no transaction of its own. */
  guard<T>(work: () => T): T {
    this.assertOpen();
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, this.file);
    }
  }

  private transaction<T>(begin: StatementSync, work: () => T): T {
    this.assertOpen();
    try {
      begin.run();
      const result = work();
      this.commit.run();
      return result;
    } catch (error) {
      rollBack(this.database);
      throw toStoreError(error, this.file);
    }
  }

  /**
   * Throws if the name no longer leads to the file that is open. SQLite would go on writing to a file that has been
   * removed, and all of it would be gone when the process ends.
   */
  assertInPlace(): void {
    if (this.inode === null || inodeOf(this.file) === this.inode) return;
    throw new StoreError(
      `The store ${this.file} has been removed or replaced while it was open: what was committed since is not in it. ` +
        "Stop the worker, put the file back, and start again.",
    );
  }

  private assertOpen(): void {
    if (!this.isOpen) throw new StoreError(`The store ${this.file} has been closed.`);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.log.close();
    try {
      // The last to close leaves one file. PASSIVE: if others have it open, nobody waits for anybody.
      this.database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // What is in the log is as safe as what is in the file.
    }
    this.database.close();
  }
}

export interface SqliteOpening {
  readonly file: string;
  readonly options: SqliteOptions;
  readonly migrations: readonly Migration[];
}

/** Opens a file, checks that it is one of ours, and brings its schema up to date. */
export function openConnection({ file, options, migrations }: SqliteOpening): SqliteConnection {
  makeFolder(file);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
    database.exec(`PRAGMA busy_timeout = ${Math.trunc(options.busyTimeoutMs ?? BUSY_TIMEOUT_MS)}`);
    assertOurs(database, file, migrations.at(-1)!.number);
    setUp(database, options);
    migrate(database, migrations);
    return new SqliteConnection(file, database);
  } catch (error) {
    database?.close();
    throw toStoreError(error, file);
  }
}

/** Null: there is no such file (or it is in memory). */
function inodeOf(file: string): bigint | null {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
}

/** There is none to roll back if it never began, or if SQLite has done it by itself; it cannot be asked in Node 22.13. */
function rollBack(database: DatabaseSync): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // The error that brought us here tells more.
  }
}

function makeFolder(file: string): void {
  if (file === ":memory:") return;
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      `The folder of the store ${file} cannot be made: ${reason}. Name a place you may write to.`,
      {
        cause: error,
      },
    );
  }
}

/** Reads only: a file of somebody else's, or of a newer version, is left exactly as it is. */
function assertOurs(database: DatabaseSync, file: string, newest: number): void {
  const version = pragma(database, "user_version");
  const application = pragma(database, "application_id");
  const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()!.count as number;
  if (application === 0 && version === 0 && tables === 0) return;
  if (application !== APPLICATION_ID) {
    throw new StoreCorruptError(
      `The file ${file} is a database of another application. Name another file for the store.`,
    );
  }
  if (version > newest) {
    throw new StoreTooNewError(
      `The store ${file} was written by a newer version of durablec (schema ${version}, this version knows ${newest}). ` +
        "Nothing was changed. Use that version, or a newer one.",
    );
  }
}

function setUp(database: DatabaseSync, options: SqliteOptions): void {
  // FULL: a commit that was acknowledged survives a power cut. NORMAL would lose the last ones.
  // A checkpoint each 16 MB of log instead of each 4: pages that many commits touch are copied once (a third of the time of a
  // busy commit went there).
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -32000;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = 67108864;
  `);
  if (options.pageCountMax !== undefined)
    database.exec(`PRAGMA max_page_count = ${Math.trunc(options.pageCountMax)}`);
}

/** Each migration in a transaction of its own, with the version: an interrupted one has not happened. */
function migrate(database: DatabaseSync, migrations: readonly Migration[]): void {
  for (const migration of migrations) {
    if (pragma(database, "user_version") >= migration.number) continue;
    database.exec("BEGIN IMMEDIATE");
    try {
      // Two processes may open a new file at the same moment: the second finds it done.
      if (pragma(database, "user_version") < migration.number) {
        migration.apply(database);
        database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migration.number}`);
      }
      database.exec("COMMIT");
    } catch (error) {
      rollBack(database);
      throw error;
    }
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0] as number;
}
