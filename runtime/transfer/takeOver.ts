import { Ownership } from "../engine/ownership.ts";
import { realWorld } from "../engine/world.ts";
import { StoreError } from "../errors.ts";
import type { Store } from "../stores/store.ts";

/** Makes this process the only one that may write executions. Throws a `StoreError` if a worker runs at the store. */
export async function takeOver(
  store: Store,
): Promise<{ readonly ownership: Ownership; readonly epoch: number }> {
  const ownership = new Ownership(store, realWorld);
  const epoch = await ownership.take(realWorld.now());
  if (epoch !== null) return { ownership, epoch };
  throw new StoreError(
    `A worker runs the executions of ${store.name}. Stop it first: nobody may run what is being moved.`,
  );
}
