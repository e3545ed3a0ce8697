/**
 * Every error the runtime throws on purpose. Each has a `name` that is stable, a sentence that says what happened, and
 * advice in the same message. Classes are registered with the codec, so they come back as instances.
 */

export class DurableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * A value cannot be written. `path` leads to it from the root of what was being written; `reason` says what it is and,
 * after a semicolon, what to do.
 */
export class EncodeError extends DurableError {
  readonly path: string;
  readonly reason: string;
  constructor(path: string, reason: string) {
    super(`Cannot write ${path === "" ? "the value" : path}: ${reason}.`);
    this.path = path;
    this.reason = reason;
  }
}

/** Thrown by an extension's `write`; the codec turns it into an `EncodeError` with the path. */
export class CannotEncode extends DurableError {}

/** Stored text does not have the codec's format. */
export class DecodeError extends DurableError {}
/** Stored text was encrypted with a key that was not given, or changed since. The execution is parked, nothing is lost. */
export class DecryptionError extends DecodeError {}

/** Base of everything a store refuses or cannot do. */
export class StoreError extends DurableError {}
/** The file is no durablec database, or is damaged. */
export class StoreCorruptError extends StoreError {}
/** The file was written by a newer version. */
export class StoreTooNewError extends StoreError {}
/** The disk is full (or the file cannot grow). */
export class StoreFullError extends StoreError {}
/** The database server does not answer, or the connection to it broke: nobody knows yet what of the last commit is there. */
export class StoreUnavailableError extends StoreError {}
/** Another owner has taken over; nothing of this commit was written. */
export class FencedError extends StoreError {}
/** An event's number is not the next one of its journal. */
export class JournalConflictError extends StoreError {}

export class UnknownCallbackError extends StoreError {}
export class CallbackSettledError extends StoreError {}
export class CallbackTimedOutError extends StoreError {}

/** What a failed operation throws: `cause` is the error itself. Classes and names are those of AWS's SDK. */
export class DurableOperationError extends DurableError {
  /** The name of this class. */
  readonly errorType: string;
  /** Text that the error, or one of its causes, was given along. */
  readonly errorData?: string;
  constructor(message: string, cause?: unknown, errorData: unknown = dataOf(cause)) {
    super(message, { cause });
    this.errorType = new.target.name;
    if (typeof errorData === "string") this.errorData = errorData;
  }
}

function dataOf(cause: unknown): unknown {
  return typeof cause === "object" && cause !== null && "errorData" in cause ? cause.errorData : undefined;
}

/** A callback was not answered with a success: one of the three below. */
export class CallbackError extends DurableOperationError {}

/** The outside settled the callback with a failure: `cause` is the error it gave. */
export class CallbackExternalError extends CallbackError {
  constructor(callback: string, cause: unknown) {
    super(`The callback "${callback}" was failed from outside: ${messageOf(cause)}`, cause);
  }
}

/** Nobody settled the callback, or sent a heartbeat, in time. */
export class CallbackTimeoutError extends CallbackError {
  readonly by: "timeout" | "heartbeat";
  constructor(callback: string, by: "timeout" | "heartbeat") {
    super(
      by === "timeout"
        ? `The callback "${callback}" was not settled before its timeout.`
        : `The callback "${callback}" sent no heartbeat within its heartbeatTimeout.`,
    );
    this.by = by;
  }
}

/** The submitter of the callback failed its last attempt: `cause` is its error. */
export class CallbackSubmitterError extends CallbackError {
  constructor(callback: string, cause: unknown) {
    super(`The submitter of callback "${callback}" failed: ${messageOf(cause)}`, cause);
  }
}

/** `waitForSignal`: no signal of the name came before its `timeout`. */
export class SignalTimeoutError extends DurableError {
  /** The name of the signal. */
  readonly signal: string;
  constructor(signal: string) {
    super(`No signal "${signal}" came before the timeout of waitForSignal.`);
    this.signal = signal;
  }
}

