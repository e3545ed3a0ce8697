/** `@durablec/runtime/postgres`: executions in a PostgreSQL database. Needs the package `pg`. */
import type { PoolConfig } from "pg";
import { StoreError } from "../errors.ts";
import { PostgresCallbacks } from "./postgres-callbacks.ts";
import { PostgresCommits } from "./postgres-commit.ts";
import { assertDurable, assertSchema, migrate, PostgresConnection } from "./postgres-connection.ts";
import type { PostgresOptions, Statement } from "./postgres-connection.ts";
import { PostgresLives } from "./postgres-lives.ts";
import { PostgresNews } from "./postgres-news.ts";
import { PostgresQueues } from "./postgres-queues.ts";
import { PostgresQueries } from "./postgres-queries.ts";
import { POSTGRES_MIGRATIONS } from "./postgres-schema.ts";
import { PostgresTransactions } from "./postgres-transactions.ts";
import { isReplaceable, newRow } from "./rows.ts";
import type { Acquired, Created, NewExecution, Owner, Store } from "./store.ts";

export type { PostgresOptions } from "./postgres-connection.ts";

/**
 * A store in a PostgreSQL database (13 or newer). `server` is an address, `postgres://user:password@host:port/database`,
 * or the options of a pool of `pg` (`max`, `ssl`, ...). Makes the schema and its tables if they are missing, and brings
 * older ones up to date. Throws a `StoreError` that names the server and what to do, never the password:
 * `StoreUnavailableError` if it does not answer, `StoreTooNewError` if a newer version has been there.
 *
 * One process runs executions at a time; any number may create, read and settle, and hears of each other's writes.
 * Uses one connection to listen, beside those of the pool. A connection that breaks fails what was using it; the next
 * call has a new one.
 */
export async function openPostgresStore(
  server: string | PoolConfig,
  { schema = schemaOf(server) ?? "durablec" }: PostgresOptions = {},
): Promise<Store> {
  assertSchema(schema);
  const connection = new PostgresConnection(server, schema);
  const news = new PostgresNews(connection);
  try {
    await migrate(connection, POSTGRES_MIGRATIONS);
    await assertDurable(connection);
    await news.listen();
  } catch (error) {
    await connection.close();
    throw error;
  }
  return toStore(connection, news);
}

/** `postgres://...?schema=orders`, for those who have only an address to give. */
function schemaOf(server: string | PoolConfig): string | null {
  return typeof server === "string" && URL.canParse(server)
    ? new URL(server).searchParams.get("schema")
    : null;
}

function toStore(connection: PostgresConnection, news: PostgresNews): Store {
  const ownership = new PostgresOwnership(connection);
  const commits = new PostgresCommits(connection);
  const callbacks = new PostgresCallbacks(connection);
  const lives = new PostgresLives(connection);
  const queries = new PostgresQueries(connection);
  const queues = new PostgresQueues(connection);
  const transactions = new PostgresTransactions({ connection, news });
  const told = async <T>(write: Promise<T>): Promise<T> => {
    const result = await write;
    news.tell();
    return result;
  };
  const createAll = async (executions: readonly NewExecution[]): Promise<readonly Created[]> => {
    const made = new Set(await told(commits.create(executions)));
    return Promise.all(
      executions.map(async (execution): Promise<Created> => {
        // Of several with one id, the first was created.
        if (made.delete(execution.id)) return { created: true, row: newRow(execution) };
        return { created: false, row: (await queries.get(execution.id))! };
      }),
    );
  };
  return {
    name: connection.name,
    transactions,
    async admit(queue, moment) {
      const admitted = await queues.admit(queue, moment);
      if (admitted.executions.length > 0) news.tell();
      return admitted;
    },
    acquire: (owner, now, staleMs) => ownership.acquire(owner, now, staleMs),
    renew: (epoch, now) => ownership.renew(epoch, now),
    release: (epoch) => ownership.release(epoch),
    create: async (execution) => (await createAll([execution]))[0]!,
    createAll,
    commit: async (epoch, list) => {
      await commits.commit(epoch, list);
      // Steps on the way are nobody else's news: an end is, and why an execution does not go on.
      if (list.some(({ end, problem }) => end !== undefined || problem !== undefined)) news.tell();
    },
    reopen: (reopening) => told(lives.reopen(reopening)),
    remove: (now, limit) => lives.remove(now, limit),
    trim: (execution, to, limit) => lives.trim(execution, to, limit),
    load: (execution) => queries.load(execution),
    due: (now, limit) => queries.due(now, limit),
    nextWake: (after) => queries.nextWake(after),
    settle: (id, settlement, now) => told(callbacks.settle(id, settlement, now)),
    heartbeat: (id, now) => callbacks.heartbeat(id, now),
    expire: (id, now) => callbacks.expire(id, now),
    post: (execution, body) => told(callbacks.post(execution, body)),
    messages: (execution) => callbacks.messages(execution),
    callback: (id) => callbacks.callback(id),
    get: (execution) => queries.get(execution),
    about: (execution) => callbacks.about(execution),
    list: (filter) => queries.list(filter),
    ended: (executions) => queries.ended(executions),
    counts: (now) => queries.counts(now),
    history: (execution, afterSeq, limit) => queries.history(execution, afterSeq, limit),
    version: () => news.version,
    onNews: (listener) => news.onChange(listener),
    close: async () => {
      await news.close();
      await transactions.close();
      await connection.close();
    },
  };
}

