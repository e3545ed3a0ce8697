/** Starts that are asked for at the same moment are recorded in one transaction, and wait for the disk once. */
import { StoreUnavailableError } from "../errors.ts";
import type { Created, NewExecution, Store } from "../stores/store.ts";
import { drained } from "./world.ts";

interface Asked {
  readonly execution: NewExecution;
  readonly resolve: (created: Created) => void;
  readonly reject: (error: unknown) => void;
}

/** Executions in one transaction: more wait for the next one. */
const CREATE_MAX = 1_000;

export class Creations {
  private readonly store: Pick<Store, "create" | "createAll">;
  private readonly asked: Asked[] = [];
  /** Of the worker that is to run what is created; undefined: it has enough, or there is none here. */
  private readonly epoch: () => number | undefined;
  private busy = false;

  constructor(store: Pick<Store, "create" | "createAll">, epoch: () => number | undefined) {
    this.store = store;
    this.epoch = epoch;
  }

  /** As `Store.create`. */
  create(execution: NewExecution): Promise<Created> {
    return new Promise((resolve, reject) => {
      this.asked.push({ execution, resolve, reject });
      if (!this.busy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.asked.length > 0) {
      // Whoever is told of a result at this moment may start the next one.
      await drained();
      await this.record(this.asked.splice(0, CREATE_MAX));
      // Whoever starts without end leaves time for what was started.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.busy = false;
  }

  private async record(batch: readonly Asked[]): Promise<void> {
    try {
      const all = batch.map(({ execution }) => execution);
      const answer = this.store.createAll(all, this.epoch());
      const created = answer instanceof Promise ? await answer : answer;
      batch.forEach(({ resolve }, index) => resolve(created[index] as Created));
    } catch (error) {
      const isUnknown = error instanceof StoreUnavailableError;
      // One that cannot be written (its id, say) is no reason to refuse the others.
      if (batch.length === 1 || isUnknown) batch.forEach(({ reject }) => reject(error));
      else for (const one of batch) await this.record([one]);
    }
  }
}
