import type { SQLOutputValue, StatementSync } from "node:sqlite";
import type { Allowance } from "./rows.ts";
import { ADMITTED_MESSAGE, NO_KEY, toAllowance, UNLIMITED } from "./rows.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { AdmissionMoment, Admitted, QueueLimits, QueuePlace } from "./store.ts";

/** Places that one call changes beside those it admits: then it says that there is more to do. */
const PASSED_MAX = 1_000;

/**
 * Executions that wait, and those that were admitted and have not ended. Each is given a turn as it comes: one more than
 * the last turn of its key, or than the last one that was admitted. So a key that brings thousands does not
 * come before one that brings its first (start-time fair queueing), and the next is found by one look at an index.
 *
 * One that meets its key's limit is set BEHIND, out of the way of the others, until one of that key ends. A place is passed
 * over at most once for each time it is brought forward.
 *
 * Every method is called inside a transaction.
 */
export class SqliteQueues {
  private readonly statements: Readonly<Record<keyof typeof SQL, StatementSync>>;

  constructor(connection: SqliteConnection) {
    const names = Object.keys(SQL) as (keyof typeof SQL)[];
    this.statements = Object.fromEntries(
      names.map((name) => [name, connection.prepare(SQL[name])]),
    ) as Record<keyof typeof SQL, StatementSync>;
  }

  put(execution: number, { name, key, priority }: QueuePlace): void {
    const lane = key ?? NO_KEY;
    const turn = (this.statements.lastTurn.get(name, name, lane)!.turn as number) + 1;
    this.statements.put.run(execution, name, lane, priority, turn);
  }

  /** The execution has ended: its place is free. One that was brought forward and never admitted leaves it to the next. */
  leave(execution: number): void {
    const place = this.statements.leave.get(execution);
    if (place !== undefined && place.state !== BEHIND && place.lane !== NO_KEY)
      this.statements.free.run(place.queue!, place.lane!);
  }

  admit(queue: QueueLimits, { now, limit }: AdmissionMoment): Admitted {
    const { statements } = this;
    const { name, concurrency, perKey } = queue;
    const isBehind = this.bringForward(queue);
    const underWay = concurrency === null ? 0 : count(statements.countAll.get(name, concurrency));
    const allowance = this.allowance(queue, now);
    const room = Math.min(limit, (concurrency ?? Infinity) - underWay, allowance.left);
    const executions: string[] = [];
    let passed = 0;
    while (executions.length < room && passed < PASSED_MAX) {
      const next = statements.next.get(name);
      if (next === undefined) break;
      const { execution, lane, turn } = next as { execution: number; lane: string; turn: number };
      const isFull =
        perKey !== null && lane !== NO_KEY && count(statements.countLane.get(name, lane, perKey)) >= perKey;
      if (isFull) {
        passed++;
        statements.setBehind.run(execution);
        continue;
      }
      statements.admit.run(execution);
      statements.post.run(execution, ADMITTED_MESSAGE);
      statements.setTurn.run(turn, name);
      executions.push(statements.idOf.get(execution)!.id as string);
    }
    if (queue.rate !== null && executions.length > 0) statements.addRate.run(name, now, executions.length);
    const isCut = isBehind || passed === PASSED_MAX || executions.length === limit;
    return {
      executions,
      again: isCut ? now : executions.length < allowance.left ? null : allowance.again(now),
    };
  }

  /** For each place of a key that has become free, the next of that key; all, if there may be more of a key now. True: not yet all. */
  private bringForward({ name, perKey }: QueueLimits): boolean {
    const { statements } = this;
    statements.know.run(name, perKey);
    const known = statements.perKey.get(name)!.per_key as number | null;
    let isBehind = false;
    if (known !== null && (perKey === null || perKey > known)) {
      isBehind = statements.forwardSome.run(name, PASSED_MAX).changes === PASSED_MAX;
    }
    if (!isBehind && known !== perKey) statements.setPerKey.run(perKey, name);
    const freed = statements.freed.all(name, PASSED_MAX);
    for (const { number, lane } of freed) {
      statements.forward.run(name, lane as string);
      statements.forget.run(number as number);
    }
    return isBehind || freed.length === PASSED_MAX;
  }

  private allowance({ name, rate }: QueueLimits, now: number): Allowance {
    if (rate === null) return UNLIMITED;
    // What the future holds was written before the clock was set back.
    this.statements.dropRate.run(name, now - rate.perMs, now);
    const { amount, first } = this.statements.sumRate.get(name)!;
    return toAllowance(rate, { amount: amount as number, first: first as number | null });
  }
}

function count(row: Record<string, SQLOutputValue> | undefined): number {
  return row!.count as number;
}

const BEHIND = 0;
const WAITING = 1;
const ADMITTED = 2;

const SQL = {
  lastTurn: `SELECT max(
      ifnull((SELECT turn FROM queues WHERE name = ?), 0),
      ifnull((SELECT max(turn) FROM queue_places WHERE queue = ? AND lane = ?), 0)) AS turn`,
  put: `INSERT INTO queue_places (execution, queue, lane, priority, turn, state) VALUES (?, ?, ?, ?, ?, ${WAITING})`,
  leave: "DELETE FROM queue_places WHERE execution = ? RETURNING queue, lane, state",
  free: "INSERT INTO queue_freed (queue, lane) VALUES (?, ?)",
  freed: "SELECT number, lane FROM queue_freed WHERE queue = ? LIMIT ?",
  forget: "DELETE FROM queue_freed WHERE number = ?",
  forward: `UPDATE queue_places SET state = ${WAITING} WHERE execution = (
      SELECT execution FROM queue_places WHERE queue = ? AND lane = ? AND state = ${BEHIND}
      ORDER BY priority DESC, turn, execution LIMIT 1)`,
  forwardSome: `UPDATE queue_places SET state = ${WAITING} WHERE execution IN (
      SELECT execution FROM queue_places WHERE queue = ? AND state = ${BEHIND} LIMIT ?)`,
  know: "INSERT INTO queues (name, turn, per_key) VALUES (?, 0, ?) ON CONFLICT (name) DO NOTHING",
  perKey: "SELECT per_key FROM queues WHERE name = ?",
  setPerKey: "UPDATE queues SET per_key = ? WHERE name = ?",
  countAll: `SELECT count(*) AS count FROM (
      SELECT 1 FROM queue_places WHERE queue = ? AND state = ${ADMITTED} LIMIT ?)`,
  countLane: `SELECT count(*) AS count FROM (
      SELECT 1 FROM queue_places WHERE queue = ? AND lane = ? AND state = ${ADMITTED} LIMIT ?)`,
  next: `SELECT execution, lane, turn FROM queue_places INDEXED BY queue_places_order
      WHERE queue = ? AND state = ${WAITING} ORDER BY priority DESC, turn, execution LIMIT 1`,
  setBehind: `UPDATE queue_places SET state = ${BEHIND} WHERE execution = ?`,
  admit: `UPDATE queue_places SET state = ${ADMITTED} WHERE execution = ?`,
  post: "INSERT INTO inbox (execution, body) VALUES (?, ?)",
  idOf: "SELECT id FROM executions WHERE key = ?",
  setTurn: "UPDATE queues SET turn = max(turn, ?) WHERE name = ?",
  dropRate: "DELETE FROM queue_rates WHERE queue = ? AND (at <= ? OR at > ?)",
  sumRate: "SELECT ifnull(sum(amount), 0) AS amount, min(at) AS first FROM queue_rates WHERE queue = ?",
  addRate: "INSERT INTO queue_rates (queue, at, amount) VALUES (?, ?, ?)",
} as const;
