/**
 * Promises that a snapshot can hold: those of operations, of child tasks, of the language's combinators over them, of
 * `then` and `new Promise` in durable code. They are native promises; what they stand for is kept beside them, per execution.
 */
import { thenNatively, toDurable } from "../durablePromise.ts";
import type { Combinator, Deferred, Outcome } from "../frame.ts";
import { Stamp } from "../stamp.ts";
import type { Reaction } from "./reactions.ts";

/** Where a pending promise's value will come from. */
export type Source =
  | { readonly kind: "operation"; readonly op: string }
  /** The second promise of `createCallback`: the tuple. */
  | { readonly kind: "opening"; readonly op: string }
  | { readonly kind: "task"; readonly path: string }
  /** Of `Host.defer`. */
  | { readonly kind: "deferred" }
  /** Of `new Promise`: whoever has its functions. */
  | { readonly kind: "made"; readonly op: string }
  | { readonly kind: "reaction"; readonly reaction: Reaction }
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

export type Settled = { readonly kind: "fulfilled" | "rejected"; readonly value: unknown };

/** A promise of an execution, and what is known of it. One is made for each operation: it is kept light. */
export class PromiseRecord implements Deferred {
  readonly promise: Promise<unknown>;
  readonly table: PromiseTable;
  source: Source;
  /** Resolved, rejected or following: what is asked of it from now on has no effect. */
  decided = false;
  /** Set once it is settled. */
  settled: Settled | null = null;
  /** Set when it was resolved with another promise: it will settle as that one does. */
  follows: { readonly promise: Promise<unknown>; readonly order: number } | null = null;
  /** Promises that wait for this one: nobody else may hold them, and they are part of the state all the same. */
  private waiting: Set<PromiseRecord> | null = null;
  private fulfilNatively: (value: unknown) => void = ignore;
  private rejectNatively: (error: unknown) => void = ignore;

  constructor(table: PromiseTable, source: Source) {
    this.table = table;
    this.source = source;
    this.promise = new Promise((resolve, reject) => {
      this.fulfilNatively = resolve;
      this.rejectNatively = reject;
    });
    // Nobody may be listening yet, or ever: that is the author's business, not a reason to end the process.
    thenNatively(this.promise, undefined, ignore);
    toDurable(this.promise);
    new Recorded(this.promise, this);
  }

  get dependents(): readonly PromiseRecord[] {
    return this.waiting === null ? [] : [...this.waiting];
  }

  addDependent(record: PromiseRecord): void {
    (this.waiting ??= new Set()).add(record);
  }

  resolve(value: unknown): void {
    if (this.decided) return;
    this.decided = true;
    if (value === this.promise) this.settle("rejected", new TypeError(CYCLE));
    else if (isThenable(value)) this.table.follow(this, value);
    else this.settle("fulfilled", value);
  }

  reject(error: unknown): void {
    if (this.decided) return;
    this.decided = true;
    this.settle("rejected", error);
  }

  /** Of what has decided about it. */
  settle(kind: Settled["kind"], value: unknown): void {
    this.settled = { kind, value };
    if (kind === "fulfilled") this.fulfilNatively(value);
    else this.rejectNatively(value);
  }

  /** As the language does with a promise of nobody we know. */
  followNatively(value: Promise<unknown>): void {
    this.fulfilNatively(value);
  }
}

/** On each promise of an execution. */
class Recorded extends Stamp {
  #record: PromiseRecord;
  constructor(promise: Promise<unknown>, record: PromiseRecord) {
    super(promise);
    this.#record = record;
  }
  static of(value: object): PromiseRecord | undefined {
    return #record in value ? value.#record : undefined;
  }
}

export interface Attachment {
  readonly order: number;
  readonly attach: () => void;
}

/** Gives a promise of unknown origin an operation that records what it comes to. */
export type Adopt = (path: string, foreign: PromiseLike<unknown>) => Promise<unknown>;

export class PromiseTable {
  private readonly adopt: Adopt;
  /** Attachments in the order they were made: a restored state makes them in the same order. */
  private order = 0;
  private readonly restored: Attachment[] = [];

  constructor(adopt: Adopt) {
    this.adopt = adopt;
  }

  nextOrder(): number {
    return ++this.order;
  }

  /** After a restore: later attachments come after the restored ones. */
  orderFrom(order: number): void {
    this.order = Math.max(this.order, order);
  }

  find(value: unknown): PromiseRecord | undefined {
    if (typeof value !== "object" || value === null) return undefined;
    const record = Recorded.of(value);
    return record?.table === this ? record : undefined;
  }

  /** One that was made to be settled later. */
  settle(promise: Promise<unknown>, { threw, value }: Outcome): void {
    const record = this.find(promise);
    if (threw) record?.reject(value);
    else record?.resolve(value);
  }

