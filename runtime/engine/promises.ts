/**
 * Promises that a snapshot can hold: those of operations, of child tasks and of the language's combinators over them. They are
 * native promises; what they stand for is kept beside them, per execution.
 */
import type { Combinator, Deferred } from "../frame.ts";

/** Where a pending promise's value will come from. */
export type Source =
  | { readonly kind: "operation"; readonly op: string }
  /** The second promise of `createCallback`: the tuple. */
  | { readonly kind: "opening"; readonly op: string }
  | { readonly kind: "task"; readonly path: string }
  /** Of `Host.defer`. */
  | { readonly kind: "deferred" }
  | { readonly kind: "combined"; readonly combined: Combined };

/** `Promise.all` and its sisters, with their state in the open. */
export interface Combined {
  readonly combinator: Combinator;
  /** When its reactions were attached, among all of the execution. */
  readonly order: number;
  /** By index: values (`all`), outcomes (`allSettled`), errors (`any`). */
  readonly values: unknown[];
  /** Elements not settled yet, by index. */
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

  /** The same reactions in the same order as those of the native combinator. */
  combine(combinator: Combinator, elements: Iterable<unknown>): PromiseRecord {
    const promises = Array.from(elements, (element) => Promise.resolve(element));
    const combined: Combined = {
      combinator,
      order: this.nextOrder(),
      values: [],
      pending: new Map(promises.entries()),
    };
    const record = this.create({ kind: "combined", combined });
    if (promises.length === 0) conclude(record, combined);
    this.attach(record, combined);
    return record;
  }

  restoreFollower(record: PromiseRecord, promise: Promise<unknown>, order: number): void {
    record.follows = { promise, order };
    this.restored.push({ order, attach: () => void promise.then(record.resolve, record.reject) });
  }

  restoreCombined(record: PromiseRecord, combined: Combined): void {
    record.source = { kind: "combined", combined };
    this.restored.push({ order: combined.order, attach: () => this.attach(record, combined) });
  }

  /** Reactions that a decoded state has still to attach; the caller adds its own and sorts. */
  takeRestored(): Reaction[] {
    return this.restored.splice(0);
  }

  /** Attaches the reactions of a combinator: when it is made, and when it is restored. */
  private attach(record: PromiseRecord, combined: Combined): void {
    for (const [index, promise] of [...combined.pending]) {
      const keep = (value: unknown): void => {
        combined.values[index] = value;
        combined.pending.delete(index);
        if (combined.pending.size === 0) conclude(record, combined);
      };
      switch (combined.combinator) {
        case "all":
          promise.then(keep, record.reject);
          break;
        case "allSettled":
          promise.then(
            (value) => keep({ status: "fulfilled", value }),
            (reason: unknown) => keep({ status: "rejected", reason }),
          );
          break;
        case "any":
          promise.then(record.resolve, keep);
          break;
        case "race":
          promise.then(record.resolve, record.reject);
      }
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

/** Every element has settled, and none of them has settled the whole. */
function conclude(record: PromiseRecord, { combinator, values }: Combined): void {
  if (combinator === "any") record.reject(new AggregateError(values, "All promises were rejected"));
  else if (combinator !== "race") record.resolve(values);
}

export function isThenable(value: unknown): value is Promise<unknown> {
  if (typeof value !== "object" && typeof value !== "function") return false;
  return value !== null && typeof (value as { then?: unknown }).then === "function";
}
