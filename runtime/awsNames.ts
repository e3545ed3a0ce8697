/** Names that AWS's SDK has for what has another one here, so that its code compiles with the import changed. */
import type { WaitStrategy } from "./condition.ts";
import type { DurableContext } from "./context.ts";
import type { DurableLogger } from "./logger.ts";
import type { Serdes } from "./serdes.ts";
import type { StepContext } from "./stepContext.ts";

export type { StepOptions as StepConfig } from "./authoring.ts";
export type { CallbackOptions as CreateCallbackConfig } from "./authoring.ts";
export type { WaitForCallbackOptions as WaitForCallbackConfig } from "./authoring.ts";
export type { ConditionOptions as WaitForConditionConfig } from "./condition.ts";
export type { ConditionCheck as WaitForConditionCheckFunc } from "./condition.ts";
export type { WaitStrategy as WaitForConditionWaitStrategyFunc } from "./condition.ts";
export type { ChildOptions as ChildConfig } from "./contexts.ts";
export type { BatchOptions as ParallelConfig } from "./contexts.ts";
export type { MapFunction as MapFunc, MapOptions as MapConfig } from "./contexts.ts";
export type { InvokeOptions as InvokeConfig } from "./invoke.ts";
export type { Retried as RetryableFunc, WithRetryOptions as WithRetryConfig } from "./withRetry.ts";

export type AnySerdes = Serdes<unknown>;
export type AnySerdesDeserializer = Pick<Serdes<unknown>, "deserialize">;
/** What a wait strategy says after a check. */
export type WaitForConditionDecision = ReturnType<WaitStrategy<unknown>>;
/** A promise of an operation; here the language's own, which can be held across a restart. */
export type DurablePromise<T> = Promise<T>;
/** A step's body. */
export type StepFunc<T> = (context: StepContext) => Promise<T>;
/** `ctx.logger`. */
export type DurableContextLogger<Logger extends DurableLogger> = Pick<Logger, keyof DurableLogger>;
export type DurableExecutionHandler<
  Event = unknown,
  Result = unknown,
  Logger extends DurableLogger = DurableLogger,
> = (event: Event, context: DurableContext<Logger>) => Promise<Result>;

/**
 * Gives back the handler: there it makes a Lambda function of it, here it is one that `open({ functions })` takes. The
 * handler needs its directive, `"use durable"`.
 */
export function withDurableExecution<Handler extends DurableExecutionHandler<never>>(
  handler: Handler,
): Handler {
  return handler;
}
