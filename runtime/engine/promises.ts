/**
 * Promises that a snapshot can hold: those of operations, of child tasks and of `Promise.all` over them. They are
 * native promises; what they stand for is kept beside them, per execution.
 */
import type { Deferred } from "../frame.ts";

/** Where a pending promise's value will come from. */
export type Source =
  | { readonly kind: "operation"; readonly op: string }
  /** The second promise of `createCallback`: the tuple. */
  | { readonly kind: "opening"; readonly op: string }
  | { readonly kind: "task"; readonly path: string }
  | { readonly kind: "all"; readonly all: AllState };

export interface AllState {
  /** When its reactions were attached, among all of the execution. */
  readonly order: number;
  readonly values: unknown[];
  /** Elements not fulfilled yet, by index. */
  readonly pending: Map<number, Promise<unknown>>;
}

export interface PromiseRecord extends Deferred {
  source: Source;
  /** Set once it is settled. */
  settled: { readonly kind: "fulfilled" | "rejected"; readonly value: unknown } | null;
  /** Set when it was resolved with another promise: it will settle as that one does. */
  follows: { readonly promise: Promise<unknown>; readonly order: number } | null;
}

export interface Reaction {
  readonly order: number;
  readonly attach: () => void;
}

export class PromiseTable {
  private readonly records = new WeakMap<object, PromiseRecord>();
  /** Reactions in the order they were attached: a restored state attaches them in the same order. */
  private order = 0;
  private readonly restored: Reaction[] = [];

  nextOrder(): number {
    return ++this.order;
  }

  /** After a restore: later reactions come after the restored ones. */
  orderFrom(order: number): void {
    this.order = Math.max(this.order, order);
  }

  find(value: unknown): PromiseRecord | undefined {
    return typeof value === "object" && value !== null ? this.records.get(value) : undefined;
  }

  create(source: Source): PromiseRecord {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // Nobody may be listening yet, or ever: that is the author's business, not a reason to end the process.
    promise.then(undefined, () => undefined);
    const record: PromiseRecord = {
      promise,
      source,
      settled: null,
      follows: null,
      resolve: (value) => {
        if (isThenable(value)) record.follows = { promise: value, order: this.nextOrder() };
        else record.settled = { kind: "fulfilled", value };
        resolve(value);
      },
      reject: (error) => {
        record.settled = { kind: "rejected", value: error };
        reject(error);
      },
    };
    this.records.set(promise, record);
    return record;
  }

  /** `Promise.all` with its state in the open; the same reactions in the same order as the native one. */
  all(values: Iterable<unknown>): PromiseRecord {
    const elements = [...values];
    const all: AllState = { order: this.nextOrder(), values: [], pending: new Map() };
    elements.forEach((element, index) => all.pending.set(index, Promise.resolve(element)));
    const record = this.create({ kind: "all", all });
    if (elements.length === 0) record.resolve([]);
    this.attachAll(record, all);
    return record;
  }

  restoreFollower(record: PromiseRecord, promise: Promise<unknown>, order: number): void {
    record.follows = { promise, order };
    this.restored.push({ order, attach: () => void promise.then(record.resolve, record.reject) });
  }

  /** `parts`: order, values so far, then index and promise of each pending element. */
  restoreAll(record: PromiseRecord, parts: readonly unknown[]): void {
    const [order, values, ...flat] = parts as [number, unknown[], ...unknown[]];
    const all: AllState = { order, values, pending: new Map() };
    for (let i = 0; i < flat.length; i += 2) {
      all.pending.set(flat[i] as number, flat[i + 1] as Promise<unknown>);
    }
    record.source = { kind: "all", all };
    this.restored.push({ order, attach: () => this.attachAll(record, all) });
  }

  /** Reactions that a decoded state has still to attach; the caller adds its own and sorts. */
  takeRestored(): Reaction[] {
    return this.restored.splice(0);
  }

  /** Attaches the reactions of an `all`: when it is made, and when it is restored. */
  attachAll(record: PromiseRecord, all: AllState): void {
    for (const [index, promise] of [...all.pending]) {
      promise.then((value) => {
        all.values[index] = value;
        all.pending.delete(index);
        if (all.pending.size === 0) record.resolve(all.values);
      }, record.reject);
    }
  }

  /**
   * What `record` is now, looking through promises it follows: their state is its own, as everything has settled
   * that could when a snapshot is taken.
   */
  settledState(record: PromiseRecord): PromiseRecord["settled"] {
    let current: PromiseRecord | undefined = record;
    while (current !== undefined && current.settled === null && current.follows !== null) {
      current = this.find(current.follows.promise);
    }
    return current?.settled ?? null;
  }
}

export function isThenable(value: unknown): value is Promise<unknown> {
  if (typeof value !== "object" && typeof value !== "function") return false;
  return value !== null && typeof (value as { then?: unknown }).then === "function";
}
