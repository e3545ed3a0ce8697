/** The object form: `const execution = new DurableExecution(); await execution.sleep(1_000)`. */
import { ask, OperationArgumentError } from "./arguments.ts";
import type { CallbackOptions, Submitter } from "./authoring.ts";
import { toCheckpoint, toWait, toWaitForCallback } from "./authoring.ts";
import { closure, operation } from "./registry.ts";

export interface ExecutionCallbackOptions extends Pick<CallbackOptions, "serdes"> {
  readonly name?: string;
  /** Fails with `CallbackTimeoutError` after so long. Default: never. */
  readonly timeoutSeconds?: number;
  /** The same when so long passes without a heartbeat. Default: never. */
  readonly heartbeatTimeoutSeconds?: number;
}

/** The execution that the code runs in. It has no state of its own: make one wherever it is needed. */
export class DurableExecution {
  /**
   * Waits until somebody settles the callback. `submit` hands its id out; without, whoever looks at the execution finds the
   * id there (`engine.query(id)`).
   */
  waitForCallback<T = unknown>(
    ...args: [submit: Submitter, options?: ExecutionCallbackOptions] | [options?: ExecutionCallbackOptions]
  ): Promise<T> {
    const [submit, options = {}] = typeof args[0] === "function" ? args : [submitToNobody(), args[0]];
    const { name, serdes, timeoutSeconds, heartbeatTimeoutSeconds } = options as ExecutionCallbackOptions;
    const given = {
      ...(serdes === undefined ? {} : { serdes }),
      ...(timeoutSeconds === undefined ? {} : { timeout: { seconds: timeoutSeconds } }),
      ...(heartbeatTimeoutSeconds === undefined
        ? {}
        : { heartbeatTimeout: { seconds: heartbeatTimeoutSeconds } }),
    };
    return ask("execution.waitForCallback", toWaitForCallback([name, submit, given])) as Promise<T>;
  }

  /** A place to resume from. */
  checkpoint(name?: string): Promise<void> {
    return ask("execution.checkpoint", toCheckpoint([name])) as Promise<void>;
  }

  /** Sleeps so many milliseconds, durably. */
  sleep(ms: number): Promise<void> {
    if (typeof ms !== "number") {
      throw new OperationArgumentError(`execution.sleep takes milliseconds, not ${typeof ms}.`);
    }
    return ask("execution.sleep", toWait([{ milliseconds: ms }])) as Promise<void>;
  }
}
for (const method of ["waitForCallback", "checkpoint", "sleep"] as const) {
  operation(Object.getOwnPropertyDescriptor(DurableExecution.prototype, method)?.value as object);
}

/** Stored state can hold it. */
const submitToNobody = closure("@durablec/runtime#submitToNobody", () => () => undefined);
