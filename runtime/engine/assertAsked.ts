import { NonDeterminismError } from "../errors.ts";
import type { OperationEvent } from "./events.ts";
import type { Operation } from "./operations/operation.ts";

/** How the kinds of event begin that each kind of operation is driven by. */
const DRIVES: Readonly<Record<Operation["kind"], string>> = {
  step: "Step",
  wait: "Wait",
  callback: "Callback",
  checkpoint: "Checkpoint",
  value: "Value",
  condition: "Condition",
  context: "Context",
  invoke: "Invoke",
  // Signals themselves are the execution's: whoever asks gets the next.
  signal: "SignalTimedOut",
};

/** Throws `NonDeterminismError` unless the code has asked for what the event is about. */
export function assertAsked(
  execution: string,
  event: OperationEvent,
  operation: Operation | undefined,
): asserts operation is Operation {
  if (operation === undefined) {
    throw new NonDeterminismError(
      `The journal of ${execution} says ${describe(event)}, but the code did not start operation ${event.op}. ${ADVICE}`,
    );
  }
  const { head, kind } = operation;
  if (event.kind.startsWith(DRIVES[kind]) && head.site === event.site && head.name === event.name) return;
  const asked = `${kind}${head.name === undefined ? "" : ` "${head.name}"`} at checkpoint ${head.site}`;
  throw new NonDeterminismError(
    `The journal of ${execution} says ${describe(event)} for operation ${event.op}, but the code asked for ${asked}` +
      `${head.at === undefined ? "" : ` (${head.at})`}. ${ADVICE}`,
  );
}

const ADVICE =
  "The code between two checkpoints did something else than before: look for the clock, randomness, or data that " +
  "changed outside a step, or for a deploy that changed the function.";

function describe(event: OperationEvent): string {
  const name = event.name === undefined ? "" : ` "${event.name}"`;
  return `${event.kind}${name} at checkpoint ${event.site}${event.at === undefined ? "" : ` (${event.at})`}`;
}
