import type { StatementSync } from "node:sqlite";
import { toCallback } from "./columns.ts";
import {
  assertPending,
  callbackMessage,
  deadlineOf,
  settledState,
  toCallbackRow,
  toShownRow,
} from "./rows.ts";
import type { SettledCallback } from "./rows.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { About, CallbackRow, Message, Settlement } from "./store.ts";

/** What comes from outside. Any process may call this; none of it needs the epoch. */
export class SqliteCallbacks {
  private readonly connection: SqliteConnection;
  private readonly select: StatementSync;
  private readonly setState: StatementSync;
  private readonly beat: StatementSync;
  private readonly leave: StatementSync;
  private readonly selectRunning: StatementSync;
  private readonly selectMessages: StatementSync;
  private readonly selectKeep: StatementSync;
  private readonly selectAll: StatementSync;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
    this.select = connection.prepare(
      "SELECT c.*, e.id AS execution_id, e.problem FROM callbacks c JOIN executions e ON e.key = c.execution WHERE c.id = ?",
    );
    this.setState = connection.prepare("UPDATE callbacks SET state = ?, settled_at = ? WHERE id = ?");
    this.beat = connection.prepare("UPDATE callbacks SET heartbeat_at = ? WHERE id = ?");
    this.leave = connection.prepare(
      "INSERT INTO inbox (execution, body) SELECT key, ? FROM executions WHERE id = ?",
    );
    this.selectRunning = connection.prepare(
      "SELECT 1 FROM executions WHERE id = ? AND status = 'RUNNING' AND (problem IS NULL OR problem NOT LIKE 'Held: %')",
    );
    this.selectKeep = connection.prepare("SELECT key, keep_ms FROM executions WHERE id = ?");
    this.selectAll = connection.prepare("SELECT * FROM callbacks WHERE execution = ? ORDER BY id");
    this.selectMessages = connection.prepare(
      "SELECT i.number, i.body FROM inbox i JOIN executions e ON e.key = i.execution WHERE e.id = ? ORDER BY i.number",
    );
  }

  settle(id: string, settlement: Settlement, now: number): void {
    this.connection.write(() => {
      const row = this.find(id);
      assertPending(row, id, now);
      this.setState.run(settledState(settlement), now, id);
      this.leave.run(callbackMessage(row, settlement), row.execution);
    });
  }

  heartbeat(id: string, now: number): void {
    this.connection.write(() => {
      assertPending(this.find(id), id, now);
      this.beat.run(now, id);
    });
  }

  expire(id: string, now: number): number | null {
    // Mostly it is too early, and then nothing has to be written.
    const early = this.connection.guard(() => this.find(id));
    if (early === null || early.state !== "PENDING" || isEarly(early, now)) return nextLook(early);
    return this.connection.write(() => {
      const row = this.find(id);
      const deadline = row === null || row.state !== "PENDING" ? null : deadlineOf(row);
      if (row === null || deadline === null || deadline.at > now) return nextLook(row);
      this.setState.run("TIMED_OUT", now, id);
      this.leave.run(callbackMessage(row, { kind: "timedOut", by: deadline.by }), row.execution);
      return null;
    });
  }

  post(execution: string, body: string): boolean {
    return this.connection.write(() => {
      if (this.selectRunning.get(execution) === undefined) return false;
      this.leave.run(body, execution);
      return true;
    });
  }

  messages(execution: string): readonly Message[] {
    return this.connection.guard(() =>
      this.selectMessages.all(execution).map(({ number, body }) => ({
        number: number as number,
        execution,
        body: body as string,
      })),
    );
  }

  callback(id: string): CallbackRow | null {
    const found = this.connection.guard(() => this.find(id));
    return toCallbackRow(found);
  }

  /** Null: there is no such execution. */
  about(execution: string): About | null {
    return this.connection.guard(() => {
      const row = this.selectKeep.get(execution);
      if (row === undefined) return null;
      const callbacks = this.selectAll.all(row.key!).map((one) => toShownRow(toCallback(one)));
      return { callbacks, keepMs: row.keep_ms as number | null };
    });
  }

  private find(id: string): SettledCallback | null {
    const row = this.select.get(id);
    return row === undefined ? null : { ...toCallback(row), execution: row.execution_id as string };
  }
}

function isEarly(row: CallbackRow, now: number): boolean {
  const deadline = deadlineOf(row);
  return deadline === null || deadline.at > now;
}

function nextLook(row: CallbackRow | null): number | null {
  return row === null || row.state !== "PENDING" ? null : (deadlineOf(row)?.at ?? null);
}
