/** Those who wait for executions to end. */
import type { Store } from "../stores/store.ts";
import type { EndEvent } from "./events.ts";
import { viewCodec } from "./state.ts";
import { readEnd } from "./view.ts";

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Ids that the store is asked for at a time. */
const PAGE = 1_000;

export class Waiters {
  private readonly store: Store;
  private readonly waiting = new Map<string, Set<Waiter>>();

  constructor(store: Store) {
    this.store = store;
  }

  /**
   * Rejects with its error if the execution did not succeed, with the signal's reason if that comes first, and with
   * `UnknownExecutionError` if there is none. Follow it with `settle`: it may have ended by now.
   */
  add(id: string, signal?: AbortSignal): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // The store may fail before somebody listens.
    promise.catch(() => undefined);
    const waiter = { resolve, reject };
    const waiters = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, waiters.add(waiter));
    if (signal !== undefined) this.leaveOnAbort(id, waiter, { signal, promise });
    return promise;
  }

  private leaveOnAbort(
    id: string,
    waiter: Waiter,
    { signal, promise }: { readonly signal: AbortSignal; readonly promise: Promise<unknown> },
  ): void {
    const leave = (): void => {
      const waiters = this.waiting.get(id);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.waiting.delete(id);
      waiter.reject(signal.reason);
    };
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave, { once: true });
    const forget = (): void => signal.removeEventListener("abort", leave);
    promise.then(forget, forget);
  }

  /** Answers those who wait for this execution, if it has ended or is not there. */
  async settle(id: string): Promise<void> {
    const end = this.waiting.has(id) ? await readEnd(this.store, id) : null;
    if (end !== null) this.answer(id, end);
  }

  /** The execution has ended here, with this event. */
  tell(id: string, end: EndEvent): void {
    this.answer(id, () => end);
  }

  /** Each gets a value of its own. */
  private answer(id: string, read: () => EndEvent): void {
    const waiting = this.waiting.get(id) ?? [];
    this.waiting.delete(id);
    for (const { resolve, reject } of waiting) {
      try {
        const { kind, payload } = read();
        const value = viewCodec.decode(payload);
        if (kind === "ExecutionSucceeded") resolve(value);
        else reject(value);
      } catch (unreadable) {
        reject(unreadable);
      }
    }
  }

  /** One question for a thousand executions, and one more for each that has ended. */
  async settleAll(): Promise<void> {
    const ids = [...this.waiting.keys()];
    for (let from = 0; from < ids.length; from += PAGE) {
      for (const id of await this.store.ended(ids.slice(from, from + PAGE))) await this.settle(id);
    }
  }

  /** Those that have ended elsewhere. */
  async settleThese(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.settle(id);
  }

  rejectAll(error: Error): void {
    for (const waiting of this.waiting.values()) for (const { reject } of waiting) reject(error);
    this.waiting.clear();
  }
}
