import { randomUUID } from "node:crypto";
import pg from "pg";
import { FencedError, StoreError, StoreUnavailableError, TransactionError } from "../errors.ts";
import { PostgresCommits } from "./postgres-commit.ts";
import { throughUser } from "./postgres-connection.ts";
import type { PostgresConnection, PostgresUser } from "./postgres-connection.ts";
import { codeOf, isDuplicate, toStoreError } from "./postgres-errors.ts";
import type { PostgresNews } from "./postgres-news.ts";
import { PostgresQueries } from "./postgres-queries.ts";
import { newRow } from "./rows.ts";
import type { Created, NewExecution } from "./store.ts";
import type { Transacted, Transacting, Transactions } from "./transactions.ts";
import { untilAborted } from "./transactions.ts";

/** Connections for bodies: more transactions wait for their turn. Commits of the engine have others. */
const CONNECTIONS_MAX = 5;

interface Parts {
  readonly connection: PostgresConnection;
  readonly news: PostgresNews;
}

export class PostgresTransactions implements Transactions {
  private readonly parts: Parts;
  private readonly sql: ReturnType<typeof statements>;
  private readonly sessions = new Set<Session>();
  private pool: pg.Pool | null = null;

  constructor(parts: Parts) {
    this.parts = parts;
    this.sql = statements(parts.connection.schema);
  }

  async run(transacting: Transacting): Promise<Transacted> {
    let client: pg.PoolClient;
    try {
      client = await this.connect();
    } catch (error) {
      return { kind: "failed", error: toStoreError(error, this.parts.connection.name) };
    }
    const session = new Session(client, this.sql, this.parts.connection.name);
    this.sessions.add(session);
    try {
      return await session.run(transacting);
    } finally {
      this.sessions.delete(session);
      session.release();
    }
  }

  async create(client: unknown, execution: NewExecution): Promise<Created> {
    const { connection, news } = this.parts;
    if (isUser(client)) {
      const user = throughUser(client, connection);
      const made = await new PostgresCommits(user).create([execution], undefined);
      if (!made.has(execution.id)) return new PostgresQueries(user).existing(execution);
      await user.query(news.announcement);
      return { created: true, row: newRow(execution) };
    }
    throw new StoreError(
      `To enqueue in ${connection.name}, give a client of pg that is connected to this database, with a ` +
        "transaction begun. A pool would use another connection for each statement.",
    );
  }

  private connect(): Promise<pg.PoolClient> {
    if (this.pool === null) {
      this.pool = new pg.Pool({ ...this.parts.connection.config, types: pg.types, max: CONNECTIONS_MAX });
      // An idle connection broke. Who needs one next gets a new one, or the error.
      this.pool.on("error", () => undefined);
    }
    return this.pool.connect();
  }

  /** Bodies that are at work lose their connections: the pool would wait for them, and they may never end. */
  async close(): Promise<void> {
    for (const session of this.sessions) session.cut();
    await this.pool?.end();
  }
}

function isUser(client: unknown): client is PostgresUser {
  return (
    typeof client === "object" &&
    client !== null &&
    "query" in client &&
    typeof client.query === "function" &&
    // A pool has it, a client has not.
    !("totalCount" in client)
  );
}

/** One connection while a transaction has it. */
class Session {
  private readonly client: pg.PoolClient;
  private readonly sql: ReturnType<typeof statements>;
  private readonly store: string;
  private readonly give: pg.PoolClient["release"];
  private readonly token = randomUUID();
  /** Its state is not known: the server rolls back when it is closed. */
  private isSpoilt = false;
  private isGiven = false;

  constructor(client: pg.PoolClient, sql: ReturnType<typeof statements>, store: string) {
    this.client = client;
    this.sql = sql;
    this.store = store;
    this.give = client.release.bind(client);
    client.release = () => {
      throw new TransactionError("The client of a transaction() is not the body's to release.");
    };
    // The connection broke while the body did something else: the next query says so.
    client.on("error", this.spoil);
  }

  private readonly spoil = (): void => {
    this.isSpoilt = true;
  };

  release(): void {
    if (this.isGiven) return;
    this.isGiven = true;
    this.give(this.isSpoilt);
    this.client.off("error", this.spoil);
  }

  cut(): void {
    this.isSpoilt = true;
    this.release();
  }

