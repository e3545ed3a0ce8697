/** `invoke`: another durable function, as an execution of its own. Behaviour: AWS's SDK 2.4, whose functions are names. */
import { anOptions, ask, checkName, checkSerdes, describe, OperationArgumentError } from "./arguments.ts";
import type { DurableContext } from "./context.ts";
import type { Duration } from "./duration.ts";
import type { QueueChoice } from "./engine/queues.ts";
import { checkStart } from "./engine/starts.ts";
import { operation } from "./registry.ts";
import type { Request } from "./requests.ts";
import type { Serdes } from "./serdes.ts";

/** A durable function, one of those the engine was given as `plain`, or the name of either. */
export type Invocable<I, O> =
  | ((input: I, context: DurableContext) => O)
  | ((input: I) => O)
  | (string & { readonly input?: I; readonly output?: O });

export interface InvokeOptions<I = unknown, O = unknown> extends QueueChoice {
  /** The input's own text form: JSON, of which the function gets the value; other text it gets as it is. */
  readonly payloadSerdes?: Pick<Serdes<I>, "serialize"> & Partial<Serdes<I>>;
  /** Reads the result from its JSON. */
  readonly resultSerdes?: Pick<Serdes<O>, "deserialize"> & Partial<Serdes<O>>;
  /** Whose execution it is: recorded with the event, and as the tag `tenantId`. */
  readonly tenantId?: string;
  /** Tags to find the execution by. */
  readonly tags?: Readonly<Record<string, string>>;
  /** The execution is `TIMED_OUT` when it takes longer. Default: none. */
  readonly executionTimeout?: Duration;
}

/** `invoke`'s two ways of being called: with a name, and without. */
export interface Invoke {
  <I, O>(
    name: string | undefined,
    fn: Invocable<I, O>,
    input?: NoInfer<I>,
    options?: InvokeOptions<NoInfer<I>, NoInfer<Awaited<O>>>,
  ): Promise<Awaited<O>>;
  <I, O>(
    fn: Invocable<I, O>,
    input?: NoInfer<I>,
    options?: InvokeOptions<NoInfer<I>, NoInfer<Awaited<O>>>,
  ): Promise<Awaited<O>>;
}

/**
 * Starts `fn` as an execution of its own, with a journal of its own, and waits for its end. It exists exactly if the event
 * that says so does. Rejects with `InvokeError`, whose `cause` is the error of that execution.
 */
export const invoke: Invoke = operation(function invoke(...args: readonly unknown[]) {
  return ask("invoke", toInvoke(args)) as Promise<never>;
});

/** Two strings are a name and a function, as in AWS's SDK. */
export function toInvoke(args: readonly unknown[]): Request {
  const [first, second] = args;
  const hasName = first === undefined || (typeof first === "string" && isTarget(second));
  const [name, target, input, given] = hasName ? args : [undefined, ...args];
  checkName("invoke", name);
  if (!isTarget(target)) {
    throw new OperationArgumentError(
      `The function of invoke must be a durable function or the name of one, not ${describe(target)}.`,
    );
  }
  const options = anOptions("invoke", given as InvokeOptions | undefined) ?? {};
  checkOptions(options);
  return { kind: "invoke", name: name as string | undefined, target, input, options };
}

function isTarget(value: unknown): value is string | ((...args: never[]) => unknown) {
  return typeof value === "function" || (typeof value === "string" && value !== "");
}

function checkOptions({
  payloadSerdes,
  resultSerdes,
  tenantId,
  tags,
  executionTimeout,
  ...choice
}: InvokeOptions): void {
  checkSerdes("invoke", payloadSerdes, ["serialize"]);
  checkSerdes("invoke", resultSerdes, ["deserialize"]);
  checkStart({
    ...choice,
    ...(executionTimeout === undefined ? {} : { executionTimeout }),
    ...(tags === undefined ? {} : { tags: anOptions("invoke", tags) ?? {} }),
  });
  if (tenantId !== undefined && (typeof tenantId !== "string" || tenantId === "")) {
    throw new OperationArgumentError(
      `The tenantId of invoke must be a string that is not empty, not ${describe(tenantId)}.`,
    );
  }
}
