/** Transactions of steps, on the worker's store. */
import { TransactionError } from "../errors.ts";
import type { Store } from "../stores/store.ts";
import type { Transacted, Transacting } from "../stores/transactions.ts";

/**
 * What the store throws concerns the worker and not the attempt: it goes to `failed`, and the attempt does not end here.
 * The next worker finds out whether it is committed.
 */
export async function transactIn(
  { store, epoch }: { readonly store: Store; readonly epoch: number },
  transacting: Omit<Transacting, "epoch">,
  failed: (error: Error) => void,
): Promise<Transacted> {
  if (store.transactions === undefined) {
    throw new TransactionError(
      `transaction() needs a store in PostgreSQL or in a file of SQLite: ${store.name} has no database to write to.`,
    );
  }
  try {
    return await store.transactions.run({ ...transacting, epoch });
  } catch (error) {
    failed(error as Error);
    return new Promise<never>(() => undefined);
  }
}
