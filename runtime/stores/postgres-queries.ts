import { StoreCorruptError } from "../errors.ts";
import type { CountedGroup } from "./counts.ts";
import { groupColumns, toCounts } from "./counts.ts";
import { listLimit } from "./rows.ts";
import type { Querying, Row, Statement } from "./postgres-connection.ts";
import type {
  ExecutionRow,
  FunctionCounts,
  ListFilter,
  LoadedExecution,
  StoredEvent,
  StoredSnapshot,
} from "./store.ts";

/** What is read and never written. */
export class PostgresQueries {
  private readonly connection: Querying;
  private readonly row: string;
  private readonly statements: Readonly<Record<keyof ReturnType<typeof statements>, Statement>>;

  constructor(connection: Querying) {
    this.connection = connection;
    this.row = rowSql(connection.schema);
    this.statements = statements(connection.schema, this.row);
  }

  /** One statement, so that it sees one state. Its rows say what they are a part of. */
  async load(execution: string): Promise<LoadedExecution | null> {
    if (execution.includes("\0")) return null;
    const parts = await this.connection.query(this.statements.load, [execution]);
    const of = (part: string): readonly Row[] => parts.filter((row) => row.part === part);
    const [found] = of("execution");
    if (found === undefined) return null;
    const row = toRow(JSON.parse(found.body as string) as Row);
    if (row.status !== "RUNNING") return { row, snapshot: null, chunks: [], tail: [], messages: [] };
    const messages = of("message").map(({ number, body }) => ({
      number: number as number,
      execution,
      body: body as string,
    }));
    const tail = of("event").map(({ number, name, body }) => ({
      seq: number as number,
      kind: name as string,
      body: body as string,
    }));
    return { row, ...this.toSnapshot(of("snapshot")[0], of("chunk")), tail, messages };
  }

  private toSnapshot(
    found: Row | undefined,
    parts: readonly Row[],
  ): { readonly snapshot: StoredSnapshot | null; readonly chunks: readonly string[] } {
    if (found === undefined) return { snapshot: null, chunks: [] };
    const seq = found.number as number;
    const chunks = found.name === "" ? [] : (found.name as string).split(" ");
    if (found.body !== null) return { snapshot: { seq, body: found.body as string }, chunks };
    const bodies = new Map(parts.map(({ name, body }) => [name as string, body as string]));
    const body = chunks.map((hash) => bodies.get(hash) ?? this.missing(hash)).join("");
    return { snapshot: { seq, body }, chunks };
  }

  private missing(hash: string): never {
    throw new StoreCorruptError(
      `The store ${this.connection.name} is damaged: chunk ${hash} of a snapshot is missing. Restore a backup.`,
    );
  }

  async get(execution: string): Promise<ExecutionRow | null> {
    if (execution.includes("\0")) return null;
    const [found] = await this.connection.query(this.statements.get, [execution]);
    return found === undefined ? null : toRow(found);
  }

  /** Newest first, as they were created. */
  async list(filter: ListFilter): Promise<readonly ExecutionRow[]> {
    const { status, function: name, parked, limit, before, tags, parent, queue } = filter;
    const { schema } = this.connection;
    const conditions: string[] = [];
    const values: string[] = [];
    const add = (condition: (value: string) => string, value: string | undefined): void => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    add((value) => `e.status = ${value}`, status);
    add((value) => `e.function = ${value}`, name);
    add((value) => `e.parent = ${value}`, parent);
    add((value) => `e.queue = ${value}`, queue);
    if (tags !== undefined && Object.keys(tags).length > 0)
      add((value) => `e.tags @> ${value}::jsonb`, JSON.stringify(tags));
    add((value) => `e.key < (SELECT key FROM ${schema}.executions WHERE id = ${value})`, before);
    if (parked === true) conditions.push("e.problem IS NOT NULL");
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const text = `${this.row} ${where} ORDER BY e.key DESC LIMIT ${listLimit(limit)}`;
    return (await this.connection.query({ name: "", text }, values)).map(toRow);
  }

  async history(execution: string, afterSeq: number, limit: number): Promise<readonly StoredEvent[]> {
    const values = [execution, afterSeq, Math.max(0, limit)];
    return (await this.connection.query(this.statements.history, values)).map(({ seq, kind, body }) => ({
      seq: seq as number,
      kind: kind as string,
      body: body as string,
    }));
  }

  async ended(executions: readonly string[]): Promise<readonly string[]> {
    const running = await this.connection.query(this.statements.running, [executions]);
    const ids = new Set(running.map(({ id }) => id as string));
    return executions.filter((id) => !ids.has(id));
  }

  async counts(now: number): Promise<readonly FunctionCounts[]> {
    const groups = await this.connection.query(this.statements.counts, [now]);
    return toCounts(
      groups.map((row) => ({
        function: row.function as string,
        status: row.status as ExecutionRow["status"],
        paused: row.paused === true,
        state: row.state as CountedGroup["state"],
        count: row.count as number,
        earliest: row.earliest as number | null,
      })),
    );
  }

