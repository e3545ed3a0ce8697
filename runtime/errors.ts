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

/** A value cannot be written. `path` leads to it from the root of what was being written. */
export class EncodeError extends DurableError {
  readonly path: string;
  readonly reason: string;
  constructor(path: string, reason: string) {
    super(
      `Cannot write ${path === "" ? "the value" : path}: ${reason}. Return plain data instead, or register its class.`,
    );
    this.path = path;
    this.reason = reason;
  }
}

/** Thrown by an extension's `write`; the codec turns it into an `EncodeError` with the path. */
export class CannotEncode extends DurableError {}

/** Stored text does not have the codec's format. */
export class DecodeError extends DurableError {}

/** Base of everything a store refuses or cannot do. */
export class StoreError extends DurableError {}
/** The file is no durablec database, or is damaged. */
export class StoreCorruptError extends StoreError {}
/** The file was written by a newer version. */
export class StoreTooNewError extends StoreError {}
/** The disk is full (or the file cannot grow). */
export class StoreFullError extends StoreError {}
/** Another owner has taken over; nothing of this commit was written. */
export class FencedError extends StoreError {}
/** An event's number is not the next one of its journal. */
export class JournalConflictError extends StoreError {}

export class UnknownCallbackError extends StoreError {}
export class CallbackSettledError extends StoreError {}
export class CallbackTimedOutError extends StoreError {}
