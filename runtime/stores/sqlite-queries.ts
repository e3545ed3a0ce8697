import type { SQLOutputValue, StatementSync } from "node:sqlite";
import { toExecution } from "./columns.ts";
import type { CountedGroup, FunctionCounts } from "./counts.ts";
import { groupColumns, toCounts } from "./counts.ts";
import type { Candidate } from "./holdings.ts";
import { listLimit, toExisting } from "./rows.ts";
import { SqliteChunks, toHashes } from "./sqlite-chunks.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { SqliteSnapshots } from "./sqlite-snapshots.ts";
import type { Wanted } from "./leases.ts";
import type {
  Created,
  ExecutionRow,
  ExecutionStatus,
  ListFilter,
  LoadedExecution,
  NewExecution,
  StoredEvent,
} from "./store.ts";

const ROW = "SELECT e.*, (SELECT max(seq) FROM events WHERE execution = e.key) AS last_seq FROM executions e";
const PARKED = `${ROW} INDEXED BY executions_parked`;

/**
 * Exactly the condition of the index, and by name: left alone, SQLite takes the index on status, and then looks at every
 * sleeping execution to find the few that are due.
 */
const DUE =
  "executions INDEXED BY executions_due WHERE status = 'RUNNING' AND problem IS NULL AND wake_at IS NOT NULL";

type Row = Record<string, SQLOutputValue>;

