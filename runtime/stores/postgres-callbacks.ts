import { toCallback } from "./columns.ts";
import { StoreError } from "../errors.ts";
import type { PostgresConnection, Statement } from "./postgres-connection.ts";
import {
  assertPending,
  callbackMessage,
  deadlineOf,
  settledState,
  toCallbackRow,
  toShownRow,
} from "./rows.ts";
import type { SettledCallback } from "./rows.ts";
import type { About, CallbackRow, Message, Settlement } from "./store.ts";

/** How often a callback is looked at again that others changed between the look and the write. */
const ATTEMPT_MAX = 100;

/**
 * What comes from outside. Any process may call this; none of it needs the epoch.
 *
 * A callback is read, looked at here as every store does, and then changed by one statement that changes nothing if the
 * callback is no longer as it was read: two round trips, and no transaction that waits for this process.
 */
export class PostgresCallbacks {
  private readonly connection: PostgresConnection;
  private readonly statements: ReturnType<typeof statements>;

  constructor(connection: PostgresConnection) {
    this.connection = connection;
    this.statements = statements(connection.schema);
  }

  /** Returns whose it is. */
  async settle(id: string, settlement: Settlement, now: number): Promise<string> {
    let execution = "";
    await this.repeat(id, async (row) => {
      assertPending(row, id, now);
      ({ execution } = row);
      return this.mark(row, { state: settledState(settlement), now, body: callbackMessage(row, settlement) });
    });
    return execution;
  }

  async heartbeat(id: string, now: number): Promise<void> {
    await this.repeat(id, async (row) => {
      assertPending(row, id, now);
      return (await this.connection.query(this.statements.beat, [id, row.heartbeatAt, now])).length > 0;
    });
  }

  async expire(id: string, now: number): Promise<number | null> {
    let next: number | null = null;
    await this.repeat(id, async (row) => {
      const deadline = row === null || row.state !== "PENDING" ? null : deadlineOf(row);
      next = deadline !== null && deadline.at > now ? deadline.at : null;
      if (row === null || deadline === null || next !== null) return true;
      const body = callbackMessage(row, { kind: "timedOut", by: deadline.by });
      return this.mark(row, { state: "TIMED_OUT", now, body });
    });
    return next;
  }

  private async mark(
    { id, heartbeatAt }: SettledCallback,
    { state, now, body }: { readonly state: string; readonly now: number; readonly body: string },
  ): Promise<boolean> {
    return (
      (await this.connection.query(this.statements.mark, [id, heartbeatAt, state, now, body])).length > 0
    );
  }

  private async repeat(
    id: string,
    attempt: (row: SettledCallback | null) => Promise<boolean>,
  ): Promise<void> {
    for (let count = 0; count < ATTEMPT_MAX; count++) if (await attempt(await this.find(id))) return;
    throw new StoreError(
      `The callback "${id}" of ${this.connection.name} changed each time it was looked at. Try again.`,
    );
  }

  async post(execution: string, body: string): Promise<boolean> {
    return (await this.connection.query(this.statements.post, [execution, body])).length > 0;
  }

  async messages(execution: string): Promise<readonly Message[]> {
    const rows = await this.connection.query(this.statements.messages, [execution]);
    return rows.map(({ number, body }) => ({ number: number as number, execution, body: body as string }));
  }

  async callback(id: string): Promise<CallbackRow | null> {
    const found = await this.find(id);
    return toCallbackRow(found);
  }

  /** Null: there is no such execution. */
  async about(execution: string): Promise<About | null> {
    if (execution.includes("\0")) return null;
    const [row] = await this.connection.query(this.statements.keep, [execution]);
    if (row === undefined) return null;
    const callbacks = await this.connection.query(this.statements.all, [row.key]);
    return {
      callbacks: callbacks.map((one) => toShownRow(toCallback(one))),
      keepMs: row.keep_ms as number | null,
    };
  }

  private async find(id: string): Promise<SettledCallback | null> {
    if (id.includes("\0")) return null;
    const [row] = await this.connection.query(this.statements.find, [id]);
    return row === undefined ? null : { ...toCallback(row), execution: row.execution_id as string };
  }
}

const statements = (
  s: string,
): Readonly<Record<"find" | "mark" | "beat" | "post" | "messages" | "keep" | "all", Statement>> => ({
  find: {
    name: "findCallback",
    text: `SELECT c.*, e.id AS execution_id, e.problem FROM ${s}.callbacks c JOIN ${s}.executions e ON e.key = c.execution
      WHERE c.id = $1`,
  },
  mark: {
    name: "markCallback",
    text: `WITH marked AS (
        UPDATE ${s}.callbacks SET state = $3, settled_at = $4
          WHERE id = $1 AND state = 'PENDING' AND heartbeat_at = $2 RETURNING execution
      )
      INSERT INTO ${s}.inbox (execution, body) SELECT execution, $5 FROM marked RETURNING number`,
  },
  beat: {
    name: "beatCallback",
    text: `UPDATE ${s}.callbacks SET heartbeat_at = $3
      WHERE id = $1 AND state = 'PENDING' AND heartbeat_at = $2 RETURNING id`,
  },
  // FOR SHARE: an end that is being committed is waited for, so that no message is left for an ended execution.
  post: {
    name: "post",
    text: `INSERT INTO ${s}.inbox (execution, body)
      SELECT key, $2 FROM ${s}.executions WHERE id = $1 AND status = 'RUNNING'
        AND (problem IS NULL OR problem NOT LIKE 'Held: %') FOR SHARE RETURNING number`,
  },
  keep: { name: "keepOf", text: `SELECT key, keep_ms FROM ${s}.executions WHERE id = $1` },
  all: { name: "callbacksOf", text: `SELECT * FROM ${s}.callbacks WHERE execution = $1 ORDER BY id` },
  messages: {
    name: "messages",
    text: `SELECT i.number, i.body FROM ${s}.inbox i JOIN ${s}.executions e ON e.key = i.execution
      WHERE e.id = $1 ORDER BY i.number`,
  },
});
