/**
 * The next signal of a name. Signals are events of the execution: one that comes is given to whoever has waited longest, or
 * kept until somebody asks.
 */
import type { ExecutionEvent } from "../events.ts";
import type { Execution } from "../execution.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";

export interface SignalState {
  /** Of the signal. The operation's own name may be absent. */
  readonly signal: string;
  /** Asked for by a loop: the answer is that of an iterator. */
  readonly iterated: boolean;
}

export interface SignalOperation extends Operation {
  readonly kind: "signal";
  give(payload: string): void;
}

export function signalOperation(
  head: OperationHead,
  state: SignalState,
  scope: OperationScope,
): SignalOperation {
  return {
    kind: "signal",
    head,
    start: () => undefined,
    apply: () => undefined,
    give(payload) {
      scope.finish(this);
      const value = scope.decode(payload);
      head.record.resolve(state.iterated ? { value, done: false } : value);
    },
    timer: () => null,
    fire: () => undefined,
    busy: () => false,
    save: () => ({ ...state }),
  };
}

/** One that was kept, if there is one. */
export function takeSignal({ signals }: Execution, name: string): string | undefined {
  const kept = signals.get(name);
  const first = kept?.shift();
  if (kept?.length === 0) signals.delete(name);
  return first;
}

export function receiveSignal(
  { operations, signals }: Execution,
  { name, payload }: Extract<ExecutionEvent, { kind: "SignalReceived" }>,
): void {
  for (const operation of operations.values()) {
    if (operation.kind !== "signal" || operation.save().signal !== name) continue;
    return (operation as SignalOperation).give(payload);
  }
  const kept = signals.get(name);
  if (kept === undefined) signals.set(name, [payload]);
  else kept.push(payload);
}
