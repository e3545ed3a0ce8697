import type { StatementSync } from "node:sqlite";
import { FencedError, JournalConflictError, StoreError } from "../errors.ts";
import { addBuild, assertId, assertPast, wakeTimeOf } from "./rows.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { isDuplicate } from "./sqlite-errors.ts";
import { SqliteChunks, toHashes } from "./sqlite-chunks.ts";
import { SqliteQueues } from "./sqlite-queues.ts";
import { SqliteSnapshots } from "./sqlite-snapshots.ts";
import type { SnapshotPlace } from "./sqlite-snapshots.ts";
import type { Wanted } from "./leases.ts";
import type {
  AdmissionMoment,
  Admitted,
  Commit,
  EventWrite,
  NewExecution,
  QueueLimits,
  Reopening,
} from "./store.ts";

/** What is known of a running execution without asking the file: commits of one execution follow each other closely. */
interface Entry {
  readonly key: number;
  lastSeq: number;
  wakeAt: number | null;
  snapshot: SnapshotPlace;
}

/** Entries that are kept: of the executions that committed last. */
const ENTRY_MAX = 10_000;

const NONE: string[] = [];

/** Writes executions: their creation and their commits. */
export class SqliteCommits {
  private readonly connection: SqliteConnection;
  private readonly chunks: SqliteChunks;
  private readonly snapshots: SqliteSnapshots;
  private readonly queues: SqliteQueues;
  /** Right as long as no other connection has written, which every transaction looks at first. */
  private readonly entries = new Map<string, Entry>();
  private version: unknown = null;
  /** The epoch that has been found to be the owner's since, so that it need not be read again. */
  private owned: number | null = null;
  private readonly statements: Readonly<Record<keyof typeof SQL, StatementSync>>;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
    this.chunks = new SqliteChunks(connection);
    this.snapshots = new SqliteSnapshots(connection, this.chunks);
    this.queues = new SqliteQueues(connection);
    const names = Object.keys(SQL) as (keyof typeof SQL)[];
    this.statements = Object.fromEntries(
      names.map((name) => [name, connection.prepare(SQL[name])]),
    ) as Record<keyof typeof SQL, StatementSync>;
  }

  /** Tells of each whether it was created; one whose id exists is left as it is. */
  create(executions: readonly NewExecution[]): readonly boolean[] {
    return this.transaction(() => executions.map((execution) => this.createOne(execution)));
  }

  admit(queue: QueueLimits, moment: AdmissionMoment): Admitted {
    return this.transaction(() => this.queues.admit(queue, moment));
  }

  /** Ids of those that have ended or are not there: nothing of them is written. `build` is who parks. */
  commit(epoch: number, commits: readonly Commit[], build: string): readonly string[] {
    return this.transaction(() => {
      this.assertOwned(epoch);
      let lost: string[] = NONE;
      for (const commit of commits) if (!this.commitOne(commit, build)) lost = [...lost, commit.execution];
      return lost;
    });
  }

  /** What builds of other names have parked may be tried again. */
  unparkOthers({ now, functions }: Wanted, build: string): void {
    const names = JSON.stringify(functions);
    const ids = this.connection.guard(() => this.statements.findParked.all(names, build));
    if (ids.length > 0) this.transaction(() => ids.forEach(({ id }) => this.unparkOne(id as string, now)));
  }

  unpark(execution: string, now: number): boolean {
    return this.transaction(() => {
      const { changes } = this.statements.forgetBuilds.run(execution);
      if (changes > 0) this.unparkOne(execution, now);
      return changes > 0;
    });
  }

  private unparkOne(execution: string, now: number): void {
    this.statements.unpark.run(now, execution);
    this.entries.delete(execution);
  }

  /** `create` inside a transaction that somebody else has begun on this connection, or else in one of its own. */
  createHere(execution: NewExecution): boolean {
    return this.connection.within(() => this.createOne(execution));
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

  assertOwned(epoch: number): void {
    if (this.isOwned(epoch)) return;
    throw new FencedError(
      `Another worker has taken over the store ${this.connection.file}: nothing was written.`,
    );
  }

  /** What was read once is right as long as nobody else has written, which the next transaction looks at. */
  isOwned(epoch: number): boolean {
    if (epoch === this.owned) return true;
    const owner = this.connection.guard(() => this.statements.epoch.get());
    if (owner?.epoch !== epoch || owner.id === null) return false;
    this.owned = epoch;
    return true;
  }

  private createOne(execution: NewExecution): boolean {
    const { id, function: name, createdAt, event, past = [], opened = [], tags = {} } = execution;
    const { parent = null, keepMs = null, queue } = execution;
    const wakeAt = wakeTimeOf(execution);
    assertId(id);
    assertPast(execution);
    const { statements } = this;
    const entries = Object.entries(tags);
    const shown = entries.length === 0 ? null : JSON.stringify(tags);
    const insert = statements.insertExecution;
    const { changes, lastInsertRowid } = insert.run(
      ...[id, name, createdAt, wakeAt, parent, keepMs, shown, queue?.name ?? null],
    );
    if (changes === 0) return false;
    const key = Number(lastInsertRowid);
    for (const one of [event, ...past]) this.insert(key, one);
    for (const [tag, value] of entries) statements.insertTag.run(tag, value, key);
    for (const callback of opened) this.open(key, callback);
    if (queue !== undefined) this.queues.put(key, queue);
    if (execution.held !== undefined) statements.setProblem.run(execution.held, "", key);
    this.remember(id, { key, lastSeq: past.at(-1)?.seq ?? 1, wakeAt, snapshot: null });
    return true;
  }

  reopen({ execution, event, wakeAt, callbacks }: Reopening): boolean {
    return this.transaction(() => {
      const { statements } = this;
      const row = statements.find.get(execution);
      if (row === undefined || row.status === "RUNNING") return false;
      const key = row.key as number;
      const entry: Entry = { key, lastSeq: this.lastSeq(key), wakeAt, snapshot: null };
      this.append(execution, entry, event);
      statements.reopen.run(wakeAt, key);
      statements.dropTransacted.run(key);
      for (const id of callbacks) statements.reopenCallback.run(id, key);
      this.remember(execution, entry);
      return true;
    });
  }

  /** Of executions whose time is over, the oldest first; the row goes last, with the first and the last event. */
  remove(now: number, limit: number): number {
    return this.transaction(() => {
      const { statements } = this;
      let removed = 0;
      while (removed < limit) {
        const key = statements.findExpired.get(now)?.key;
        if (key === undefined) return removed;
        removed += this.forgetEvents(statements.dropEvents.all({ key, limit: limit - removed }));
        if (removed >= limit) return removed;
        statements.dropEnds.run(key);
        this.chunks.removeAll(key as number);
        removed += Number(statements.dropExecution.run(key).changes);
      }
      return removed;
    });
  }

  trim(execution: string, to: number, limit: number): number {
    return this.transaction(() => this.forgetEvents(this.statements.trim.all({ execution, to, limit })));
  }

  /** Of one execution, the oldest it had but the first. Returns how many there are. */
  private forgetEvents(removed: readonly Record<string, unknown>[]): number {
    const large = removed.filter(({ chunks }) => chunks !== null);
    if (large.length === 0) return removed.length;
    const key = removed[0]!.execution as number;
    const last = Math.max(...removed.map(({ seq }) => seq as number));
    const inState = new Set(this.snapshots.shared(key));
    const hashes = new Set(large.flatMap(({ chunks }) => toHashes(chunks)));
    this.chunks.unpin(key, last, { hashes, isKept: (hash) => inState.has(hash) });
    return removed.length;
  }

  private commitOne(commit: Commit, build: string): boolean {
    const { statements } = this;
    const entry = this.entries.get(commit.execution) ?? this.find(commit.execution);
    if (entry === null) return false;
    const { key } = entry;
    for (const event of commit.events) this.append(commit.execution, entry, event);
    if (commit.snapshot !== undefined)
      entry.snapshot = this.snapshots.write(key, commit.snapshot, entry.snapshot);
    if (commit.wakeAt !== entry.wakeAt) statements.setWake.run((entry.wakeAt = commit.wakeAt), key);
    for (const number of commit.consumed) statements.consume.run(number, key);
    for (const callback of commit.opened) this.open(key, callback);
    for (const id of commit.closed) statements.closeCallback.run(id, key);
    if (commit.problem !== undefined) this.setProblem(key, commit.problem, build);
    if (commit.paused !== undefined) statements.setPaused.run(commit.paused ? 1 : 0, key);
    if (commit.end !== undefined) this.end(commit.execution, entry, commit.end);
    for (const execution of commit.starts ?? []) this.createOne(execution);
    for (const { execution, body } of commit.posts ?? []) statements.post.run(body, execution);
    return true;
  }

  private setProblem(key: number, problem: string | null, build: string): void {
    const { setProblem, parkedBy } = this.statements;
    const builds = parkedBy.get(key)!.parked_by as string;
    setProblem.run(problem, problem === null ? builds : addBuild(builds, build), key);
  }

  private append(execution: string, entry: Entry, event: EventWrite): void {
    const { seq } = event;
    if (seq !== entry.lastSeq + 1) throw conflict(execution, seq, entry.lastSeq);
    this.insert(entry.key, event);
    entry.lastSeq = seq;
  }

  private insert(key: number, event: EventWrite): void {
    if (event.chunks !== undefined) return this.chunks.append(key, event);
    this.statements.insertEvent.run(key, event.seq, event.kind, event.body);
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

  private end(execution: string, { key, snapshot }: Entry, { status, at }: NonNullable<Commit["end"]>): void {
    const { statements } = this;
    statements.end.run(status, at, at, key);
    statements.closeCallbacks.run(key);
    statements.emptyInbox.run(key);
    this.queues.leave(key);
    if (snapshot !== null) this.snapshots.remove(key);
    this.entries.delete(execution);
  }

  /** Null: it has ended, or is not there. */
  private find(execution: string): Entry | null {
    const row = this.statements.find.get(execution);
    if (row?.status !== "RUNNING") return null;
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
    "INSERT INTO executions (id, function, created_at, wake_at, parent, keep_ms, tags, queue) VALUES (?, ?, ?, ?, ?, ?, ?, ?) " +
    "ON CONFLICT (id) DO NOTHING",
  insertEvent: "INSERT INTO events (execution, seq, kind, body) VALUES (?, ?, ?, ?)",
  setWake: "UPDATE executions SET wake_at = ? WHERE key = ?",
  setProblem: "UPDATE executions SET problem = ?, parked_by = ? WHERE key = ?",
  parkedBy: "SELECT parked_by FROM executions WHERE key = ?",
  findParked:
    "SELECT id FROM executions INDEXED BY executions_parked WHERE problem IS NOT NULL AND status = 'RUNNING' " +
    "AND problem NOT LIKE 'Held: %' " +
    "AND function IN (SELECT value FROM json_each(?)) AND instr(' ' || parked_by, ' ' || ? || ' ') = 0",
  forgetBuilds:
    "UPDATE executions SET parked_by = '' WHERE id = ? AND problem NOT LIKE 'Held: %' AND status = 'RUNNING'",
  unpark: "UPDATE executions SET problem = NULL, wake_at = ? WHERE id = ?",
  setPaused: "UPDATE executions SET paused = ? WHERE key = ?",
  end: "UPDATE executions SET status = ?, ended_at = ?, wake_at = NULL, paused = 0, expires_at = keep_ms + ? WHERE key = ?",
  reopen:
    "UPDATE executions SET status = 'RUNNING', ended_at = NULL, expires_at = NULL, wake_at = ? WHERE key = ?",
  // What a retry has undone runs again, under the same operation id.
  dropTransacted: "DELETE FROM transacted WHERE execution = ?",
  reopenCallback:
    "UPDATE callbacks SET state = 'PENDING' WHERE id = ? AND execution = ? AND state = 'CLOSED'",
  insertTag: "INSERT INTO tags (name, value, execution) VALUES (?, ?, ?)",
  post: "INSERT INTO inbox (execution, body) SELECT key, ? FROM executions WHERE id = ? AND status = 'RUNNING'",
  findExpired:
    "SELECT key FROM executions INDEXED BY executions_expiring WHERE expires_at IS NOT NULL AND expires_at <= ? " +
    "ORDER BY expires_at LIMIT 1",
  dropEvents:
    "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE execution = :key AND seq > 1 " +
    "AND seq < (SELECT max(seq) FROM events WHERE execution = :key) ORDER BY seq LIMIT :limit) " +
    "RETURNING execution, seq, chunks",
  dropEnds: "DELETE FROM events WHERE execution = ?",
  trim:
    "DELETE FROM events WHERE number IN (SELECT e.number FROM executions x JOIN snapshots s ON s.execution = x.key " +
    "JOIN events e ON e.execution = x.key AND e.seq > 1 AND e.seq <= min(:to, s.seq) " +
    "AND e.seq < (SELECT max(seq) FROM events WHERE execution = x.key) " +
    "WHERE x.id = :execution AND x.status = 'RUNNING' ORDER BY e.seq LIMIT :limit) " +
    "RETURNING execution, seq, chunks",
  dropExecution: "DELETE FROM executions WHERE key = ?",
  consume: "DELETE FROM inbox WHERE number = ? AND execution = ?",
  emptyInbox: "DELETE FROM inbox WHERE execution = ?",
  openCallback:
    "INSERT INTO callbacks (id, execution, op, timeout_at, heartbeat_ms, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?)",
  closeCallback: "UPDATE callbacks SET state = 'CLOSED' WHERE id = ? AND execution = ? AND state = 'PENDING'",
  closeCallbacks: "UPDATE callbacks SET state = 'CLOSED' WHERE execution = ? AND state = 'PENDING'",
} as const;
