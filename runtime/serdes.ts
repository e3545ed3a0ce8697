/** An author's own text form of a result, in place of the codec's. */

/** Where the value belongs. */
export interface SerdesContext {
  /** Execution id. */
  readonly execution: string;
  /** Operation id. */
  readonly operation: string;
  /** The same two under the names of AWS's SDK. */
  readonly durableExecutionArn: string;
  readonly entityId: string;
}

/**
 * Both directions. `serialize` runs once, beside the body, and may answer with a promise. `deserialize` runs whenever the
 * result is read from the journal; it may be async, but not do I/O.
 */
export interface Serdes<T> {
  serialize(
    value: T | undefined,
    context: SerdesContext,
  ): string | undefined | PromiseLike<string | undefined>;
  deserialize(text: string | undefined, context: SerdesContext): T | undefined | PromiseLike<T | undefined>;
}