/** What is read and never written. */
export class SqliteQueries {
  private readonly connection: SqliteConnection;
  private readonly chunks: SqliteChunks;
  private readonly snapshots: SqliteSnapshots;
  private readonly selectRow: StatementSync;
  private readonly selectKey: StatementSync;
  private readonly selectEvents: StatementSync;
  private readonly selectMessages: StatementSync;
  private readonly selectDue: StatementSync;
  private readonly selectCalled: StatementSync;
  private readonly selectNextWake: StatementSync;
  private readonly selectStatus: StatementSync;
  private readonly selectCounts: StatementSync;
  private readonly dataVersion: StatementSync;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
    this.chunks = new SqliteChunks(connection);
    this.snapshots = new SqliteSnapshots(connection, this.chunks);
    this.selectRow = connection.prepare(`${ROW} WHERE e.id = ?`);
    this.selectKey = connection.prepare("SELECT key FROM executions WHERE id = ?");
    this.selectEvents = connection.prepare(
      "SELECT seq, kind, body, chunks FROM events WHERE execution = ? AND seq > ? ORDER BY seq LIMIT ?",
    );
    this.selectMessages = connection.prepare(
      "SELECT number, body FROM inbox WHERE execution = ? ORDER BY number",
    );
    this.selectDue = connection.prepare(
      `SELECT id, function FROM ${DUE} AND wake_at <= ? AND function IN (SELECT value FROM json_each(?))
        ORDER BY wake_at, key LIMIT ?`,
    );
    this.selectCalled = connection.prepare(`
      SELECT e.id, e.function FROM inbox i CROSS JOIN executions e ON e.key = i.execution
      WHERE e.status = 'RUNNING' AND e.problem IS NULL
      GROUP BY e.key ORDER BY e.wake_at IS NULL, e.wake_at, min(i.number)`);
    this.selectNextWake = connection.prepare(`SELECT min(wake_at) AS at FROM ${DUE} AND wake_at > ?`);
    this.selectStatus = connection.prepare("SELECT status FROM executions WHERE id = ?");
    this.selectCounts = connection.prepare(`
      SELECT function, status, 0 AS paused, 'ended' AS state, count(*) AS count, NULL AS earliest
        FROM executions INDEXED BY executions_ended WHERE status <> 'RUNNING' GROUP BY function, status
      UNION ALL SELECT ${groupColumns("?")}, count(*), min(wake_at)
        FROM executions WHERE status = 'RUNNING' GROUP BY 1, 2, 3, 4`);
    this.dataVersion = connection.prepare("PRAGMA data_version");
  }

  load(execution: string): LoadedExecution | null {
    return this.connection.read(() => {
      const found = this.selectRow.get(execution);
      if (found === undefined) return null;
      const row = toRow(found);
      if (row.status !== "RUNNING") return { row, snapshot: null, chunks: [], tail: [], messages: [] };
      const key = found.key as number;
      const { snapshot, chunks } = this.snapshots.read(key);
      const tail = this.events(key, snapshot?.seq ?? 0, -1);
      const messages = this.selectMessages
        .all(key)
        .map(({ number, body }) => ({ number: number as number, execution, body: body as string }));
      return { row, snapshot, chunks, tail, messages };
    });
  }

  get(execution: string): ExecutionRow | null {
    return this.connection.guard(() => {
      const found = this.selectRow.get(execution);
      return found === undefined ? null : toRow(found);
    });
  }

  /** What is there instead of it. Inside whatever transaction is open. */
  existing(asked: NewExecution): Created {
    return this.connection.within(() => {
      const found = this.selectRow.get(asked.id);
      if (found === undefined) return toExisting(asked, null, undefined);
      return toExisting(asked, toRow(found), this.events(found.key as number, 0, 1)[0]);
    });
  }

  /** Newest first, as they were created. */
  list(filter: ListFilter): readonly ExecutionRow[] {
    const { status, function: name, parked, limit, before, tags, parent, queue } = filter;
    const conditions: string[] = [];
    const values: string[] = [];
    const add = (condition: string, ...given: readonly (string | undefined)[]): void => {
      const known = given.filter((value) => value !== undefined);
      if (known.length === 0) return;
      conditions.push(condition);
      values.push(...known);
    };
    for (const [tag, value] of Object.entries(tags ?? {}))
      add("e.key IN (SELECT execution FROM tags WHERE name = ? AND value = ?)", tag, value);
    add("e.parent = ?", parent);
    add("e.queue = ?", queue);
    add("e.status = ?", status);
    add("e.function = ?", name);
    add("e.key < (SELECT key FROM executions WHERE id = ?)", before);
    if (parked === true) conditions.push("e.problem IS NOT NULL");
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    return this.connection.guard(() =>
      this.connection
        .prepare(`${parked === true ? PARKED : ROW} ${where} ORDER BY e.key DESC LIMIT ?`)
        .all(...values, listLimit(limit))
        .map(toRow),
    );
  }

  history(execution: string, afterSeq: number, limit: number): readonly StoredEvent[] {
    // Chunks of an event may go while it is read.
    return this.connection.read(() => {
      const found = this.selectKey.get(execution);
      return found === undefined ? [] : this.events(found.key as number, afterSeq, Math.max(0, limit));
    });
  }

  private events(key: number, afterSeq: number, limit: number): readonly StoredEvent[] {
    return this.selectEvents.all(key, afterSeq, limit).map((row): StoredEvent => {
      const [seq, kind, body] = [row.seq as number, row.kind as string, row.body as string];
      if (row.chunks === null) return { seq, kind, body };
      const chunks = toHashes(row.chunks);
      return { seq, kind, body: body + this.chunks.read(key, chunks, `event ${seq}`), chunks };
    });
  }

  due({ now, functions }: Wanted, limit: number): readonly Candidate[] {
    return this.connection.guard(() =>
      this.selectDue.all(now, JSON.stringify(functions), limit).map(toCandidate),
    );
  }

  called(): readonly Candidate[] {
    return this.connection.guard(() => this.selectCalled.all().map(toCandidate));
  }

  nextWake(after: number): number | null {
    return this.connection.guard(
      () => (this.selectNextWake.get(after)?.at as number | null | undefined) ?? null,
    );
  }

  ended(executions: readonly string[]): readonly string[] {
    return this.connection.guard(() =>
      executions.filter((id) => this.selectStatus.get(id)?.status !== "RUNNING"),
    );
  }

  counts(now: number): readonly FunctionCounts[] {
    return this.connection.guard(() => toCounts(this.selectCounts.all(now).map(toGroup)));
  }

  version(): number {
    return this.connection.guard(() => this.dataVersion.get()!.data_version as number);
  }
}

function toCandidate(row: Row): Candidate {
  return { id: row.id as string, function: row.function as string };
}

function toRow(row: Row): ExecutionRow {
  const tags = row.tags === null ? {} : (JSON.parse(row.tags as string) as ExecutionRow["tags"]);
  return { ...toExecution(row), tags, paused: row.paused === 1 };
}

function toGroup(row: Row): CountedGroup {
  return {
    function: row.function as string,
    status: row.status as ExecutionStatus,
    paused: row.paused === 1,
    state: row.state as CountedGroup["state"],
    count: row.count as number,
    earliest: row.earliest as number | null,
  };
}
