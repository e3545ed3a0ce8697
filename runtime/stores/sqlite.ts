import type { StatementSync } from "node:sqlite";
import { Holdings } from "./holdings.ts";
import { isReplaceable, newRow } from "./rows.ts";
import { SqliteCallbacks } from "./sqlite-callbacks.ts";
import { SqliteCommits } from "./sqlite-commit.ts";
import { BUSY_TIMEOUT_MS, openConnection } from "./sqlite-connection.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteOptions } from "./sqlite-options.ts";
import { watchLog } from "./sqlite-news.ts";
import { SqliteQueries } from "./sqlite-queries.ts";
import { MIGRATIONS } from "./sqlite-schema.ts";
import { LOOK } from "./news.ts";
import { SqliteTransactions } from "./sqlite-transactions.ts";
import { SqliteTurns } from "./sqlite-turns.ts";
import type {
  Acquired,
  Commit,
  Created,
  ListFilter,
  NewExecution,
  Owner,
  Settlement,
  Store,
} from "./store.ts";

// From a file without `node:sqlite`: a project whose types do not include Node's must be able to read ours.
export type { SqliteOptions } from "./sqlite-options.ts";

/**
 * A store in one SQLite file. Makes the file and its folder if they are missing, and brings an older file up to date.
 * Throws `StoreCorruptError`, `StoreTooNewError` or `StoreError`, each naming the file and what to do.
 *
 * Every method answers at once: a commit is on the disk when it returns. While a `transaction()` of this process is open,
 * writes answer with a promise. One process runs executions at a time; any
 * number may create, read and settle.
 */
export function openSqliteStore(file: string, options: SqliteOptions = {}): Store {
  const connection = openConnection({ file, options, migrations: MIGRATIONS });
  const commits = new SqliteCommits(connection);
  const callbacks = new SqliteCallbacks(connection);
  const queries = new SqliteQueries(connection);
  const turns = new SqliteTurns();
  const busyTimeoutMs = options.busyTimeoutMs ?? BUSY_TIMEOUT_MS;
  const transactions = new SqliteTransactions({ file, turns, busyTimeoutMs });
  return {
    name: file,
    transactions,
    ...running({ commits, queries, turns, ownership: new SqliteOwnership(connection) }),
    admit: (queue, moment) => turns.write(() => commits.admit(queue, moment)),
    unpark: (execution, now) => turns.write(() => commits.unpark(execution, now)),
    reopen: (reopening) => turns.write(() => commits.reopen(reopening)),
    remove: (now, limit) => turns.write(() => commits.remove(now, limit)),
    trim: (execution, to, limit) => turns.write(() => commits.trim(execution, to, limit)),
    load: (execution) => queries.load(execution),
    nextWake: (after) => queries.nextWake(after),
    settle: (id: string, settlement: Settlement, now: number) =>
      turns.write(() => callbacks.settle(id, settlement, now)),
    heartbeat: (id, now) => turns.write(() => callbacks.heartbeat(id, now)),
    expire: (id, now) => turns.write(() => callbacks.expire(id, now)),
    post: (execution, body) => turns.write(() => callbacks.post(execution, body)),
    messages: (execution) => callbacks.messages(execution),
    callback: (id) => callbacks.callback(id),
    get: (execution) => queries.get(execution),
    about: (execution) => callbacks.about(execution),
    list: (filter: ListFilter) => queries.list(filter),
    ended: (executions) => queries.ended(executions),
    counts: (now) => queries.counts(now),
    history: (execution, afterSeq, limit) => queries.history(execution, afterSeq, limit),
    version: () => queries.version(),
    onNews: (listener) =>
      watchLog(
        file,
        () => queries.version(),
        () => listener(LOOK),
      ),
    close: () => {
      transactions.close();
      connection.close();
    },
  };
}

interface Parts {
  readonly ownership: SqliteOwnership;
  readonly commits: SqliteCommits;
  readonly queries: SqliteQueries;
  readonly turns: SqliteTurns;
}

type Running =
  "acquire" | "renew" | "release" | "claim" | "releaseLeases" | "create" | "createAll" | "commit";

/** What a worker asks for. */
function running({ ownership, commits, queries, turns }: Parts): Pick<Store, Running> {
  const holdings = new Holdings();
  let build = "";
  const createAll = (executions: readonly NewExecution[], epoch?: number): readonly Created[] => {
    const created = commits.create(executions);
    const isOwned = epoch !== undefined && commits.isOwned(epoch);
    return executions.map((execution, i) => {
      if (created[i] === true) {
        if (!isOwned || execution.queue !== undefined) return { created: true, row: newRow(execution) };
        holdings.add(execution.id);
        return { created: true, row: newRow(execution), lease: epoch };
      }
      return queries.existing(execution);
    });
  };
  return {
    acquire: (owner, now, staleMs) =>
      turns.write(() => {
        commits.forget();
        holdings.clear();
        build = owner.build;
        return ownership.acquire(owner, now, staleMs);
      }),
    renew: (epoch, now) => turns.write(() => ownership.renew(epoch, now)),
    release: (epoch) =>
      turns.write(() => {
        commits.forget();
        ownership.release(epoch);
      }),
    claim: (epoch, wanted) =>
      turns.write(() => {
        commits.assertOwned(epoch);
        if (wanted.parked === true) commits.unparkOthers(wanted, build);
        return holdings.claim(epoch, wanted, queries);
      }),
    releaseLeases: (_, leases) => holdings.release(leases),
    create: (execution: NewExecution, epoch?: number) => turns.write(() => createAll([execution], epoch)[0]!),
    createAll: (executions, epoch) => turns.write(() => createAll(executions, epoch)),
    commit: (epoch: number, list: readonly Commit[]) =>
      turns.write(() => {
        const lost = commits.commit(epoch, list, build);
        holdings.committed(list);
        return lost;
      }),
  };
}

/** The one row that says who may commit. */
class SqliteOwnership {
  private readonly connection: SqliteConnection;
  private readonly select: StatementSync;
  private readonly take: StatementSync;
  private readonly beat: StatementSync;
  private readonly leave: StatementSync;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
    this.select = connection.prepare("SELECT epoch, id, pid, host, heartbeat_at FROM owner WHERE one = 1");
    this.take = connection.prepare(
      "UPDATE owner SET epoch = epoch + 1, id = ?, pid = ?, host = ?, heartbeat_at = ? WHERE one = 1",
    );
    this.beat = connection.prepare("UPDATE owner SET heartbeat_at = ? WHERE epoch = ? AND id IS NOT NULL");
    this.leave = connection.prepare(
      "UPDATE owner SET id = NULL, pid = NULL, host = NULL, heartbeat_at = NULL WHERE epoch = ?",
    );
  }

  acquire(owner: Owner, now: number, staleMs: number): Acquired {
    return this.connection.write((): Acquired => {
      const row = this.select.get()!;
      if (row.id !== null) {
        const by = { id: row.id as string, pid: row.pid as number, host: row.host as string };
        const heartbeatAt = row.heartbeat_at as number;
        if (!isReplaceable({ ...by, heartbeatAt }, { owner, now, staleMs }))
          return { kind: "held", by, heartbeatAt };
      }
      this.take.run(owner.id, owner.pid, owner.host, now);
      return { kind: "acquired", epoch: (row.epoch as number) + 1 };
    });
  }

  renew(epoch: number, now: number): boolean {
    this.connection.assertInPlace();
    return this.connection.write(() => this.beat.run(now, epoch).changes === 1);
  }

  release(epoch: number): void {
    this.connection.write(() => this.leave.run(epoch));
  }
}
