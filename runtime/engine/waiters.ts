/** Those who wait for executions to end. */
import type { Store } from "../stores/store.ts";
import type { ExecutionView } from "./view.ts";
import { readEnd, toView } from "./view.ts";

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Waiters {
  private readonly store: Store;
  private readonly waiting = new Map<string, Waiter[]>();

  constructor(store: Store) {
    this.store = store;
  }

  /** Rejects with its error if the execution did not succeed. Follow it with `settle`: it may have ended by now. */
  add(id: string): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // The store may fail before somebody listens.
    promise.catch(() => undefined);
    this.waiting.set(id, [...(this.waiting.get(id) ?? []), { resolve, reject }]);
    return promise;
  }

  /** Answers those who wait for this execution, if it has ended. */
  async settle(id: string): Promise<void> {
    const row = this.waiting.has(id) ? await readEnd(this.store, id) : null;
    if (row === null) return;
    const waiting = this.waiting.get(id) ?? [];
    this.waiting.delete(id);
    for (const { resolve, reject } of waiting) {
      new Promise((settled) => settled(outcome(toView(row(), null)))).then(resolve, reject);
    }
  }

  async settleAll(): Promise<void> {
    for (const id of [...this.waiting.keys()]) await this.settle(id);
  }

  rejectAll(error: Error): void {
    for (const waiting of this.waiting.values()) for (const { reject } of waiting) reject(error);
    this.waiting.clear();
  }
}

/** The result of an execution that has ended; throws its error. */
export function outcome(view: ExecutionView): unknown {
  if (view.status === "SUCCEEDED") return view.result;
  throw view.error;
}