  async run(transacting: Transacting): Promise<Transacted> {
    const { signal, isolation, body } = transacting;
    let isCommitting = false;
    try {
      if (signal.aborted) return { kind: "failed", error: signal.reason };
      const recorded = await this.find(transacting);
      if (recorded !== null) return { kind: "recorded", body: recorded };
      // The setting ends with the transaction: it tells whether the body has ended it.
      await this.client.query(
        `BEGIN ISOLATION LEVEL ${(isolation ?? "read committed").toUpperCase()}; SET LOCAL durablec.token = '${this.token}'`,
      );
      const text = await untilAborted(signal, () => body(this.client));
      transacting.committing();
      isCommitting = true;
      return await this.commit(transacting, text);
    } catch (error) {
      if (isCommitting && (error instanceof FencedError || error instanceof StoreUnavailableError))
        throw error;
      // Given up: a query of the body may still be under way, and a ROLLBACK would stand behind it.
      if (signal.aborted) this.isSpoilt = true;
      else await this.rollBack();
      return { kind: "failed", error };
    }
  }

  private async find({ execution, op }: Transacting): Promise<string | null> {
    const { rows } = await this.client.query<{ body: string }>(this.sql.find, [execution, op]);
    return rows[0]?.body ?? null;
  }

  private async commit(transacting: Transacting, body: string): Promise<Transacted> {
    try {
      await this.client.query(this.sql.commit(transacting, { body, token: this.token }));
      return { kind: "recorded", body };
    } catch (error) {
      if (error instanceof Error && error.message.includes(REFUSED)) throw await this.refusal(transacting);
      if (isDuplicate(error) && isOurs(error)) {
        // An earlier attempt was being committed when its connection broke. Now it is there.
        await this.rollBack();
        return { kind: "recorded", body: (await this.find(transacting))! };
      }
      // The server says that it has rolled back; all else leaves it open.
      if (/^(2[0-9]|40|42|P0)/.test(codeOf(error) ?? "")) throw error;
      this.isSpoilt = true;
      throw new StoreUnavailableError(
        `The connection to ${this.store} broke while a transaction of execution "${transacting.execution}" was being ` +
          "committed: it is there as a whole or not at all. Open the engine again, and it looks.",
        { cause: error },
      );
    }
  }

  private async refusal({ execution }: Transacting): Promise<StoreError | TransactionError> {
    // In a transaction that has failed the server refuses this; where none is open any more, the body has ended it.
    const isOpen = await this.client.query("SELECT 1").then(
      () => false,
      () => true,
    );
    await this.rollBack();
    if (!isOpen) {
      return new TransactionError(
        "The body of a transaction() ended the transaction itself: leave COMMIT and ROLLBACK out; throw an error to roll back.",
      );
    }
    const { rows } = await this.client.query<{ status: string }>(this.sql.status, [execution]);
    if (rows[0]?.status !== "RUNNING")
      return new TransactionError(
        `The execution "${execution}" has ended meanwhile: the transaction was rolled back.`,
      );
    return new FencedError(
      `Another worker has execution "${execution}" of ${this.store} now: the transaction was rolled back.`,
    );
  }

  private async rollBack(): Promise<void> {
    try {
      await this.client.query("ROLLBACK");
    } catch {
      this.isSpoilt = true;
    }
  }
}

/** What the server complains about when the record was not written. */
const REFUSED = "refused by durablec ";

/** The duplicate is our row, not one of the author's. */
function isOurs(error: unknown): boolean {
  return error instanceof Error && "table" in error && error.table === "transacted";
}

const statements = (s: string) => ({
  find: `SELECT t.body FROM ${s}.transacted t JOIN ${s}.executions e ON e.key = t.execution WHERE e.id = $1 AND t.op = $2`,
  /**
   * The record and the COMMIT in one message: who stopped between two of them would hold the execution's row, and nobody could
   * take it over. FOR NO KEY UPDATE: who takes over waits until this is committed, and finds it.
   */
  commit: (
    { execution, op, epoch, lease }: Transacting,
    { body, token }: { readonly body: string; readonly token: string },
  ): string => {
    const text = pg.escapeLiteral;
    return `WITH made AS (
        INSERT INTO ${s}.transacted (execution, op, body)
        SELECT e.key, ${text(op)}, ${text(body)} FROM ${s}.executions e
        WHERE e.id = ${text(execution)} AND e.status = 'RUNNING' AND e.worker = ${Number(epoch())} AND e.lease = ${Number(lease)}
          AND current_setting('durablec.token', true) = ${text(token)}
        FOR NO KEY UPDATE RETURNING 1
      )
      SELECT CASE count(*) WHEN 1 THEN 1 ELSE (${text(REFUSED)} || count(*))::integer END FROM made;
      COMMIT`;
  },
  status: `SELECT status FROM ${s}.executions WHERE id = $1`,
});
