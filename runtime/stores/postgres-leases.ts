import { hostname } from "node:os";
import { FencedError, StoreError, StoreUnavailableError } from "../errors.ts";
import type { PostgresConnection, Row, Statement } from "./postgres-connection.ts";
import { codeOf, isDuplicate } from "./postgres-errors.ts";
import { REFUSAL } from "./postgres-function.ts";
import { toLoaded } from "./postgres-loading.ts";
import { isAlive } from "./rows.ts";
import type { Claimed, LeasedExecution, Rejoined, Wanted } from "./leases.ts";
import type { Acquired, Commit, Owner } from "./store.ts";

/** How often a worker looks for others that are gone. */
const LOOK_MS = 500;

/** Who runs what: any number of workers, each with the executions it has claimed. */
export class PostgresLeases {
  private readonly connection: PostgresConnection;
  private readonly statements: Readonly<Record<keyof ReturnType<typeof statements>, Statement>>;
  private lookedAt = -Infinity;

  constructor(connection: PostgresConnection) {
    this.connection = connection;
    this.statements = statements(connection.schema);
  }

  async acquire({ id, pid, host, build }: Owner, staleMs: number): Promise<Acquired> {
    const values = [id, pid, host, build, Math.trunc(staleMs)];
    const [row] = await this.alone(() => this.connection.query(this.statements.join, values));
    return { kind: "acquired", epoch: row!.epoch as number };
  }

  /** What was asked through a connection that broke may be done at the same moment: the next attempt finds it done. */
  private async alone<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError) || !isDuplicate(error.cause)) throw error;
      throw new StoreUnavailableError(
        `This process takes part in ${this.connection.name} at this moment, through a connection that broke. It tries again.`,
        { cause: error },
      );
    }
  }

  rejoin(owner: Owner, staleMs: number): Promise<Rejoined | null> {
    return this.alone(() => this.move(owner, staleMs));
  }

  private move({ id, pid, host, build }: Owner, staleMs: number): Promise<Rejoined | null> {
    return this.connection.transaction(async (query) => {
      // Whoever claims or creates for the old epoch at this moment is waited for; later ones find no worker.
      const [old] = await query(this.statements.forget, [id]);
      if (old === undefined) return null;
      const [row] = await query(this.statements.join, [id, pid, host, build, Math.trunc(staleMs)]);
      const next = row!.epoch as number;
      // In the order of their keys, as everywhere; who commits under the old epoch is waited for.
      await query(this.statements.lockHeld, [old.key]);
      await query(this.statements.moveHeld, [old.key, next]);
      const held = await query(this.statements.held, [next]);
      return {
        epoch: next,
        held: new Map(
          held.map((one) => [one.id as string, { lease: one.lease as number, lastSeq: one.last as number }]),
        ),
      };
    });
  }

  async renew(epoch: number): Promise<boolean> {
    return (await this.connection.query(this.statements.renew, [epoch])).length > 0;
  }

  async release(epoch: number): Promise<void> {
    await this.connection.query(this.statements.leave, [epoch]);
  }

  /** True: there were some, and what they had is free. */
  async bury(): Promise<boolean> {
    const now = performance.now();
    if (now - this.lookedAt < LOOK_MS) return false;
    this.lookedAt = now;
    const workers = await this.connection.query(this.statements.workers);
    const host = hostname();
    const dead = workers.filter((row) => row.host === host && !isAlive(row.pid as number));
    if (dead.length === 0 && !workers.some(({ is_over: isOver }) => isOver === true)) return false;
    const [row] = await this.connection.query(this.statements.bury, [dead.map(({ key }) => key)]);
    return (row?.count as number) > 0;
  }

  async claim(epoch: number, { now, limit, functions, only, parked, any }: Wanted): Promise<Claimed> {
    const values = [epoch, now, limit, functions, only ?? null, parked === true, any === true];
    return this.toClaimed(await this.fenced(() => this.connection.query(this.statements.claim, values)));
  }

  private toClaimed(rows: readonly Row[]): Claimed {
    const parts = new Map<string, Row[]>();
    const leases = new Map<string, number>();
    const called: string[] = [];
    for (const row of rows) {
      const id = row.id as string;
      if (row.part === "execution") {
        leases.set(id, row.lease as number);
        parts.set(id, [row]);
      } else if (row.part === "called") called.push(id);
      else parts.get(id)?.push(row);
    }
    const executions = [...leases].map(([id, lease]): LeasedExecution => {
      return { ...toLoaded(id, parts.get(id)!, this.connection.name)!, lease };
    });
    return { executions, unreadable: [], called };
  }

  /** The earliest wake time of what was released, or null. */
  async releaseLeases(
    epoch: number,
    leases: readonly Pick<Commit, "execution" | "lease">[],
  ): Promise<number | null> {
    const values = [epoch, leases.map(({ execution }) => execution), leases.map(({ lease }) => lease)];
    const [row] = await this.connection.query(this.statements.release, values);
    return row?.at as number | null;
  }

  private async fenced<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError) || codeOf(error.cause) !== REFUSAL.fenced) throw error;
      throw new FencedError(
        `This worker was silent for too long: others have its executions of ${this.connection.name}.`,
      );
    }
  }
}

const statements = (s: string) => ({
  join: { name: "join", text: `SELECT ${s}.join_3($1, $2, $3, $4, $5) AS epoch` },
  renew: {
    name: "renew",
    text: `UPDATE ${s}.workers SET until = clock_timestamp() + lease_ms * interval '1 millisecond' WHERE key = $1
      RETURNING key`,
  },
  forget: { name: "forget", text: `DELETE FROM ${s}.workers WHERE id = $1 RETURNING key` },
  lockHeld: {
    name: "lockHeld",
    text: `SELECT count(*) FROM (
      SELECT key FROM ${s}.executions WHERE worker = $1 ORDER BY key FOR NO KEY UPDATE) locked`,
  },
  moveHeld: { name: "moveHeld", text: `UPDATE ${s}.executions SET worker = $2 WHERE worker = $1` },
  held: {
    name: "held",
    text: `SELECT id, lease, (SELECT max(seq) FROM ${s}.events WHERE execution = e.key) AS last
      FROM ${s}.executions e WHERE worker = $1`,
  },
  leave: { name: "leave", text: `SELECT ${s}.leave_3($1)` },
  workers: {
    name: "workers",
    text: `SELECT key, pid, host, until < clock_timestamp() AS is_over FROM ${s}.workers`,
  },
  bury: { name: "bury", text: `SELECT ${s}.bury_3($1) AS count` },
  claim: {
    name: "claim",
    text: `SELECT o_id AS id, o_lease AS lease, o_part AS part, o_number AS number, o_name AS name, o_body AS body
      FROM ${s}.claim_4($1, $2, $3, $4, $5, $6, $7)`,
  },
  release: { name: "release", text: `SELECT ${s}.release_3($1, $2, $3) AS at` },
});
