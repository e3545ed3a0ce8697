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

/** One attempt's context. The signal and the logger are made when they are asked for: most steps never do. */
export class Attempt implements StepContext {
  readonly attempt: number;
  private readonly toLogger: () => DurableLogger;
  private made: DurableLogger | null = null;
  private controller: AbortController | null = null;
  private aborted: { readonly reason: unknown } | null = null;

  constructor(attempt: number, logger = () => toLogger(writeLog, { attempt })) {
    this.attempt = attempt;
    this.toLogger = logger;
  }

  get logger(): DurableLogger {
    return (this.made ??= this.toLogger());
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
