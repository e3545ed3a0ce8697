import { JournalConflictError } from "../errors.ts";
import type { PostgresConnection, Row, Statement } from "./postgres-connection.ts";
import type { Reopening } from "./store.ts";

/** What happens to executions after their end: they go on, or are removed. */
export class PostgresLives {
  private readonly connection: PostgresConnection;
  private readonly statements: Readonly<Record<keyof ReturnType<typeof statements>, Statement>>;

  constructor(connection: PostgresConnection) {
    this.connection = connection;
    this.statements = statements(connection.schema);
  }

  async unpark(execution: string, now: number): Promise<boolean> {
    return (await this.connection.query(this.statements.unpark, [execution, now])).length > 0;
  }

  reopen({ execution, event, wakeAt, callbacks }: Reopening): Promise<boolean> {
    return this.connection.transaction(async (query) => {
      const [row] = await query(this.statements.find, [execution]);
      if (row === undefined) return false;
      const { key, last } = row;
      if (event.seq !== Number(last) + 1) {
        throw new JournalConflictError(
          `Event ${event.seq} of execution "${execution}" cannot be written: its journal ends at ${Number(last)}.`,
        );
      }
      await query(this.statements.append, [key, event.seq, event.kind, event.body]);
      await query(this.statements.reopen, [key, wakeAt]);
      await query(this.statements.dropTransacted, [key]);
      await query(this.statements.reopenCallbacks, [key, callbacks]);
      return true;
    });
  }

  /** Of executions whose time is over, the oldest first; the row goes last, with the first and the last event. */
  remove(now: number, limit: number): Promise<number> {
    return this.connection.transaction(async (query) => {
      let removed = 0;
      while (removed < limit) {
        const [row] = await query(this.statements.findExpired, [now]);
        if (row === undefined) return removed;
        const events = await query(this.statements.dropEvents, [row.key, limit - removed]);
        removed += events.length;
        await this.unpin(query, row.key, events);
        if (removed >= limit) return removed;
        await query(this.statements.dropRest, [row.key]);
        removed++;
      }
      return removed;
    });
  }

  trim(execution: string, to: number, limit: number): Promise<number> {
    return this.connection.transaction(async (query) => {
      // Nobody commits meanwhile: chunks that are found unneeded here would be needed by then.
      const [row] = await query(this.statements.hold, [execution]);
      if (row === undefined) return 0;
      const events = await query(this.statements.trim, [row.key, to, limit]);
      await this.unpin(query, row.key, events);
      return events.length;
    });
  }

  /** These events are gone, the oldest there were but the first. */
  private async unpin(query: Query, key: unknown, events: readonly Row[]): Promise<void> {
    const lists = events.flatMap(({ chunks }) => (chunks === null ? [] : [chunks as string]));
    if (lists.length === 0) return;
    const last = Math.max(...events.map(({ seq }) => seq as number));
    await query(this.statements.unpin, [key, lists, last]);
  }
}

type Query = (statement: Statement, values: readonly unknown[]) => Promise<readonly Row[]>;

const statements = (s: string) => ({
  find: {
    name: "findEnded",
    text: `SELECT key, (SELECT max(seq) FROM ${s}.events WHERE execution = key) AS last
      FROM ${s}.executions WHERE id = $1 AND status <> 'RUNNING' FOR UPDATE`,
  },
  unpark: {
    name: "unpark",
    text: `UPDATE ${s}.executions SET problem = NULL, parked_by = '', wake_at = $2
      WHERE id = $1 AND status = 'RUNNING' AND problem NOT LIKE 'Held: %' RETURNING key`,
  },
  append: {
    name: "appendEvent",
    text: `INSERT INTO ${s}.events (execution, seq, kind, body) VALUES ($1, $2, $3, $4)`,
  },
  reopen: {
    name: "reopen",
    text: `UPDATE ${s}.executions SET status = 'RUNNING', ended_at = NULL, expires_at = NULL, wake_at = $2
      WHERE key = $1`,
  },
  // What a retry has undone runs again, under the same operation id.
  dropTransacted: { name: "dropTransacted", text: `DELETE FROM ${s}.transacted WHERE execution = $1` },
  reopenCallbacks: {
    name: "reopenCallbacks",
    text: `UPDATE ${s}.callbacks SET state = 'PENDING' WHERE execution = $1 AND id = ANY ($2) AND state = 'CLOSED'`,
  },
  findExpired: {
    name: "findExpired",
    text: `SELECT key FROM ${s}.executions WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1 FOR UPDATE`,
  },
  dropEvents: {
    name: "dropEvents",
    text: `DELETE FROM ${s}.events WHERE execution = $1 AND seq IN (
      SELECT seq FROM ${s}.events WHERE execution = $1 AND seq > 1
        AND seq < (SELECT max(seq) FROM ${s}.events WHERE execution = $1) ORDER BY seq LIMIT $2) RETURNING seq, chunks`,
  },
  trim: {
    name: "trim",
    text: `DELETE FROM ${s}.events d USING (
        SELECT e.execution, e.seq FROM ${s}.snapshots s
          JOIN ${s}.events e ON e.execution = s.execution AND e.seq > 1 AND e.seq <= least($2::integer, s.seq)
            AND e.seq < (SELECT max(seq) FROM ${s}.events WHERE execution = $1)
        WHERE s.execution = $1 ORDER BY e.seq LIMIT $3) old
      WHERE d.execution = old.execution AND d.seq = old.seq RETURNING d.seq, d.chunks`,
  },
  hold: {
    name: "holdRunning",
    text: `SELECT key FROM ${s}.executions WHERE id = $1 AND status = 'RUNNING' FOR NO KEY UPDATE`,
  },
  // Chunks that no event needs any more, unless the snapshot does.
  unpin: {
    name: "unpin",
    text: `WITH h AS (SELECT DISTINCT u.hash FROM unnest($2::text[]) AS l (list),
          unnest(string_to_array(l.list, ' ')) AS u (hash)),
        free AS (DELETE FROM ${s}.event_chunks p USING h
          WHERE p.execution = $1 AND p.hash = h.hash AND p.until <= $3 RETURNING p.hash)
      DELETE FROM ${s}.chunks c USING free WHERE c.execution = $1 AND c.hash = free.hash AND free.hash NOT IN (
        SELECT unnest(string_to_array(chunks, ' ')) FROM ${s}.snapshots WHERE execution = $1 AND body IS NULL)`,
  },
  // No foreign keys here, so each table is named; the snapshot and the inbox went with the end.
  dropRest: {
    name: "dropRest",
    text: `WITH events AS (DELETE FROM ${s}.events WHERE execution = $1),
        chunks AS (DELETE FROM ${s}.chunks WHERE execution = $1),
        event_chunks AS (DELETE FROM ${s}.event_chunks WHERE execution = $1),
        callbacks AS (DELETE FROM ${s}.callbacks WHERE execution = $1),
        transacted AS (DELETE FROM ${s}.transacted WHERE execution = $1)
      DELETE FROM ${s}.executions WHERE key = $1`,
  },
});