  create(source: Source): PromiseRecord {
    return new PromiseRecord(this, source);
  }

  /** The turns are those of the language: one until the reaction is attached, one for the reaction. */
  follow(record: PromiseRecord, value: Promise<unknown>): void {
    const path = pathOf(record.source);
    const promise = this.find(value)?.promise ?? (path === null ? null : this.adopt(`${path}/value`, value));
    record.follows = { promise: promise ?? value, order: this.nextOrder() };
    if (promise === null) record.followNatively(value);
    else queueMicrotask(() => this.attachFollower(record, promise, this.nextOrder()));
  }

  private attachFollower(record: PromiseRecord, promise: Promise<unknown>, order: number): void {
    record.follows = { promise, order };
    this.find(promise)?.addDependent(record);
    thenNatively(
      promise,
      (value) => record.settle("fulfilled", value),
      (error) => record.settle("rejected", error),
    );
  }

  /** The same reactions in the same order as those of the native combinator. */
  combine(
    combinator: Combinator,
    elements: Iterable<unknown>,
    toElement: (element: unknown) => Promise<unknown>,
  ): PromiseRecord {
    const combined: Combined = { combinator, order: this.nextOrder(), values: [], pending: new Map() };
    const record = this.create({ kind: "combined", combined });
    try {
      for (const element of elements) combined.pending.set(combined.pending.size, toElement(element));
    } catch (error) {
      record.reject(error);
    }
    if (combined.pending.size === 0) conclude(record, combined);
    this.attach(record, combined);
    return record;
  }

  restoreFollower(record: PromiseRecord, promise: Promise<unknown>, order: number): void {
    record.decided = true;
    this.restored.push({ order, attach: () => this.attachFollower(record, promise, order) });
  }

  restoreCombined(record: PromiseRecord, combined: Combined): void {
    record.source = { kind: "combined", combined };
    this.restored.push({ order: combined.order, attach: () => this.attach(record, combined) });
  }

  /** Something that a decoded state has still to attach. */
  restoreLater(attachment: Attachment): void {
    this.restored.push(attachment);
  }

  /** What a decoded state has still to attach; the caller adds its own and sorts. */
  takeRestored(): Attachment[] {
    return this.restored.splice(0);
  }

  /** Attaches the reactions of a combinator: when it is made, and when it is restored. */
  private attach(record: PromiseRecord, combined: Combined): void {
    for (const [index, promise] of [...combined.pending]) {
      this.find(promise)?.addDependent(record);
      const keep = (value: unknown): void => {
        combined.values[index] = value;
        combined.pending.delete(index);
        if (combined.pending.size === 0) conclude(record, combined);
      };
      const resolve = (value: unknown): void => record.resolve(value);
      const reject = (error: unknown): void => record.reject(error);
      switch (combined.combinator) {
        case "all":
          thenNatively(promise, keep, reject);
          break;
        case "allSettled":
          thenNatively(
            promise,
            (value) => keep({ status: "fulfilled", value }),
            (reason) => keep({ status: "rejected", reason }),
          );
          break;
        case "any":
          thenNatively(promise, resolve, keep);
          break;
        case "race":
          thenNatively(promise, resolve, reject);
      }
    }
  }

  /**
   * What `record` is now, looking through promises it follows: their state is its own, as everything has settled
   * that could when a snapshot is taken.
   */
  settledState(record: PromiseRecord): Settled | null {
    let current: PromiseRecord | undefined = record;
    while (current !== undefined && current.settled === null && current.follows !== null) {
      current = this.find(current.follows.promise);
    }
    return current?.settled ?? null;
  }
}

const ignore = (): void => undefined;

/** As the language says it. */
const CYCLE = "Chaining cycle detected for promise #<Promise>";

/** An id of its own, for the operation of a promise it is resolved with. */
function pathOf(source: Source): string | null {
  switch (source.kind) {
    case "task":
      return source.path;
    case "made":
      return source.op;
    case "reaction":
      return source.reaction.path;
    case "operation":
    case "opening":
    case "deferred":
    case "combined":
      return null;
  }
}

/** Every element has settled, and none of them has settled the whole. */
function conclude(record: PromiseRecord, { combinator, values }: Combined): void {
  if (combinator === "any") record.reject(new AggregateError(values, "All promises were rejected"));
  else if (combinator !== "race") record.resolve(values);
}

/** One whose `then` throws as it is read is one too: whoever asks for its value gets that error, as in the language. */
export function isThenable(value: unknown): value is Promise<unknown> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  try {
    return typeof (value as { then?: unknown }).then === "function";
  } catch {
    return true;
  }
}
