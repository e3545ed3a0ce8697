/** Executions in the hands of one who is no worker, and runs nothing. */
import { Ownership } from "../engine/ownership.ts";
import { realWorld } from "../engine/world.ts";
import { StoreError } from "../errors.ts";
import type { Commit, Store } from "../stores/store.ts";

const LEASE_MS = 60_000;

/** Writes executions that nobody else may write meanwhile. */
export class Hands {
  private readonly store: Store;
  private readonly ownership: Ownership;
  private readonly epoch: number;

  private constructor(store: Store, ownership: Ownership, epoch: number) {
    this.store = store;
    this.ownership = ownership;
    this.epoch = epoch;
  }

  /** Throws a `StoreError` if a worker has the whole store. */
  static async at(store: Store): Promise<Hands> {
    const ownership = new Ownership({ store, world: realWorld, build: "none", leaseMs: LEASE_MS });
    const epoch = await ownership.take();
    if (epoch !== null) return new Hands(store, ownership, epoch);
    throw new StoreError(
      `A worker runs the executions of ${store.name}. Stop it first: nobody may run what is being moved.`,
    );
  }

  /** Throws a `StoreError` if a worker has the execution. */
  async commit(commit: Omit<Commit, "lease">): Promise<void> {
    const { store, epoch } = this;
    await this.ownership.renew();
    const wanted = { now: realWorld.now(), limit: 1, functions: [], only: [commit.execution], any: true };
    const { executions, unreadable } = await store.claim(epoch, wanted);
    const lease = executions[0]?.lease ?? unreadable[0]?.lease;
    const lost = lease === undefined ? [commit.execution] : await store.commit(epoch, [{ ...commit, lease }]);
    if (lost.length === 0) return;
    throw new StoreError(
      `A worker has the execution "${commit.execution}" of ${store.name}. Stop it first: nobody may run what is being moved.`,
    );
  }

  release(): Promise<void> {
    return this.ownership.release();
  }
}
