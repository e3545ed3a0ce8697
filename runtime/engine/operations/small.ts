/** The two operations without work of their own: an explicit checkpoint, and an await of a foreign promise. */
import { types } from "node:util";
import { thenNatively } from "../../durablePromise.ts";
import { CannotEncode } from "../../errors.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";

export interface CheckpointState {
  /** What the await gives back: nothing, or the value that was awaited. It is part of the state, not of the journal. */
  readonly value: unknown;
}

export function checkpointOperation(
  head: OperationHead,
  { value }: CheckpointState,
  scope: OperationScope,
): Operation {
  let reported = false;
  return {
    kind: "checkpoint",
    head,
    start() {
      if (reported) return;
      reported = true;
      scope.report(head, { kind: "CheckpointReached", time: scope.now() }, { snapshot: true });
    },
    apply() {
      scope.finish(this);
      head.record.resolve(value);
    },
    timer: () => null,
    fire: () => undefined,
    busy: () => reported,
    save: () => ({ value }),
  };
}

/**
 * Records what a promise of unknown origin settled to. While it is pending the state cannot be written: nothing in a
 * snapshot could bring that promise back. A recovery re-runs the code that made it.
 */
export function valueOperation(
  head: OperationHead,
  foreign: PromiseLike<unknown>,
  scope: OperationScope,
): Operation {
  let phase: "idle" | "waiting" | "reported" = "idle";
  // Where the journal says what it came to, nobody listens to it, and its rejection is no reason to end the process.
  if (types.isPromise(foreign)) thenNatively(foreign, undefined, () => undefined);
  const rejected = (error: unknown): void => {
    if (scope.disposed()) return;
    phase = "reported";
    scope.report(head, { kind: "ValueRejected", time: scope.now(), payload: scope.encodeError(error) });
  };
  const fulfilled = (value: unknown): void => {
    if (scope.disposed()) return;
    try {
      const payload = scope.encode(value);
      phase = "reported";
      scope.report(head, { kind: "ValueFulfilled", time: scope.now(), payload });
    } catch (error) {
      rejected(error);
    }
  };
  return {
    kind: "value",
    head,
    start() {
      if (phase !== "idle") return;
      phase = "waiting";
      Promise.resolve(foreign).then(fulfilled, rejected);
    },
    apply(event) {
      scope.finish(this);
      if (event.kind === "ValueFulfilled") head.record.resolve(scope.decode(event.payload));
      else if (event.kind === "ValueRejected") head.record.reject(scope.decode(event.payload));
    },
    timer: () => null,
    fire: () => undefined,
    busy: () => phase !== "idle",
    save: () => {
      throw new CannotEncode("a promise that no durable operation made is pending");
    },
  };
}
