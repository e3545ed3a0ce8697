import type { CountedGroup, FunctionCounts } from "./counts.ts";
import { groupColumns, toCounts } from "./counts.ts";
import { listLimit, toExisting } from "./rows.ts";
import type { Querying, Statement } from "./postgres-connection.ts";
import { rowSql, toEvent, toLoaded, toRow } from "./postgres-loading.ts";
import type {
  Created,
  ExecutionRow,
  ListFilter,
  LoadedExecution,
  NewExecution,
  StoredEvent,
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
    return toLoaded(execution, parts, this.connection.name);
  }

  async get(execution: string): Promise<ExecutionRow | null> {
    if (execution.includes("\0")) return null;
    const [found] = await this.connection.query(this.statements.get, [execution]);
    return found === undefined ? null : toRow(found);
  }

  /** What is there instead of it. */
  async existing(asked: NewExecution): Promise<Created> {
    const { id } = asked;
    const [row, [first]] = await Promise.all([this.get(id), this.history(id, 0, 1)]);
    return toExisting(asked, row, first);
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
    const rows = await this.connection.query(this.statements.history, values);
    return rows.map((row) => toEvent(row, this.connection.name));
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

  async nextWake(after: number): Promise<number | null> {
    const [row] = await this.connection.query(this.statements.nextWake, [after]);
    return (row?.at as number | null | undefined) ?? null;
  }
}

/** Exactly the condition of the index. */
const FREE = "status = 'RUNNING' AND problem IS NULL AND wake_at IS NOT NULL AND worker IS NULL";

/** Prepared by each connection, under their names. */
const statements = (s: string, row: string) => ({
  get: { name: "get", text: `${row} WHERE e.id = $1` },
  load: { name: "load", text: loadSql(s, row) },
  history: {
    name: "history",
    text: `SELECT v.seq, v.kind, v.body, v.chunks, CASE WHEN v.chunks IS NOT NULL THEN (
        SELECT CASE WHEN count(c.hash) = count(*) THEN string_agg(c.body, '' ORDER BY h.place) END
        FROM unnest(string_to_array(v.chunks, ' ')) WITH ORDINALITY AS h (hash, place)
        LEFT JOIN ${s}.chunks c ON c.execution = v.execution AND c.hash = h.hash) END AS rest
      FROM ${s}.events v JOIN ${s}.executions e ON e.key = v.execution
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
  nextWake: {
    name: "nextWake",
    text: `SELECT min(wake_at) AS at FROM ${s}.executions WHERE ${FREE} AND wake_at > $1`,
  },
});

/** OFFSET keeps the server from reading all chunks there are, where it takes the few of one execution for many. */
const loadSql = (s: string, row: string): string => `
  WITH x AS (SELECT key, status = 'RUNNING' AS runs FROM ${s}.executions WHERE id = $1),
    k AS (SELECT s.* FROM ${s}.snapshots s JOIN x ON s.execution = x.key WHERE x.runs),
    t AS (SELECT v.* FROM x JOIN ${s}.events v ON v.execution = x.key
      WHERE x.runs AND v.seq > coalesce((SELECT seq FROM k), 0)),
    h AS (SELECT DISTINCT l.execution, u.hash FROM (
      SELECT execution, chunks FROM t UNION ALL SELECT execution, chunks FROM k WHERE body IS NULL) l,
      unnest(string_to_array(l.chunks, ' ')) AS u (hash))
  SELECT 'execution' AS part, 0::bigint AS number, '' AS name, row_to_json(r)::text AS body
    FROM (${row} WHERE e.id = $1) r
  UNION ALL SELECT 'snapshot', seq, chunks, body FROM k
  UNION ALL SELECT 'chunk', 0, h.hash, c.body FROM h CROSS JOIN LATERAL (
    SELECT body FROM ${s}.chunks WHERE execution = h.execution AND hash = h.hash OFFSET 0) c
  UNION ALL (SELECT 'event', seq, kind, body FROM t ORDER BY seq)
  UNION ALL SELECT 'cut', seq, chunks, NULL FROM t WHERE chunks IS NOT NULL
  UNION ALL (SELECT 'message', i.number, '', i.body FROM x JOIN ${s}.inbox i ON i.execution = x.key
    WHERE x.runs ORDER BY i.number)`;