  async due(now: number, limit: number): Promise<readonly string[]> {
    const due = (await this.connection.query(this.statements.due, [now, limit])).map(
      ({ id }) => id as string,
    );
    if (due.length >= limit) return due;
    const called = await this.connection.query(this.statements.called, [now, limit - due.length]);
    return [...due, ...called.map(({ id }) => id as string)];
  }

  async nextWake(after: number): Promise<number | null> {
    const [row] = await this.connection.query(this.statements.nextWake, [after]);
    return (row?.at as number | null | undefined) ?? null;
  }
}

const rowSql = (s: string): string => `
  SELECT e.id, e.function, e.status, i.body AS input, o.result, o.error, e.problem, e.created_at, e.ended_at, e.wake_at,
    e.parent, e.queue, e.tags, e.paused, e.expires_at,
    (SELECT max(seq) FROM ${s}.events WHERE execution = e.key) AS last_seq
  FROM ${s}.executions e JOIN ${s}.inputs i ON i.execution = e.key LEFT JOIN ${s}.outcomes o ON o.execution = e.key`;

const DUE = "status = 'RUNNING' AND problem IS NULL AND wake_at IS NOT NULL";

/** Prepared by each connection, under their names. */
const statements = (s: string, row: string) => ({
  get: { name: "get", text: `${row} WHERE e.id = $1` },
  load: { name: "load", text: loadSql(s, row) },
  history: {
    name: "history",
    text: `SELECT v.seq, v.kind, v.body FROM ${s}.events v JOIN ${s}.executions e ON e.key = v.execution
      WHERE e.id = $1 AND v.seq > $2 ORDER BY v.seq LIMIT $3`,
  },
  running: {
    name: "running",
    text: `SELECT id FROM ${s}.executions WHERE status = 'RUNNING' AND id = ANY($1)`,
  },
  counts: {
    name: "counts",
    text: `SELECT ${groupColumns("$1")}, count(*) AS count, min(wake_at) AS earliest FROM ${s}.executions
      GROUP BY 1, 2, 3, 4`,
  },
  due: {
    name: "due",
    text: `SELECT id FROM ${s}.executions WHERE ${DUE} AND wake_at <= $1 ORDER BY wake_at, key LIMIT $2`,
  },
  called: {
    name: "called",
    text: `SELECT e.id FROM ${s}.inbox i JOIN ${s}.executions e ON e.key = i.execution
      WHERE e.status = 'RUNNING' AND e.problem IS NULL AND (e.wake_at IS NULL OR e.wake_at > $1)
      GROUP BY e.key ORDER BY e.wake_at NULLS LAST, min(i.number) LIMIT $2`,
  },
  nextWake: {
    name: "nextWake",
    text: `SELECT min(wake_at) AS at FROM ${s}.executions WHERE ${DUE} AND wake_at > $1`,
  },
});

const loadSql = (s: string, row: string): string => `
  WITH x AS (SELECT key, status = 'RUNNING' AS runs FROM ${s}.executions WHERE id = $1),
    k AS (SELECT s.* FROM ${s}.snapshots s JOIN x ON s.execution = x.key WHERE x.runs)
  SELECT 'execution' AS part, 0::bigint AS number, '' AS name, row_to_json(r)::text AS body
    FROM (${row} WHERE e.id = $1) r
  UNION ALL SELECT 'snapshot', seq, chunks, body FROM k
  UNION ALL SELECT 'chunk', 0, c.hash, c.body FROM k JOIN ${s}.chunks c ON c.execution = k.execution
    WHERE k.body IS NULL
  UNION ALL (SELECT 'event', v.seq, v.kind, v.body FROM x JOIN ${s}.events v ON v.execution = x.key
    WHERE x.runs AND v.seq > coalesce((SELECT seq FROM k), 0) ORDER BY v.seq)
  UNION ALL (SELECT 'message', i.number, '', i.body FROM x JOIN ${s}.inbox i ON i.execution = x.key
    WHERE x.runs ORDER BY i.number)`;

function toRow(row: Row): ExecutionRow {
  return {
    id: row.id as string,
    function: row.function as string,
    status: row.status as ExecutionRow["status"],
    input: row.input as string,
    result: row.result as string | null,
    error: row.error as string | null,
    problem: row.problem as string | null,
    createdAt: row.created_at as number,
    endedAt: row.ended_at as number | null,
    wakeAt: row.wake_at as number | null,
    lastSeq: row.last_seq as number,
    parent: row.parent as string | null,
    queue: row.queue as string | null,
    tags: (row.tags as ExecutionRow["tags"] | null) ?? {},
    paused: row.paused === true,
    expiresAt: row.expires_at as number | null,
  };
}
