/** The first frame of an execution. */
import type { Slots } from "../contract.ts";
import { UnplaceableStateError } from "../errors.ts";
import { Frame, launch } from "../frame.ts";
import { findMachine } from "../registry.ts";
import { rootArguments } from "../rootArguments.ts";
import type { Execution, StartedEvent } from "./execution.ts";
import { SeededChance } from "./identity.ts";

/** Throws `UnplaceableStateError` if this build has no such function. */
export function launchRoot(execution: Execution, event: StartedEvent): void {
  const definition = findMachine(event.function);
  if (definition?.enter === undefined) {
    throw new UnplaceableStateError(
      `This worker has no durable function ${event.function}. Load the module that holds it, or run a worker of the ` +
        `build that does.`,
    );
  }
  execution.chance = new SeededChance(event.seed, 0);
  const { host, promises, scope } = execution;
  const input = scope.decode(event.payload);
  const frame = new Frame(definition);
  const enter = definition.enter as (...args: unknown[]) => Slots;
  const args = rootArguments(definition.enter, input, host);
  const promise = launch(frame, { enter, self: undefined, args }, host.begin(frame, null));
  execution.root = promises.find(promise) ?? null;
  execution.watchRoot();
}
