/**
 * What an engine tells whoever watches it: `open({ observer })`. `@durablec/runtime/otel` makes spans and metrics of it.
 *
 * Every method is optional. They are called between the engine's own work, so they must be quick; what one throws goes to
 * `onError` once and is no reason for an execution to fail. Without an observer each place costs one comparison.
 */

/** The context of a trace as W3C writes it: `traceparent`, and `tracestate` if there is one. */
export type TraceContext = Readonly<Record<string, string>>;

/** An execution in this process's memory. */
export interface ObservedExecution {
  readonly id: string;
  /** `path#name` */
  readonly functionId: string;
  /** The execution that invoked it. */
  readonly parent: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** What `starting` gave when it was started, in whatever process; null: nobody observed its start. */
  readonly trace: TraceContext | null;
}

/** An attempt of a step, of a callback's submitter, or a check of a condition. */
export interface ObservedAttempt {
  readonly execution: ObservedExecution;
  /** Operation id. */
  readonly op: string;
  readonly name?: string;
  /** From 1. */
  readonly attempt: number;
}

/** A committed event of the journal: `HistoryEvent` without its value. */
export interface ObservedEvent {
  readonly kind: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly op?: string;
  readonly name?: string;
  /** `src/fulfil.ts:8:17` */
  readonly at?: string;
  readonly attempt?: number;
  readonly startedAt?: number;
  /** ExecutionStarted, InvokeStarted: `path#name`. */
  readonly function?: string;
  /** Encoded value or error. */
  readonly payload?: string;
}

/** An execution that somebody asks for. */
export interface ObservedStart {
  /** Recorded with the execution. Null: nothing. */
  readonly trace: TraceContext | null;
  /** It is recorded; `created` is false where the id existed already. An error: it is not. */
  ended(outcome: { readonly created: boolean } | { readonly error: unknown }): void;
}

/** One transaction. */
export interface ObservedCommit {
  /** Executions in it. */
  readonly executions: number;
  readonly events: number;
  /** From handing it to the store to its acknowledgement, in milliseconds. */
  readonly durationMs: number;
}

export interface Observer {
  /** `engine.start` was called; this runs in the caller's own asynchronous context. */
  starting?(execution: { readonly id: string; readonly functionId: string }): ObservedStart;
  /** An execution is about to invoke another one: what is recorded with that one. */
  invoking?(
    execution: ObservedExecution,
    operation: { readonly op: string; readonly name?: string },
  ): TraceContext | null;
  /** Calls `run`, once and at once, and returns what it returns. */
  runBody?(attempt: ObservedAttempt, run: () => unknown): unknown;
  /** It came into memory. `lateMs` after it was due, where a time was due. */
  loaded?(execution: ObservedExecution, moment: { readonly lateMs: number | null }): void;
  /** Its events were committed, in order. */
  recorded?(execution: ObservedExecution, events: readonly ObservedEvent[]): void;
  /** It left memory: it ended, sleeps, was parked, or the engine closes. */
  left?(execution: ObservedExecution): void;
  committed?(commit: ObservedCommit): void;
}
