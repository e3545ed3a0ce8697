import type { Answer, Created, NewExecution } from "./store.ts";

/** What a step that is a transaction asks of the store: see `Transactions.run`. */
export interface Transacting {
  /** The worker's; asked for when it commits, as it may have changed since it began. */
  epoch(): number;
  readonly execution: string;
  /** Under which the worker has it. */
  readonly lease: number;
  /** Operation id. */
  readonly op: string;
  readonly isolation: Isolation | null;
  /** Does the author's writes; resolves with the text to record. */
  body(client: unknown): Promise<string>;
  /** Aborted: nothing of it may be there afterwards, unless it is being committed already. */
  readonly signal: AbortSignal;
  /** Called when it can no longer be given up: the next thing to happen is the commit. */
  committing(): void;
}

export type Isolation = "read committed" | "repeatable read" | "serializable";

export type Transacted =
  /** It is on the disk, with this text; from now or from an earlier attempt whose process died before it could tell. */
  | { readonly kind: "recorded"; readonly body: string }
  /** Nothing of it is there. */
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * Writes of others, together with ours, in the store's own database. One operation of an execution is committed at most
 * once, whoever runs it: its text has a row of its own, written with the author's rows, and there can be only one. The row
 * stays until the execution is removed or retried, so that a worker that was paused in between finds it.
 */
export interface Transactions {
  /**
   * Runs `body` in a transaction and commits it with its text. Other executions' commits go on meanwhile, or wait without
   * blocking the event loop. Throws when nobody can know whether it is there (the server broke off the commit), or
   * another worker has taken over: then this worker must not go on with the execution.
   */
  run(transacting: Transacting): Promise<Transacted>;
  /**
   * `Store.create` inside a transaction that the user of the store has begun on `client`: there exactly if that commits.
   * Workers hear of it then. Throws `StoreError` if `client` is not of this store's kind and database.
   */
  create(client: unknown, execution: NewExecution): Answer<Created>;
  close(): Answer<void>;
}

/** Rejects as soon as `signal` is aborted, whatever becomes of `work`. */
export function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    void new Promise<T>((settled) => settled(work()))
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", giveUp));
  });
}
