import pg from "pg";
import { StoreError, StoreTooNewError } from "../errors.ts";
import { isRepeatable, toStoreError } from "./postgres-errors.ts";
import type { PostgresMigration } from "./postgres-schema.ts";

export interface PostgresOptions {
  /**
   * Where the tables are; made if it is missing. Several stores can share one database. Default: `?schema=` of the
   * address, else `durablec`.
   */
  readonly schema?: string;
}

/** How often a transaction that the server gave up in favour of another is tried. */
const ATTEMPT_MAX = 5;
/** PostgreSQL cuts longer names off. */
const SCHEMA_BYTES_MAX = 63;
/** Advisory locks are two numbers: this one is ours, the other is made of the schema. */
const LOCK_SPACE = 0x64757263;
const INT8_OID = 20;

/** A statement that each connection prepares once, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** What sends a statement: a client of `pg`. */
export interface PostgresUser {
  query(query: {
    readonly text: string;
    readonly values: unknown[];
    readonly types?: pg.CustomTypesConfig;
  }): Promise<{ readonly rows: readonly Row[] }>;
}

/** A connection in which somebody else has begun a transaction: nothing here ends it. */
export function throughUser(client: PostgresUser, { name, schema }: Querying): Querying {
  const query: Querying["query"] = async ({ text }, values = []) => {
    try {
      return (await client.query({ text, values: [...values], types })).rows;
    } catch (error) {
      throw toStoreError(error, name);
    }
  };
  return { name, schema, query, transaction: (work) => work(query) };
}

/** Times and keys are far below 2^53; `pg` would give text. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === INT8_OID ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** What statements are sent through: a pool, or a connection of somebody else. */
export type Querying = Pick<PostgresConnection, "name" | "schema" | "query" | "transaction">;

/** A pool of connections, whose errors are ours. */
export class PostgresConnection {
  /** For messages: user, server, database and schema. Never the password. */
  readonly name: string;
  /** Quoted, for statements. */
  readonly schema: string;
  readonly schemaName: string;
  readonly config: pg.PoolConfig;
  private readonly pool: pg.Pool;
  private closing: Promise<void> | null = null;

  constructor(given: string | pg.PoolConfig, schema: string) {
    this.config = {
      application_name: "durablec",
      ...(typeof given === "string" ? { connectionString: given } : given),
      types,
    };
    this.name = nameOf(this.config, schema);
    this.schema = pg.escapeIdentifier(schema);
    this.schemaName = schema;
    this.pool = new pg.Pool(this.config);
    // An idle connection broke. Who needs one next gets a new one, or the error.
    this.pool.on("error", () => undefined);
  }

  /** One statement, which is one transaction and one round trip. What it throws has the server's error as its cause. */
  async query(statement: Statement, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.guard(() => this.pool.query<Row>({ ...statement, values: [...values] }));
  }

  /** Several statements in one transaction. */
  async transaction<T>(work: (query: PostgresConnection["query"]) => Promise<T>): Promise<T> {
    this.assertOpen();
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      throw toStoreError(error, this.name);
    }
    // One that breaks while nothing is asked of it says so here; the next question fails.
    client.on("error", ignore);
    const release = (isBroken: boolean): void => {
      client.off("error", ignore);
      client.release(isBroken);
    };
    const query: PostgresConnection["query"] = async (statement, values = []) =>
      (await client.query<Row>({ ...statement, values: [...values] })).rows;
    for (let attempt = 1; ; attempt++) {
      try {
        await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
        const result = await work(query);
        await client.query("COMMIT");
        release(false);
        return result;
      } catch (error) {
        const rolledBack = await rollBack(client);
        if (rolledBack && isRepeatable(error) && attempt < ATTEMPT_MAX) continue;
        release(!rolledBack);
        throw toStoreError(error, this.name);
      }
    }
  }

  private async guard(work: () => Promise<pg.QueryResult<Row>>): Promise<readonly Row[]> {
    for (let attempt = 1; ; attempt++) {
      this.assertOpen();
      try {
        return (await work()).rows;
      } catch (error) {
        if (isRepeatable(error) && attempt < ATTEMPT_MAX) continue;
        if (this.closing !== null) throw this.closedError();
        throw toStoreError(error, this.name);
      }
    }
  }

  get isOpen(): boolean {
    return this.closing === null;
  }

  private assertOpen(): void {
    if (this.closing !== null) throw this.closedError();
  }

  private closedError(): StoreError {
    return new StoreError(`The store ${this.name} has been closed.`);
  }

  /** Statements that are under way are waited for. */
  close(): Promise<void> {
    this.closing ??= this.pool.end();
    return this.closing;
  }
}

