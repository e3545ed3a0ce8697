/** Transactions of steps, on the worker's store. */
import { FencedError, TransactionError } from "../errors.ts";
import type { Store } from "../stores/store.ts";
import type { Transacted, Transacting } from "../stores/transactions.ts";
import type { Mending } from "./mending.ts";

interface Parts extends Mending {
  readonly store: Store;
}

interface Outcomes {
  /** The execution cannot go on here: another worker has it, or may have it. */
  lost(execution: Pick<Transacting, "execution" | "lease">): void;
  /** The worker cannot go on. */
  failed(error: Error): void;
}

/** Times that one transaction is begun because its connection broke at the end. */
const TRIES_MAX = 10;

/**
 * What the store throws does not concern the attempt, which does not end here. After a connection that broke in the COMMIT
 * nobody knows whether it is there: the same is asked for again, under an epoch that keeps out what comes late, and the
 * store looks before it begins.
 */
export async function transactIn(
  { store, right, mend }: Parts,
  transacting: Omit<Transacting, "epoch">,
  { lost, failed }: Outcomes,
): Promise<Transacted> {
  if (store.transactions === undefined) {
    throw new TransactionError(
      `transaction() needs a store in PostgreSQL or in a file of SQLite: ${store.name} has no database to write to.`,
    );
  }
  const asked = { ...transacting, epoch: () => right.epoch };
  for (let left = TRIES_MAX; left > 0; left--) {
    try {
      return await store.transactions.run(asked);
    } catch (error) {
      if (error instanceof FencedError) break;
      const mended = mend(error);
      if (mended === null) {
        failed(error as Error);
        return never();
      }
      // Where it cannot be mended, the worker is given up with all it has.
      await mended.catch(never);
    }
  }
  lost(transacting);
  return never();
}

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}
