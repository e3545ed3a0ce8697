/**
 * The next signal of a name. Signals are events of the execution: one that comes is given to whoever has waited longest, or
 * kept until somebody asks.
 */
import { SignalTimeoutError } from "../../errors.ts";
import type { ExecutionEvent } from "../events.ts";
import type { Execution } from "../execution.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";

export interface SignalState {
  /** Of the signal. The operation's own name may be absent. */
  readonly signal: string;
  /** Asked for by a loop: the answer is that of an iterator. */
  readonly iterated: boolean;
  /** When it is too late; null: never. From the time of the execution, so that a restart changes nothing about it. */
  readonly until: number | null;
}

export interface SignalOperation extends Operation {
  readonly kind: "signal";
  readonly state: SignalState;
  give(payload: string): void;
}

export function signalOperation(
  head: OperationHead,
  state: SignalState,
  scope: OperationScope,
): SignalOperation {
  const { signal, iterated, until } = state;
  let reported = false;
  return {
    kind: "signal",
    head,
    state,
    start: () => undefined,
    apply() {
      scope.finish(this);
      head.record.reject(new SignalTimeoutError(signal));
    },
    give(payload) {
      scope.finish(this);
      const value = scope.decode(payload);
      head.record.resolve(iterated ? { value, done: false } : value);
    },
    timer: () => (reported ? null : until),
    fire(now) {
      if (reported || until === null || until > now) return;
      reported = true;
      scope.report(head, { kind: "SignalTimedOut", time: now });
    },
    busy: () => reported,
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
  execution: Execution,
  { name, payload }: Extract<ExecutionEvent, { kind: "SignalReceived" }>,
): void {
  const { operations, signals } = execution;
  for (const operation of operations.values()) {
    if (!isSignal(operation) || operation.state.signal !== name) continue;
    // That its time is over may be committed with the signal, or wait to be: whichever is first in the journal counts.
    if (operation.state.until !== null) execution.cancelled.add(operation.head.op);
    operation.give(payload);
    execution.dropReports();
    return;
  }
  const kept = signals.get(name);
  if (kept === undefined) signals.set(name, [payload]);
  else kept.push(payload);
}

function isSignal(operation: Operation): operation is SignalOperation {
  return operation.kind === "signal";
}
