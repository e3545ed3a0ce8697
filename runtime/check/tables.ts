import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../errors.ts";
import { APPLICATION_ID, MIGRATIONS } from "../stores/sqlite-schema.ts";
import { toStoreError } from "../stores/sqlite-errors.ts";

export type Row = Readonly<Record<string, unknown>>;

/** The tables of a store, to be read, and texts in them to be replaced. */
export interface Tables {
  /** As the store's. */
  readonly name: string;
  /** Before the name of each table. */
  readonly prefix: string;
  /** Values are `$1`, `$2`, ... in the text. */
  query(sql: string, values?: readonly (string | number)[]): Promise<readonly Row[]>;
  /** Does the same with each of these rows of values; returns how many rows of the table it changed. */
  change(sql: string, all: readonly (readonly (string | number)[])[]): Promise<number>;
  /** What the database itself finds wrong. */
  ownFindings(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** To read them, and with `mayWrite` to `change` them. Throws a `StoreError` if no store is there, or one of another version. */
export async function openTables(store: string, mayWrite = false): Promise<Tables> {
  if (/^postgres(ql)?:/.test(store))
    return (await import("../stores/postgres-tables.ts")).openPostgresTables(store, mayWrite);
  return openSqliteTables(store.replace(/^sqlite:/, ""), mayWrite);
}

/** How long a change waits for a worker's. */
const BUSY_MS = 10_000;

function openSqliteTables(file: string, mayWrite: boolean): Tables {
  if (!existsSync(file)) throw new StoreError(`There is no store at ${file}.`);
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, file);
    }
  };
  const database = guard(() => new DatabaseSync(file, { readOnly: !mayWrite, timeout: BUSY_MS }));
  const query = async (sql: string, values: readonly (string | number)[] = []): Promise<readonly Row[]> =>
    guard(() => database.prepare(sql.replaceAll("$", "?")).all(...values));
  try {
    guard(() => assertVersion(database, file));
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    name: file,
    prefix: "",
    query,
    change: async (sql, all) => guard(() => changeAll(database, sql.replaceAll("$", "?"), all)),
    async ownFindings() {
      const own = await query("PRAGMA integrity_check(100)");
      const foreign = await query("PRAGMA foreign_key_check");
      return [
        ...own.map((row) => String(row.integrity_check)).filter((text) => text !== "ok"),
        ...foreign
          .slice(0, 100)
          .map(({ table, parent }) => `a row of ${String(table)} refers to no row of ${String(parent)}`),
      ];
    },
    close: async () => database.close(),
  };
}

/** In one transaction, which is one wait for the disk. */
function changeAll(
  database: DatabaseSync,
  sql: string,
  all: readonly (readonly (string | number)[])[],
): number {
  const statement = database.prepare(sql);
  database.exec("BEGIN IMMEDIATE");
  try {
    const changed = all.reduce((sum, values) => sum + Number(statement.run(...values).changes), 0);
    database.exec("COMMIT");
    return changed;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function assertVersion(database: DatabaseSync, file: string): void {
  const read = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0];
  const [application, version] = [read("application_id"), read("user_version")];
  const known = MIGRATIONS.at(-1)!.number;
  if (application === APPLICATION_ID && version === known) return;
  throw new StoreError(
    application === APPLICATION_ID
      ? `The store ${file} has schema ${String(version)}, and this version of durablec checks ${known}: check it with the version ` +
          "that wrote it, or open it once to bring it up to date."
      : `The file ${file} is no store of durablec.`,
  );
}
