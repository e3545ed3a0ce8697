import type { StatementSync } from "node:sqlite";
import { FencedError, JournalConflictError, StoreError } from "../errors.ts";
import { assertId } from "./rows.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { isDuplicate } from "./sqlite-errors.ts";
import { SqliteSnapshots } from "./sqlite-snapshots.ts";
import type { SnapshotPlace } from "./sqlite-snapshots.ts";
import type { Commit, NewExecution, StoredEvent } from "./store.ts";

/** What is known of a running execution without asking the file: commits of one execution follow each other closely. */
interface Entry {
  readonly key: number;
  lastSeq: number;
  wakeAt: number | null;
  snapshot: SnapshotPlace;
}

/** Entries that are kept: of the executions that committed last. */
const ENTRY_MAX = 10_000;

/** Writes executions: their creation and their commits. */
export class SqliteCommits {
  private readonly connection: SqliteConnection;
  private readonly snapshots: SqliteSnapshots;
  /** Right as long as no other connection has written, which every transaction looks at first. */
  private readonly entries = new Map<string, Entry>();
  private version: unknown = null;
  /** The epoch that has been found to be the owner's since, so that it need not be read again. */
  private owned: number | null = null;
  private readonly statements: Readonly<Record<keyof typeof SQL, StatementSync>>;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
    this.snapshots = new SqliteSnapshots(connection);
    const names = Object.keys(SQL) as (keyof typeof SQL)[];
    this.statements = Object.fromEntries(
      names.map((name) => [name, connection.prepare(SQL[name])]),
    ) as Record<keyof typeof SQL, StatementSync>;
  }

  /** Tells of each whether it was created; one whose id exists is left as it is. */
  create(executions: readonly NewExecution[]): readonly boolean[] {
    return this.transaction(() => executions.map((execution) => this.createOne(execution)));
  }

  commit(epoch: number, commits: readonly Commit[]): void {
    this.transaction(() => {
      if (epoch !== this.owned) this.assertOwned(epoch);
      for (const commit of commits) this.commitOne(commit);
    });
  }

  private transaction<T>(work: () => T): T {
    try {
      return this.connection.write(() => {
        const version = this.statements.version.get()!.data_version;
        if (version !== this.version) this.forget();
        this.version = version;
        return work();
      });
    } catch (error) {
      // What the entries say has not happened.
      this.forget();
      throw error;
    }
  }

  /** Nothing that was read before counts any more. Also to be called when this connection changes the owner. */
  forget(): void {
    this.entries.clear();
    this.owned = null;
  }

  private assertOwned(epoch: number): void {
    const owner = this.statements.epoch.get();
    if (owner === undefined || owner.epoch !== epoch || owner.id === null) {
      throw new FencedError(
        `Another worker has taken over the store ${this.connection.file}: nothing of this commit was written.`,
      );
    }
    this.owned = epoch;
  }

  private createOne({ id, function: name, input, createdAt, event }: NewExecution): boolean {
    assertId(id);
    const { changes, lastInsertRowid } = this.statements.insertExecution.run(id, name, createdAt, createdAt);
    if (changes === 0) return false;
    const key = Number(lastInsertRowid);
    this.statements.insertInput.run(key, input);
    this.statements.insertEvent.run(key, event.seq, event.kind, event.body);
    this.remember(id, { key, lastSeq: event.seq, wakeAt: createdAt, snapshot: null });
    return true;
  }

  private commitOne(commit: Commit): void {
    const { statements } = this;
    const entry = this.entries.get(commit.execution) ?? this.find(commit.execution);
    const { key } = entry;
    for (const event of commit.events) this.append(commit.execution, entry, event);
    if (commit.snapshot !== undefined)
      entry.snapshot = this.snapshots.write(key, commit.snapshot, entry.snapshot);
    if (commit.wakeAt !== entry.wakeAt) statements.setWake.run((entry.wakeAt = commit.wakeAt), key);
    for (const number of commit.consumed) statements.consume.run(number, key);
    for (const callback of commit.opened) this.open(key, callback);
    for (const id of commit.closed) statements.closeCallback.run(id, key);
    if (commit.problem !== undefined) statements.setProblem.run(commit.problem, key);
    if (commit.end !== undefined) this.end(commit.execution, entry, commit.end);
  }

  private append(execution: string, entry: Entry, { seq, kind, body }: StoredEvent): void {
    if (seq !== entry.lastSeq + 1) throw conflict(execution, seq, entry.lastSeq);
    this.statements.insertEvent.run(entry.key, seq, kind, body);
    entry.lastSeq = seq;
  }

  private open(key: number, { id, op, timeoutAt, heartbeatMs, heartbeatAt }: Commit["opened"][number]): void {
    assertId(id);
    try {
      this.statements.openCallback.run(id, key, op, timeoutAt, heartbeatMs, heartbeatAt);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new StoreError(`The callback "${id}" exists already in ${this.connection.file}.`, {
        cause: error,
      });
    }
  }

  private end(
    execution: string,
    { key }: Entry,
    { status, result, error, at }: NonNullable<Commit["end"]>,
  ): void {
    const { statements } = this;
    statements.end.run(status, at, key);
    statements.insertOutcome.run(key, result, error);
    statements.closeCallbacks.run(key);
    statements.emptyInbox.run(key);
    this.snapshots.remove(key);
    this.entries.delete(execution);
  }

  private find(execution: string): Entry {
    const row = this.statements.find.get(execution);
    if (row === undefined)
      throw new StoreError(`There is no execution "${execution}" in ${this.connection.file}.`);
    if (row.status !== "RUNNING") {
      throw new JournalConflictError(
        `The execution "${execution}" has ended (${String(row.status)}): its journal is closed.`,
      );
    }
    const key = row.key as number;
    const entry: Entry = {
      key,
      lastSeq: this.lastSeq(key),
      wakeAt: row.wake_at as number | null,
      snapshot: this.snapshots.find(key),
    };
    this.remember(execution, entry);
    return entry;
  }

  private lastSeq(key: number): number {
    return (this.statements.lastSeq.get(key)?.seq as number | null | undefined) ?? 0;
  }

  private remember(execution: string, entry: Entry): void {
    // The oldest entries go first: a Map keeps its order.
    if (this.entries.size >= ENTRY_MAX) this.entries.delete(this.entries.keys().next().value!);
    this.entries.set(execution, entry);
  }
}

