/**
 * Operations of a durable function that was called without an execution around it, as a unit test does: steps run and
 * are retried here and now, waits are real timers, nothing is recorded.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DurableError } from "./errors.ts";
import type { Request } from "./requests.ts";
import { runBody } from "./requests.ts";
import { Attempt } from "./stepContext.ts";
import { retryDelayMs } from "./retry.ts";

/** The operation needs an execution. */
export class NoExecutionError extends DurableError {}

export async function detached(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "step":
      return retryHere(request);
    case "wait":
      await sleep(request.delayMs);
      return undefined;
    case "checkpoint":
      return undefined;
    case "createCallback":
    case "waitForCallback":
      throw new NoExecutionError(
        `${request.kind}() needs an execution, so that somebody can settle it. Start the function with ` +
          `open({ store: "memory:", functions: [fn] }) and engine.start(fn, input).`,
      );
  }
}

async function retryHere(request: Extract<Request, { kind: "step" }>): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runBody(request.body, new Attempt(attempt));
    } catch (error) {
      const delayMs = retryDelayMs(
        request.options?.retry ?? request.options?.retryStrategy,
        { error, attempt },
        Math.random,
      );
      if (delayMs === null) throw error;
      await sleep(delayMs);
    }
  }
}
