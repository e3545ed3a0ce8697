/** A step whose writes to the store's own database and whose record are committed together. */
import { aFunction, ask, describe, named, OperationArgumentError } from "./arguments.ts";
import type { StepOptions } from "./authoring.ts";
import { checkStep } from "./authoring.ts";
import { operation } from "./registry.ts";
import type { Request } from "./requests.ts";
import type { StepContext } from "./stepContext.ts";

export interface TransactionOptions<T = unknown> extends Omit<StepOptions<T>, "semantics"> {
  /** PostgreSQL's. Default `read committed`. On SQLite transactions are always serializable. */
  readonly isolationLevel?: "read committed" | "repeatable read" | "serializable";
}

/**
 * What the body of a transaction gets where it does not name a type: the part of a client of `pg` that most need. A body
 * that names one (`(client: PoolClient) =>`, `(database: DatabaseSync) =>`) gets all of it.
 */
export interface TransactionClient {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: Record<string, unknown>[]; readonly rowCount: number | null }>;
}

/**
 * Runs `body` in a transaction of the database that the store is in. What it writes through `client` and the step's record
 * are committed together: exactly once, whenever the process dies. Otherwise as `step`: a body that throws is rolled back
 * and tried again as `retry` says.
 *
 * `client` is a client of `pg`, or a `DatabaseSync` of `node:sqlite`, with the transaction begun: `COMMIT` and `ROLLBACK`
 * are not the body's. On SQLite a body has 3 seconds, as nobody else can write meanwhile. Other stores refuse it with a
 * `TransactionError`.
 */
export const transaction = operation(function transaction<T, C = TransactionClient>(
  ...args:
    | [
        name: string | undefined,
        body: (client: C, context: StepContext) => T,
        options?: TransactionOptions<NoInfer<Awaited<T>>>,
      ]
    | [body: (client: C, context: StepContext) => T, options?: TransactionOptions<NoInfer<Awaited<T>>>]
): Promise<Awaited<T>> {
  return ask("transaction", toTransaction(args)) as Promise<Awaited<T>>;
});

const LEVELS: readonly unknown[] = [undefined, "read committed", "repeatable read", "serializable"];

export function toTransaction(args: readonly unknown[]): Request {
  const [name, given, options] = named("transaction", args) as [
    string | undefined,
    unknown,
    TransactionOptions | undefined,
  ];
  const fn = aFunction("transaction", "body", given);
  checkStep("transaction", options);
  const { isolationLevel, ...rest } = options ?? {};
  if (!LEVELS.includes(isolationLevel)) {
    throw new OperationArgumentError(
      `The isolationLevel of transaction must be "read committed", "repeatable read" or "serializable", not ` +
        `${describe(isolationLevel)}.`,
    );
  }
  if ("semantics" in rest) {
    throw new OperationArgumentError(
      "A transaction has no semantics to choose: it is committed exactly once.",
    );
  }
  const body = { kind: "transaction", fn, isolation: isolationLevel ?? null } as const;
  return { kind: "step", name, body, options: options === undefined ? undefined : rest };
}
