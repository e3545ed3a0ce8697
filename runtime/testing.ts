/**
 * Ways to run a durable function in tests. All give the result of the function, or throw what it throws.
 *
 * - `runMemory`: a plain call; no store, native timing.
 * - `runRebuild`: at every await, the activation is thrown away and rebuilt from its checkpoint and live slots.
 * - `runRestart`: at every await, the whole execution is written, dropped from memory and brought back from bytes.
 */
import "./classes.ts";
import type { Slots } from "./contract.ts";
import type { DurableContext } from "./context.ts";
import type { DurableFunction } from "./engine/engine.ts";
import type { OpenOptions } from "./engine/open.ts";
import { openWith } from "./engine/open.ts";
import { UnknownFunctionError } from "./errors.ts";
import { Frame, launch } from "./frame.ts";
import { rebuildHost } from "./rebuild.ts";
import { findDurable } from "./registry.ts";
import { rootArguments } from "./rootArguments.ts";

export async function runMemory<I, O>(fn: (input: I) => Promise<O>, input: I): Promise<O> {
  return fn(input);
}

export async function runRebuild<I, O>(fn: (input: I) => Promise<O>, input: I): Promise<O> {
  const machine = findDurable(fn);
  if (machine?.enter === undefined) throw new UnknownFunctionError(`${fn.name} is not a compiled function.`);
  const frame = new Frame(machine);
  const call = {
    enter: machine.enter as (...args: unknown[]) => Slots,
    self: undefined,
    args: rootArguments(machine.enter, input, null),
  };
  return launch(frame, call, rebuildHost.begin(frame, null)) as Promise<O>;
}

export interface RestartOutcome<O> {
  readonly result: O;
  /** How many times the execution was dropped and brought back. */
  readonly restarts: number;
  /** Why a state could not be written: those restarts re-ran code from an older one. */
  readonly problems: readonly string[];
}

export async function runRestart<I, O>(
  fn: (input: I, context: DurableContext) => Promise<O>,
  input: I,
  options: Partial<OpenOptions> = {},
): Promise<RestartOutcome<O>> {
  let restarts = 0;
  const problems = new Set<string>();
  const parked = Promise.withResolvers<never>();
  const engine = await openWith(
    {
      store: "memory:",
      functions: [fn],
      // A parked execution has no result: without this the test would wait for ever.
      onError: parked.reject,
      ...options,
    },
    (problem) => {
      restarts++;
      if (problem !== null) problems.add(problem);
    },
  );
  try {
    const { id } = await engine.start(fn as DurableFunction<I>, input);
    const result = await Promise.race([engine.result(id), parked.promise]);
    return { result: result as O, restarts, problems: [...problems] };
  } finally {
    await engine.close();
  }
}
