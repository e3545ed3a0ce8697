/** `@durablec/runtime`: the operations that durable functions call, and the engine that runs them. */
import "./classes.ts";

export {
  checkpoint,
  createCallback,
  NotCompiledError,
  now,
  OperationArgumentError,
  random,
  step,
  uuid,
  wait,
  waitForCallback,
} from "./authoring.ts";
export type { CallbackOptions, StepContext, StepOptions, Submitter } from "./authoring.ts";
export { NoExecutionError } from "./detached.ts";
export { DurationError } from "./duration.ts";
export type { Duration } from "./duration.ts";
export * from "./errors.ts";
export { noRetry, RetryConfigError } from "./retry.ts";
export type { RetryDecision, RetryPolicy, RetryStrategy } from "./retry.ts";
export { open } from "./engine/open.ts";
export type { OpenOptions } from "./engine/open.ts";
export type { DurableFunction, Engine, Limits } from "./engine/engine.ts";
export type { ExecutionView } from "./engine/view.ts";
export type { HistoryEvent } from "./engine/history.ts";
export type { ResumeReport } from "./engine/load.ts";
export type { World } from "./engine/world.ts";
export { openMemoryStore } from "./stores/memory.ts";
export { openSqliteStore } from "./stores/sqlite.ts";
export type { ExecutionStatus, Store } from "./stores/store.ts";
