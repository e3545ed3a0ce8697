/** What a step's body is given. */
import type { DurableLogger } from "./logger.ts";
import { toLogger, writeLog } from "./logger.ts";

/** What a step's body may know about its run. */
export interface StepContext {
  /** Counted from 1; grows with each retry. */
  readonly attempt: number;
  /** Aborted when the attempt is given up: its `timeout` is over, or the execution was stopped. */
  readonly signal: AbortSignal;
  /** Lines carry the execution, the step and the attempt. */
  readonly logger: DurableLogger;
}

/** One attempt's context. The signal is made when it is asked for: most steps never do. */
export class Attempt implements StepContext {
  readonly attempt: number;
  readonly logger: DurableLogger;
  private controller: AbortController | null = null;
  private aborted: { readonly reason: unknown } | null = null;

  constructor(attempt: number, logger: DurableLogger = toLogger(writeLog, { attempt })) {
    this.attempt = attempt;
    this.logger = logger;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.aborted !== null) this.controller.abort(this.aborted.reason);
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    this.aborted = { reason };
    this.controller?.abort(reason);
  }
}
