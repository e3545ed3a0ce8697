/**
 * Operations of a durable function that was called without an execution around it, as a unit test does: steps run and
 * are retried here and now, waits are real timers, nothing is recorded.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, BatchItem } from "./batch.ts";
import { noteEnd, takeNext, toResult } from "./batch.ts";
import { createContext } from "./context.ts";
import type { MachineDefinition } from "./contract.ts";
import { VOCABULARY } from "./contract.ts";
import { toMilliseconds } from "./duration.ts";
import { DurableError, InvokeError } from "./errors.ts";
import { Frame, outsideFrames, within } from "./frame.ts";
import type { Branch, Request } from "./requests.ts";
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
    case "waitForCondition":
      return pollHere(request);
    case "runInChildContext":
      return childHere(request);
    case "batch":
      return batchHere(request.batch);
    case "invoke":
      return invokeHere(request);
    case "signal":
    case "createCallback":
    case "waitForCallback":
      throw new NoExecutionError(
        `${request.kind}() needs an execution, so that somebody can answer it. Start the function with ` +
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

async function pollHere(request: Extract<Request, { kind: "waitForCondition" }>): Promise<unknown> {
  let state = request.initialState;
  for (let attempt = 1; ; attempt++) {
    const last = state;
    state = await outsideFrames(() => request.check(last, new Attempt(attempt)));
    const decision = request.waitStrategy(state, attempt);
    if (!decision.shouldContinue) return state;
    await sleep(toMilliseconds(decision.delay, "The wait strategy's delay"));
  }
}

/** Without executions there is no other one: the function is called. */
async function invokeHere({ name, target, input }: Extract<Request, { kind: "invoke" }>): Promise<unknown> {
  if (typeof target === "string") {
    throw new NoExecutionError(
      `invoke("${target}") needs an execution: only an engine knows functions by their names. Pass the function itself.`,
    );
  }
  try {
    return await outsideFrames(() => Reflect.apply(target, undefined, [input]) as unknown);
  } catch (error) {
    throw new InvokeError(name ?? target.name, error);
  }
}

async function childHere({
  branch,
  errorMapper,
}: Extract<Request, { kind: "runInChildContext" }>): Promise<unknown> {
  try {
    return await runHere(branch);
  } catch (error) {
    throw errorMapper === null ? error : errorMapper(error);
  }
}

function runHere({ fn, args }: Branch): unknown {
  return within(new Frame(HERE), () => Reflect.apply(fn, undefined, [createContext("", null), ...args]));
}

/** What code without an execution belongs to. */
const HERE: MachineDefinition = {
  vocabulary: VOCABULARY,
  id: "@durablec/runtime#here",
  hash: "1",
  name: "here",
  source: "@durablec/runtime",
  checkpoints: {},
  run: () => undefined,
};

function batchHere(batch: Batch): Promise<unknown> {
  return new Promise((resolve) => {
    const end = (item: BatchItem<unknown>): void => {
      if (noteEnd(batch, item)) resolve(toResult(batch));
      else startMore();
    };
    const startMore = (): void => {
      for (let index = takeNext(batch); index !== null; index = takeNext(batch)) run(index);
    };
    const run = (index: number): void => {
      const branch = batch.branches[index] as Branch;
      new Promise((settled) => settled(runHere(branch))).then(
        (result) => end({ index, status: "SUCCEEDED", result }),
        (error: Error) => end({ index, status: "FAILED", error }),
      );
    };
    startMore();
    if (batch.active === 0) resolve(toResult(batch));
  });
}
