/** Starts durable code in a context of its own: the function of a child context, the branches of a batch. */
import { createContext } from "../context.ts";
import type { MachineDefinition } from "../contract.ts";
import { VOCABULARY } from "../contract.ts";
import { Frame, within } from "../frame.ts";
import { findClosure, findDurable, isOperation } from "../registry.ts";
import type { Branch } from "../requests.ts";
import type { Execution } from "./execution.ts";
import { isThenable } from "./promises.ts";

/** Stands for a context while its code is started: gives what is started there its path. Never parked, never stored. */
const CONTEXT: MachineDefinition = {
  vocabulary: VOCABULARY,
  id: "@durablec/runtime#context",
  hash: "1",
  name: "context",
  source: "@durablec/runtime",
  checkpoints: {},
  run: () => undefined,
};

/** `ordinal`: how many operations and tasks have been started there. */
export function contextFrame(execution: Execution, path: string, ordinal: number): Frame {
  return placeFrame(execution, { path, context: path, ordinal });
}

export interface Place {
  readonly path: string;
  readonly context: string;
  readonly ordinal: number;
}

export function placeFrame(execution: Execution, place: Place): Frame {
  const frame = new Frame(CONTEXT);
  const deferred = execution.promises.create({ kind: "task", path: place.path });
  frame.task = { host: execution.host, ...place, deferred, awaiting: null, parked: 0 };
  return frame;
}

/** Runs a branch as the context that is operation `op`. What it gives can be stored, whatever it is. */
export function startBranch(execution: Execution, op: string, { fn, args }: Branch): Promise<unknown> {
  const { host, promises } = execution;
  const frame = contextFrame(execution, op, 0);
  const given = [createContext(op, host), ...args];
  // Code that was not compiled cannot be suspended inside: it is a step as a whole.
  if (findDurable(fn) === undefined && findClosure(fn) === undefined && !isOperation(fn)) {
    const body = { kind: "function", fn, self: undefined, args: given } as const;
    return host.operate(frame, { kind: "step", name: fn.name || undefined, body, options: undefined });
  }
  const record = promises.create({ kind: "task", path: op });
  try {
    const value = within(frame, () => Reflect.apply(fn, undefined, given));
    if (promises.find(value) !== undefined) return value as Promise<unknown>;
    if (isThenable(value)) return host.park(frame, value);
    record.resolve(value);
  } catch (error) {
    record.reject(error);
  }
  return record.promise;
}
