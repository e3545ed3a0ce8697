/** `@durablec/runtime`: the operations that durable functions call, and the engine that runs them. */
import "./classes.ts";

export { BatchItemStatus, BatchResult, completeBatch, CompletionOutcome, continueBatch } from "./batch.ts";
export type {
  BatchItem,
  CompletionConfig,
  CompletionDecision,
  CompletionItemStatus,
  CompletionReason,
  CompletionStatus,
  CustomCompletionConfig,
  ThresholdCompletionConfig,
} from "./batch.ts";
export { createWaitStrategy, waitForCondition } from "./condition.ts";
export type { ConditionCheck, ConditionOptions, WaitStrategy, WaitStrategyConfig } from "./condition.ts";
export type { ContextPromises, DurableContext, LambdaContext } from "./context.ts";
export type {
  DurableLogData,
  DurableLoggingContext,
  LoggerConfig,
  LoggingAware,
  SerdesConfig,
} from "./configuration.ts";
export { map, NestingType, parallel, runInChildContext } from "./contexts.ts";
export type {
  BatchOptions,
  ChildOptions,
  ContextFunction,
  MapFunction,
  MapItems,
  MapOptions,
  Parallel,
  ParallelBranch,
} from "./contexts.ts";
export { DurableExecution } from "./durableExecution.ts";
export type { ExecutionCallbackOptions } from "./durableExecution.ts";
export { Signals, signals, waitForSignal } from "./signals.ts";
export type { SignalOptions } from "./signals.ts";
export { cancel, compensate } from "./undoing.ts";
export type { CompensateOptions } from "./undoing.ts";
export { invoke } from "./invoke.ts";
export type { Invocable, Invoke, InvokeOptions } from "./invoke.ts";
export { durable } from "./hooks.ts";
export { transaction } from "./transaction.ts";
export type { TransactionClient, TransactionOptions } from "./transaction.ts";
export { withRetry } from "./withRetry.ts";
export type { Retried, WithRetry, WithRetryOptions } from "./withRetry.ts";
export type { ErrorMapper } from "./requests.ts";
export { NotCompiledError, OperationArgumentError } from "./arguments.ts";
export {
  checkpoint,
  createCallback,
  now,
  random,
  step,
  StepSemantics,
  uuid,
  wait,
  waitForCallback,
} from "./authoring.ts";
export type { CallbackOptions, StepOptions, Submitter, WaitForCallbackOptions } from "./authoring.ts";
export type { StepContext } from "./stepContext.ts";
export type { Serdes, SerdesContext } from "./serdes.ts";
export { createClassSerdes, createClassSerdesWithDates, defaultSerdes } from "./classSerdes.ts";
export * from "./awsNames.ts";
export { toLogLine } from "./logger.ts";
export type { DurableLogger, EngineEvent, LogEntry, LogLevel, LogSink } from "./logger.ts";
export { NoExecutionError } from "./detached.ts";
export { DurationError } from "./duration.ts";
export type { Duration } from "./duration.ts";
export * from "./errors.ts";
export {
  createLinearRetryStrategy,
  createRetryStrategy,
  JitterStrategy,
  retryPresets,
} from "./retryStrategies.ts";
export type { LinearRetryStrategyConfig, RetryStrategyConfig } from "./retryStrategies.ts";
export { noRetry, RetryConfigError } from "./retry.ts";
export type { RetryDecision, RetryPolicy, RetryStrategy } from "./retry.ts";
export { createAbortController } from "./abort.ts";
export type { DurableAbortController, DurableAbortSignal } from "./abort.ts";
export { opaque } from "./named.ts";
export type { Opaque } from "./named.ts";
export { open, openStore } from "./engine/open.ts";
export type { OpenOptions } from "./engine/open.ts";
export type { PlainFunction } from "./engine/functions.ts";
export type { QueueChoice, QueueOptions } from "./engine/queues.ts";
export type { EnqueueOptions, StartOptions } from "./engine/starts.ts";
export type { DurableFunction, Engine } from "./engine/engine.ts";
export type { Limits } from "./engine/limits.ts";
export type { ExecutionSummary, ExecutionView } from "./engine/view.ts";
export type { ExecutionEventKind, HistoryEvent, HistoryRange } from "./engine/history.ts";
export type { ForkOptions, RetryOptions } from "./engine/again.ts";
export type { Activation, ExecutionState, PendingOperation } from "./engine/query.ts";
export { toAwsHistory } from "./awsHistory.ts";
export type { AwsEvent, AwsEventType } from "./awsHistory.ts";
export type { ResumeReport } from "./engine/load.ts";
export type { World } from "./engine/world.ts";
export type {
  ObservedAttempt,
  ObservedCommit,
  ObservedEvent,
  ObservedExecution,
  ObservedStart,
  Observer,
  TraceContext,
} from "./observer.ts";
export { checkStore } from "./check/checkStore.ts";
export type { CheckOptions, Finding } from "./check/checkStore.ts";
export { exportExecutions } from "./transfer/export.ts";
export type { ExportOptions } from "./transfer/export.ts";
export { rekeyStore } from "./transfer/rekey.ts";
export type { RekeyOptions } from "./transfer/rekey.ts";
export { importExecutions } from "./transfer/import.ts";
export type { Imported, ImportOptions } from "./transfer/import.ts";
export type { EncryptionOptions } from "./stores/encryption-options.ts";
export { openMemoryStore } from "./stores/memory.ts";
export { openSqliteStore } from "./stores/sqlite.ts";
export type { FunctionCounts } from "./stores/counts.ts";
export type { ExecutionStatus, Store } from "./stores/store.ts";