function conflict(execution: string, seq: number, lastSeq: number): JournalConflictError {
  return new JournalConflictError(
    `Event ${seq} of execution "${execution}" cannot be written: its journal ends at ${lastSeq}. ` +
      "Another worker may have written it; nothing of this commit was.",
  );
}

const SQL = {
  version: "PRAGMA data_version",
  epoch: "SELECT epoch, id FROM owner WHERE one = 1",
  find: "SELECT key, status, wake_at FROM executions WHERE id = ?",
  lastSeq: "SELECT max(seq) AS seq FROM events WHERE execution = ?",
  insertExecution:
    "INSERT INTO executions (id, function, created_at, wake_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
  insertInput: "INSERT INTO inputs (execution, body) VALUES (?, ?)",
  insertEvent: "INSERT INTO events (execution, seq, kind, body) VALUES (?, ?, ?, ?)",
  insertOutcome: "INSERT INTO outcomes (execution, result, error) VALUES (?, ?, ?)",
  setWake: "UPDATE executions SET wake_at = ? WHERE key = ?",
  setProblem: "UPDATE executions SET problem = ? WHERE key = ?",
  end: "UPDATE executions SET status = ?, ended_at = ?, wake_at = NULL WHERE key = ?",
  consume: "DELETE FROM inbox WHERE number = ? AND execution = ?",
  emptyInbox: "DELETE FROM inbox WHERE execution = ?",
  openCallback:
    "INSERT INTO callbacks (id, execution, op, timeout_at, heartbeat_ms, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?)",
  closeCallback: "UPDATE callbacks SET state = 'CLOSED' WHERE id = ? AND execution = ? AND state = 'PENDING'",
  closeCallbacks: "UPDATE callbacks SET state = 'CLOSED' WHERE execution = ? AND state = 'PENDING'",
} as const;