/** How often the owner is looked at again that others changed between the look and the write. */
const ATTEMPT_MAX = 100;

/** The one row that says who may commit. */
class PostgresOwnership {
  private readonly connection: PostgresConnection;
  private readonly statements: Readonly<Record<"select" | "take" | "beat" | "leave", Statement>>;

  constructor(connection: PostgresConnection) {
    this.connection = connection;
    const table = `${connection.schema}.owner`;
    this.statements = {
      select: { name: "owner", text: `SELECT epoch, id, pid, host, heartbeat_at FROM ${table} WHERE one` },
      take: {
        name: "takeOwner",
        text: `UPDATE ${table} SET epoch = epoch + 1, id = $1, pid = $2, host = $3, heartbeat_at = $4
          WHERE one AND epoch = $5 AND heartbeat_at IS NOT DISTINCT FROM $6 RETURNING epoch`,
      },
      beat: {
        name: "beatOwner",
        text: `UPDATE ${table} SET heartbeat_at = $1 WHERE one AND epoch = $2 AND id IS NOT NULL RETURNING epoch`,
      },
      leave: {
        name: "leaveOwner",
        text: `UPDATE ${table} SET id = NULL, pid = NULL, host = NULL, heartbeat_at = NULL WHERE one AND epoch = $1`,
      },
    };
  }

  /** Those that wait for their turn ask often: a look, and a write only if it may be taken as it was seen. */
  async acquire(owner: Owner, now: number, staleMs: number): Promise<Acquired> {
    for (let attempt = 0; attempt < ATTEMPT_MAX; attempt++) {
      const [row] = await this.connection.query(this.statements.select);
      const heartbeatAt = row!.heartbeat_at as number | null;
      if (row!.id !== null && heartbeatAt !== null) {
        const by = { id: row!.id as string, pid: row!.pid as number, host: row!.host as string };
        if (!isReplaceable({ ...by, heartbeatAt }, { owner, now, staleMs }))
          return { kind: "held", by, heartbeatAt };
      }
      const values = [owner.id, owner.pid, owner.host, now, row!.epoch, heartbeatAt];
      const [taken] = await this.connection.query(this.statements.take, values);
      if (taken !== undefined) return { kind: "acquired", epoch: taken.epoch as number };
    }
    throw new StoreError(
      `The owner of ${this.connection.name} changed each time it was looked at. Try again.`,
    );
  }

  async renew(epoch: number, now: number): Promise<boolean> {
    return (await this.connection.query(this.statements.beat, [now, epoch])).length > 0;
  }

  async release(epoch: number): Promise<void> {
    await this.connection.query(this.statements.leave, [epoch]);
  }
}