const ignore = (): void => undefined;

/** False: the connection is of no use any more. */
async function rollBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    return false;
  }
}

/** The error of a connection string that is none holds all of it, the password too: it is not passed on. */
function nameOf(config: pg.PoolConfig, schema: string): string {
  let client: pg.Client;
  try {
    client = new pg.Client(config);
  } catch {
    throw new StoreError(
      "The address of the store cannot be read. Write postgres://user:password@host:port/database, with %-escapes for " +
        "characters that have a meaning there.",
    );
  }
  const { user, host, port, database } = client;
  return `postgres://${user ?? ""}@${host}:${port}/${database ?? ""} (schema ${schema})`;
}

/** Throws unless PostgreSQL can keep the name as it is. */
export function assertSchema(schema: string): void {
  const bytes = Buffer.byteLength(schema);
  if (bytes > 0 && bytes <= SCHEMA_BYTES_MAX && !schema.includes("\0")) return;
  throw new StoreError(
    `The schema ${JSON.stringify(schema)} is no name PostgreSQL can keep: give 1 to ${SCHEMA_BYTES_MAX} bytes without NUL.`,
  );
}

/** Makes or updates the tables. Processes that open a store at the same moment take turns. */
export async function migrate(
  connection: PostgresConnection,
  migrations: readonly PostgresMigration[],
): Promise<void> {
  const { schema, schemaName, name } = connection;
  const newest = migrations.at(-1)!.number;
  const versionOf = async (query: Query): Promise<number | null> => {
    // In the catalogue, not with to_regclass: that answers from a cache, and overlooks what was made while we waited.
    const [found] = await query(sql(TABLE_EXISTS), [schemaName]);
    if (found!.exists !== true) return null;
    const [row] = await query(sql(`SELECT number FROM ${schema}.version`));
    const version = Number(row?.number);
    if (version <= newest) return version;
    throw new StoreTooNewError(
      `The store ${name} was written by a newer version of durablec (schema ${version}, this version knows ${newest}). ` +
        "Nothing was changed. Use that version, or a newer one.",
    );
  };
  if ((await versionOf((...asked) => connection.query(...asked))) === newest) return;
  await connection.transaction(async (query) => {
    await query(sql("SELECT pg_advisory_xact_lock($1, hashtext($2))"), [LOCK_SPACE, schemaName]);
    const version = await versionOf(query);
    if (version === null) await makeSchema(connection, query);
    for (const migration of migrations.filter(({ number }) => number > (version ?? 0))) {
      await query(sql(migration.sql(schema)));
      await query(sql(`UPDATE ${schema}.version SET number = $1`), [migration.number]);
    }
  });
}

type Query = PostgresConnection["query"];

const TABLE_EXISTS =
  "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'version') AS exists";

async function makeSchema({ schema, schemaName }: PostgresConnection, query: Query): Promise<void> {
  // Asked first: IF NOT EXISTS alone wants the right to make schemas even where there is nothing to make.
  const asked = sql("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS exists");
  const [found] = await query(asked, [schemaName]);
  if (found!.exists !== true) await query(sql(`CREATE SCHEMA ${schema}`));
  await query(sql(`CREATE TABLE ${schema}.version (number integer NOT NULL)`));
  await query(sql(`INSERT INTO ${schema}.version VALUES (0)`));
}

/** Not prepared: used once. */
function sql(text: string): Statement {
  return { name: "", text };
}

/** Throws if commits would be acknowledged before they are on the disk. */
export async function assertDurable(connection: PostgresConnection): Promise<void> {
  const [row] = await connection.query(sql("SELECT current_setting('synchronous_commit') AS setting"));
  if (row!.setting !== "off") return;
  throw new StoreError(
    `The store ${connection.name} acknowledges commits before they are on the disk: synchronous_commit is off for this ` +
      "user or database. Set it on: ALTER ROLE ... SET synchronous_commit = on.",
  );
}
