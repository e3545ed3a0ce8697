import { realpathSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { FencedError, StepTimeoutError, StoreError, TransactionError } from "../errors.ts";
import { newRow } from "./rows.ts";
import { SqliteCommits } from "./sqlite-commit.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { isDuplicate, toStoreError } from "./sqlite-errors.ts";
import { SqliteQueries } from "./sqlite-queries.ts";
import type { SqliteTurns } from "./sqlite-turns.ts";
import type { Created, NewExecution } from "./store.ts";
import type { Transacted, Transacting, Transactions } from "./transactions.ts";
import { untilAborted } from "./transactions.ts";

/**
 * The longest that a body may hold the file: other processes wait for a transaction for 5 s and then give up, and this
 * one's heartbeat waits too.
 */
const HOLD_MS = 3_000;
const HOLD = "3 seconds, as nobody else can write to the file meanwhile";

interface Parts {
  readonly file: string;
  readonly turns: SqliteTurns;
  readonly busyTimeoutMs: number;
}

/** On a connection of its own: what is not committed yet must not show in the store's reads. */
export class SqliteTransactions implements Transactions {
  private readonly parts: Parts;
  private database: DatabaseSync | null = null;
  private readonly users = new WeakMap<DatabaseSync, User>();

  constructor(parts: Parts) {
    this.parts = parts;
  }

  run(transacting: Transacting): Promise<Transacted> {
    return this.parts.turns.hold(async (): Promise<Transacted> => {
      if (transacting.signal.aborted) return { kind: "failed", error: transacting.signal.reason };
      const begun = this.begin(transacting);
      if (!("database" in begun)) return begun;
      const body = await this.runBody(begun.database, transacting);
      if (body.kind === "failed") return body;
      transacting.committing();
      return this.commit(begun.database, transacting, body.body);
    });
  }

  private begin(transacting: Transacting): Transacted | { readonly database: DatabaseSync } {
    try {
      const database = this.open();
      const recorded = find(database, transacting);
      if (recorded !== null) return { kind: "recorded", body: recorded };
      // The savepoint is gone if the body ends the transaction by itself.
      database.exec("BEGIN IMMEDIATE; SAVEPOINT durablec");
      return { database };
    } catch (error) {
      this.drop();
      return { kind: "failed", error: toStoreError(error, this.parts.file) };
    }
  }

  private async runBody(database: DatabaseSync, { body, signal }: Transacting): Promise<Transacted> {
    const limit = AbortSignal.timeout(HOLD_MS);
    const either = AbortSignal.any([signal, limit]);
    try {
      return { kind: "recorded", body: await untilAborted(either, () => body(database)) };
    } catch (error) {
      // A body that is given up may go on: it must not find a connection that others use.
      if (either.aborted) this.drop();
      else this.rollBack();
      return { kind: "failed", error: limit.aborted ? new StepTimeoutError("transaction", HOLD) : error };
    }
  }

  private commit(database: DatabaseSync, transacting: Transacting, body: string): Transacted {
    const { execution, op } = transacting;
    try {
      release(database);
      const values = [op, body, execution, transacting.epoch()] as const;
      if (database.prepare(SQL.record).run(...values).changes !== 1)
        throw this.refusal(database, transacting);
      database.exec("COMMIT");
      return { kind: "recorded", body };
    } catch (error) {
      this.rollBack();
      if (error instanceof TransactionError) return { kind: "failed", error };
      if (error instanceof StoreError) throw error;
      // A constraint that was deferred is the author's; a full disk is everybody's.
      if (isConstraint(error) && !isDuplicate(error)) return { kind: "failed", error };
      throw toStoreError(error, this.parts.file);
    }
  }

  private refusal(database: DatabaseSync, { execution, epoch }: Transacting): StoreError | TransactionError {
    const owner = database.prepare(SQL.owner).get();
    if (owner?.epoch === epoch() && owner.id !== null)
      return new TransactionError(
        `The execution "${execution}" has ended meanwhile: the transaction was rolled back.`,
      );
    return new FencedError(
      `Another worker has taken over the store ${this.parts.file}: the transaction was rolled back.`,
    );
  }

  create(client: unknown, execution: NewExecution): Created {
    const { commits, queries } = this.userOf(client);
    if (commits.createHere(execution)) return { created: true, row: newRow(execution) };
    return queries.existing(execution);
  }

  private userOf(client: unknown): User {
    const { file } = this.parts;
    if (!(client instanceof DatabaseSync) || file === ":memory:" || pathOf(client) !== realpathSync(file)) {
      throw new StoreError(
        `To enqueue in ${file}, give a DatabaseSync of node:sqlite that is open on this file, with a transaction begun.`,
      );
    }
    const known = this.users.get(client);
    if (known !== undefined) return known;
    const connection = new SqliteConnection(file, client);
    const user = { commits: new SqliteCommits(connection), queries: new SqliteQueries(connection) };
    this.users.set(client, user);
    return user;
  }

  private open(): DatabaseSync {
    if (this.database?.isOpen === true) return this.database;
    const { file, busyTimeoutMs } = this.parts;
    if (file === ":memory:")
      throw new TransactionError("A database in memory has no second connection: give the store a file.");
    this.database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
    this.database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA synchronous = FULL`);
    return this.database;
  }

  private rollBack(): void {
    try {
      this.database?.exec("ROLLBACK");
    } catch {
      // The body has ended it, or closed the connection.
      this.drop();
    }
  }

  /** What is not committed is rolled back. */
  private drop(): void {
    if (this.database?.isOpen === true) this.database.close();
    this.database = null;
  }

  close(): void {
    this.drop();
  }
}

interface User {
  readonly commits: SqliteCommits;
  readonly queries: SqliteQueries;
}

function find(database: DatabaseSync, { execution, op }: Transacting): string | null {
  return (database.prepare(SQL.find).get(execution, op)?.body as string | undefined) ?? null;
}

function release(database: DatabaseSync): void {
  try {
    database.exec("RELEASE durablec");
  } catch (cause) {
    throw new TransactionError(
      "The body of a transaction() ended the transaction itself, or closed its connection: leave COMMIT and ROLLBACK out; " +
        "throw an error to roll back.",
      { cause },
    );
  }
}

const CONSTRAINT = 19;

function isConstraint(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === CONSTRAINT;
}

function pathOf(database: DatabaseSync): string | null {
  const main = database
    .prepare("PRAGMA database_list")
    .all()
    .find(({ name }) => name === "main");
  return typeof main?.file === "string" && main.file !== "" ? realpathSync(main.file) : null;
}

const SQL = {
  find: "SELECT t.body FROM transacted t JOIN executions e ON e.key = t.execution WHERE e.id = ? AND t.op = ?",
  record:
    "INSERT INTO transacted (execution, op, body) SELECT e.key, ?, ? FROM executions e, owner o " +
    "WHERE e.id = ? AND e.status = 'RUNNING' AND o.one = 1 AND o.epoch = ? AND o.id IS NOT NULL",
  owner: "SELECT epoch, id FROM owner WHERE one = 1",
};