/** An attempt of a step took longer than its `timeout`. Goes to the retry strategy like any failure. */
export class StepTimeoutError extends DurableError {
  constructor(step: string, timeout: unknown) {
    super(`An attempt of step "${step}" took longer than its timeout of ${JSON.stringify(timeout)}.`);
  }
}

/** A `transaction()` cannot be: the store has no database for it, or its body ended it. Not tried again. */
export class TransactionError extends DurableError {}

/** `AtMostOncePerRetry`: an attempt was started, and the process was gone before its outcome was recorded. */
export class StepInterruptedError extends DurableError {
  readonly attempt: number;
  constructor(step: string, attempt: number) {
    super(
      `Attempt ${attempt} of step "${step}" was interrupted: it was started, and whether it did its work is not known. ` +
        `It is not run again; the retry strategy decides about the next one.`,
    );
    this.attempt = attempt;
  }
}

/** `waitForCondition`: the strategy's checks are used up. In the context form also: a check failed (`cause`). */
export class WaitForConditionError extends DurableOperationError {}

/** `throwIfError` of a batch that `shouldComplete` has ended as a failure, though no branch failed. */
export class BatchCompletionError extends DurableOperationError {
  readonly completionReason: string;
  constructor(completionReason: string) {
    super(`The batch failed: ${completionReason}.`);
    this.completionReason = completionReason;
  }
}

/** `invoke`: the other execution failed, timed out or was stopped, or could not be started. `cause` is its error. */
export class InvokeError extends DurableOperationError {
  constructor(invoked: string, cause: unknown) {
    super(`The invoked function "${invoked}" failed: ${messageOf(cause)}`, cause);
  }
}

/** `ctx.step`: the last attempt failed. */
export class StepError extends DurableOperationError {}
/** `ctx.runInChildContext`, and branches of `ctx.parallel` and `ctx.map`: the function of the child failed. */
export class ChildContextError extends DurableOperationError {}

/** `ctx.promise.all` and its kin rejected: `cause` is the error that the language's own would have thrown. */
export class PromiseCombinatorError extends DurableOperationError {}

/** A context's operation was called where another context's code runs. */
export class ContextError extends DurableError {}

/** The code gave the operation up: `cancel(promise)`, or a batch that was over. */
export class OperationCancelledError extends DurableError {}

/** Undoing failed. `cause` is why the execution failed in the first place. */
export class CompensationError extends DurableError {
  /** What could not be undone, in the order it was tried. */
  readonly failures: readonly { readonly name: string; readonly error: unknown }[];
  constructor(cause: unknown, failures: readonly { readonly name: string; readonly error: unknown }[]) {
    const what = failures.map(({ name, error }) => `"${name}" (${messageOf(error)})`).join(", ");
    super(`${messageOf(cause)}; of what was done, this could not be undone: ${what}`, { cause });
    this.failures = failures;
  }
}

/** Somebody stopped the execution. */
export class ExecutionStoppedError extends DurableError {}

/** The execution took longer than its `executionTimeout`. */
export class ExecutionTimedOutError extends DurableError {}

/** An execution of this id exists, with another function or another input. */
export class ExecutionExistsError extends DurableError {}
/** There is no execution of this id. */
export class UnknownExecutionError extends DurableError {}
/** The execution cannot go on from there: the message says why, and what to do. */
export class RetryRefusedError extends DurableError {}
/** The engine was not given this function, or it is not durable. */
export class UnknownFunctionError extends DurableError {}
/** An execution has as many signals that nobody has asked for as it may have: `limits.signals`. */
export class SignalsFullError extends DurableError {}
/** The engine has no queue of this name. */
export class UnknownQueueError extends DurableError {}
/** The input is over the limit. */
export class InputTooLargeError extends DurableError {}
/** The engine was closed, or gave up. */
export class EngineClosedError extends DurableError {}

/** The journal and the code disagree about what happens next. The execution is parked, nothing is lost. */
export class NonDeterminismError extends DurableError {}

/** Stored state fits no code of this build. The execution is parked, nothing is lost. */
export class UnplaceableStateError extends DurableError {}

/** Of whatever was thrown: also of what cannot be read, such as a proxy that was revoked. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "what was thrown cannot be read";
  }
}
