/** `@durablec/runtime/postgres`: executions in a PostgreSQL database. Needs the package `pg`. */
import type { PoolConfig } from "pg";
import { PostgresCallbacks } from "./postgres-callbacks.ts";
import { PostgresCommits } from "./postgres-commit.ts";
import { assertDurable, assertSchema, migrate, PostgresConnection } from "./postgres-connection.ts";
import type { PostgresOptions } from "./postgres-connection.ts";
import { PostgresLeases } from "./postgres-leases.ts";
import { PostgresLives } from "./postgres-lives.ts";
import { PostgresNews } from "./postgres-news.ts";
import { PostgresQueues } from "./postgres-queues.ts";
import { PostgresQueries } from "./postgres-queries.ts";
import { POSTGRES_MIGRATIONS } from "./postgres-schema.ts";
import { PostgresTransactions } from "./postgres-transactions.ts";
import { newRow } from "./rows.ts";
import type { Commit, Created, NewExecution, Store } from "./store.ts";

export type { PostgresOptions } from "./postgres-connection.ts";

/**
 * A store in a PostgreSQL database (13 or newer). `server` is an address, `postgres://user:password@host:port/database`,
 * or the options of a pool of `pg` (`max`, `ssl`, ...). Makes the schema and its tables if they are missing, and brings
 * older ones up to date. Throws a `StoreError` that names the server and what to do, never the password:
 * `StoreUnavailableError` if it does not answer, `StoreTooNewError` if a newer version has been there.
 *
 * Any number of processes run executions, each those that it has claimed; all hear of each other's writes.
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
    await news.close();
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
  const callbacks = new PostgresCallbacks(connection);
  const lives = new PostgresLives(connection);
  const queries = new PostgresQueries(connection);
  const queues = new PostgresQueues(connection);
  const transactions = new PostgresTransactions({ connection, news });
  const told = async <T>(write: Promise<T>, what: Parameters<PostgresNews["tell"]>[0]): Promise<T> => {
    const result = await write;
    news.tell(what);
    return result;
  };
  return {
    name: connection.name,
    transactions,
    async admit(queue, moment) {
      const admitted = await queues.admit(queue, moment);
      if (admitted.executions.length > 0) news.tell({ called: admitted.executions });
      return admitted;
    },
    ...running(connection, news),
    unpark: (execution, now) => told(lives.unpark(execution, now), { look: true }),
    reopen: (reopening) => told(lives.reopen(reopening), { look: true }),
    remove: (now, limit) => lives.remove(now, limit),
    trim: (execution, to, limit) => lives.trim(execution, to, limit),
    load: (execution) => queries.load(execution),
    nextWake: (after) => queries.nextWake(after),
    settle: async (id, settlement, now) =>
      news.tell({ called: [await callbacks.settle(id, settlement, now)] }),
    heartbeat: (id, now) => callbacks.heartbeat(id, now),
    expire: (id, now) => callbacks.expire(id, now),
    post: (execution, body) => told(callbacks.post(execution, body), { called: [execution] }),
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

type Running =
  "acquire" | "renew" | "rejoin" | "release" | "claim" | "releaseLeases" | "create" | "createAll" | "commit";

/** What a worker asks for. */
function running(connection: PostgresConnection, news: PostgresNews): Pick<Store, Running> {
  const leases = new PostgresLeases(connection);
  const commits = new PostgresCommits(connection);
  const queries = new PostgresQueries(connection);
  let build = "";
  const createAll = async (
    executions: readonly NewExecution[],
    epoch?: number,
  ): Promise<readonly Created[]> => {
    const made = new Map(await commits.create(executions, epoch));
    if ([...made.values()].includes(false)) news.tell({ look: true });
    return Promise.all(
      executions.map(async (execution): Promise<Created> => {
        const isLeased = made.get(execution.id);
        // Of several with one id, the first was created.
        made.delete(execution.id);
        if (isLeased === false) return { created: true, row: newRow(execution) };
        if (isLeased === true) return { created: true, row: newRow(execution), lease: 1 };
        return queries.existing(execution);
      }),
    );
  };
  return {
    acquire: (owner, _, staleMs) => {
      build = owner.build;
      return leases.acquire(owner, staleMs);
    },
    renew: (epoch) => leases.renew(epoch),
    rejoin: (owner, staleMs) => leases.rejoin(owner, staleMs),
    release: async (epoch) => {
      await leases.release(epoch);
      news.tell({ look: true });
    },
    claim: async (epoch, wanted) => {
      if (await leases.bury()) news.tell({ look: true });
      return leases.claim(epoch, wanted);
    },
    releaseLeases: async (epoch, list) => {
      const earliest = await leases.releaseLeases(epoch, list);
      // A sleep is nobody's news.
      if (earliest !== null && earliest <= Date.now()) news.tell({ look: true });
    },
    create: async (execution, epoch) => (await createAll([execution], epoch))[0]!,
    createAll,
    commit: async (epoch, list) => {
      const lost = await commits.commit(epoch, list, build);
      if (list.some(concernsOthers)) news.tell(newsOf(list));
      return lost;
    },
  };
}

function newsOf(commits: readonly Commit[]): Parameters<PostgresNews["tell"]>[0] {
  return {
    look: commits.some(({ problem, starts }) => problem !== undefined || starts !== undefined),
    called: commits.flatMap(({ posts = [] }) => posts.map(({ execution }) => execution)),
    ended: commits.flatMap(({ end, execution }) => (end === undefined ? [] : [execution])),
  };
}

/** Steps on the way are nobody else's news. */
function concernsOthers({ end, problem, starts, posts }: Commit): boolean {
  return end !== undefined || problem !== undefined || starts !== undefined || posts !== undefined;
}
