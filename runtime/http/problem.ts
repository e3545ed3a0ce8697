/** What a request is answered with when it is not answered as it wished. */

export type Status = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503;

/** The answer's status, and its body: `{ "error": { "code", "message" } }`. */
export class Problem extends Error {
  readonly status: Status;
  /** Stays the same, for programs. */
  readonly code: string;

  constructor(status: Status, code: string, message: string) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = code;
  }
}

export function badRequest(message: string): Problem {
  return new Problem(400, "bad_request", message);
}

/** With a message of our own where the error's says where the store is. */
type Entry = readonly [status: Status, code: string, message?: string];

/** By name, not by class: the engine may be of another copy of the runtime. */
const KNOWN: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["UnknownExecutionError", [404, "unknown_execution", "There is no execution of this id."]],
  ["UnknownCallbackError", [404, "unknown_callback"]],
  ["UnknownFunctionError", [404, "unknown_function"]],
  ["UnknownQueueError", [404, "unknown_queue"]],
  ["ExecutionExistsError", [409, "execution_exists"]],
  ["CallbackSettledError", [409, "callback_settled"]],
  ["CallbackTimedOutError", [409, "callback_timed_out"]],
  ["RetryRefusedError", [409, "retry_refused"]],
  ["UnplaceableStateError", [409, "code_missing"]],
  ["NonDeterminismError", [409, "code_differs"]],
  ["InputTooLargeError", [413, "too_large"]],
  ["SignalsFullError", [429, "signals_full"]],
  ["OperationArgumentError", [400, "bad_request"]],
  ["DurationError", [400, "bad_request"]],
  ["EncodeError", [400, "bad_request"]],
  ["StoreUnavailableError", [503, "store_unavailable", "The store does not answer: try again."]],
  ["StoreFullError", [503, "store_full", "The store is full."]],
  ["FencedError", [503, "closed", "This service is closing: try again."]],
  ["EngineClosedError", [503, "closed", "This service is closing: try again."]],
]);

/** Null: not one of those that are for the caller; the service hears of it, and the caller only that. */
export function toProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (!(error instanceof Error)) return null;
  const known = KNOWN.get(error.name);
  if (known === undefined) return null;
  const [status, code, message = error.message] = known;
  return new Problem(status, code, message);
}
