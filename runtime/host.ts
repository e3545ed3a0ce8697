/** What a frame belongs to: its place in an execution, and who gives awaits and operations their meaning there. */
import type { ContextSettings } from "./configuration.ts";
import type { PromiseHost } from "./durablePromise.ts";
import type { Frame } from "./frame.ts";
import type { LogLevel } from "./logger.ts";
import type { Branch, Request } from "./requests.ts";
import type { Compensation } from "./undoing.ts";

export interface Deferred {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How something ended: with a value, or thrown. */
export interface Outcome {
  readonly threw: boolean;
  readonly value: unknown;
}

/** The static methods of `Promise` over several promises. */
export type Combinator = "all" | "allSettled" | "any" | "race";

/** The language's own. */
export function combineNatively(combinator: Combinator, elements: Iterable<unknown>): Promise<unknown> {
  switch (combinator) {
    case "all":
      return Promise.all(elements);
    case "allSettled":
      return Promise.allSettled(elements);
    case "any":
      return Promise.any(elements);
    case "race":
      return Promise.race(elements);
  }
}

/** A frame's place in its execution. */
export interface Task {
  readonly host: Host;
  /** `""` for the root, then `3`, `3.1`... */
  readonly path: string;
  /** Path of the context its operations belong to: that of the nearest `runInChildContext` or branch, else `""`. */
  readonly context: string;
  /** Operations and child tasks started so far: the next one's id is `path.(ordinal + 1)`. */
  ordinal: number;
  /** What its caller holds. */
  readonly deferred: Deferred;
  /** What it waits for and since when (ascending through the execution), for the snapshot. */
  awaiting: Promise<unknown> | null;
  parked: number;
}

export interface Host {
  /** Of the execution. */
  readonly id: string;
  /** A frame was started by `parent`, or by nobody: gives it its place. */
  begin(frame: Frame, parent: Frame | null): Task;
  /** What to wait for, instead of `value`. */
  park(frame: Frame, value: unknown): Promise<unknown>;
  ended(frame: Frame): void;
  /** A generator's frame waits for somebody to ask it, or is asked. */
  suspended(frame: Frame): void;
  resumed(frame: Frame): void;
  /** The operation behind `promise` (if it is one's) belongs to `checkpoint` of `frame`. */
  label(frame: Frame, checkpoint: number, promise: unknown): void;
  operate(frame: Frame, request: Request, wrapped?: boolean): Promise<unknown>;
  /** A promise that `settle` settles, and that a snapshot can hold. */
  defer(): Promise<unknown>;
  settle(promise: Promise<unknown>, outcome: Outcome): void;
  /** Where the next thing started gets the id `path.(ordinal + 1)`: see `within`. */
  place(path: string, ordinal: number): Frame;
  /** Gives up what is behind these promises. */
  cancel(promises: readonly unknown[]): void;
  /** The same for all that runs under this path. */
  cancelWithin(path: string): void;
  /** Runs a branch as the code under `path`, without an operation that says so. */
  branch(path: string, branch: Branch): Promise<unknown>;
  compensate(compensation: Compensation): void;
  /** A line of the code of context `path`. */
  log(path: string, level: LogLevel, values: readonly unknown[]): void;
  /** Tells context `path` something about itself. */
  configure(path: string, settings: ContextSettings): void;
  /** Context `path` is over. */
  forget(path: string): void;
  /** Of the execution: `path#name`. */
  readonly functionId: string;
  combine(combinator: Combinator, elements: Iterable<unknown>): Promise<unknown>;
  /** Null: promises of durable code are the language's own. */
  readonly promises: PromiseHost | null;
  now(): number;
  random(): number;
  uuid(): string;
}
