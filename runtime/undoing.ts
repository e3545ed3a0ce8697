/** Giving up what goes on, and undoing what was done. */
import { aFunction, compiled, named } from "./arguments.ts";
import type { StepOptions } from "./authoring.ts";
import { checkStep } from "./authoring.ts";
import { operation } from "./registry.ts";
import type { StepContext } from "./stepContext.ts";

/**
 * Gives up the operations behind these promises, those that are still under way: their awaits throw
 * `OperationCancelledError`, timers and callbacks are closed, the signals of steps at work are aborted and what those steps
 * give is dropped, executions they invoked are stopped. The code of child contexts and tasks gets the error where it waits,
 * and so runs its `finally` blocks. Of `Promise.all` and its kin: what they wait for. Others are left alone.
 */
export const cancel = operation(function cancel(...promises: readonly PromiseLike<unknown>[]): void {
  compiled("cancel").task?.host.cancel(promises);
});

export type CompensateOptions = Pick<StepOptions, "retry" | "retryStrategy" | "timeout" | "semantics">;

/** An undo, as the execution keeps it. */
export interface Compensation {
  readonly name: string | undefined;
  readonly fn: (context: StepContext) => unknown;
  readonly options: CompensateOptions;
}

/**
 * Registers how to undo what was just done. When the execution fails, times out or is stopped, all that were registered run,
 * last first, each as a step. Register it after what it undoes: before that, there is nothing to undo.
 */
export const compensate = operation(function compensate(
  ...args:
    | [name: string | undefined, undo: (context: StepContext) => unknown, options?: CompensateOptions]
    | [undo: (context: StepContext) => unknown, options?: CompensateOptions]
): void {
  const compensation = toCompensation(args);
  compiled("compensate").task?.host.compensate(compensation);
});

export function toCompensation(args: readonly unknown[]): Compensation {
  const [name, undo, options = {}] = named("compensate", args) as [
    string | undefined,
    unknown,
    CompensateOptions | undefined,
  ];
  const fn = aFunction("compensate", "undo", undo);
  checkStep("compensate", options);
  return { name, fn, options };
}
