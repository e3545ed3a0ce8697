import type { Commit, LoadedExecution } from "./store.ts";

/** What a worker asks for. */
export interface Wanted {
  readonly now: number;
  /** Most executions at a time; 0: only the news of those it has. */
  readonly limit: number;
  /** The functions it can run. */
  readonly functions: readonly string[];
  /** No others than these. Those it has by its books, but not in memory, are taken anew. */
  readonly only?: readonly string[];
  /** Also those that were parked, but by no worker of this build: they lose their problem. Never those held (`held.ts`). */
  readonly parked?: boolean;
  /** With `only`: those that are RUNNING, due or not, parked or not. */
  readonly any?: boolean;
}

export interface LeasedExecution extends LoadedExecution {
  /** The number of its lease: higher each time another worker takes it. */
  readonly lease: number;
}

/** What a worker has by the books of the store: by its execution. */
export type HeldLeases = ReadonlyMap<string, { readonly lease: number; readonly lastSeq: number }>;

export interface Rejoined {
  readonly epoch: number;
  readonly held: HeldLeases;
}

export interface Claimed {
  /** Taken now. */
  readonly executions: readonly LeasedExecution[];
  /** Taken now, and what is stored of them cannot be read: `error` says why. */
  readonly unreadable: readonly (Pick<Commit, "execution" | "lease"> & { readonly error: Error })[];
  /** Ids of those taken before that have messages. */
  readonly called: readonly string[];
}
