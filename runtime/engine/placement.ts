/** The code that a stored frame goes on with. */
import type { MachineDefinition } from "../contract.ts";
import { UnplaceableStateError } from "../errors.ts";
import { findMachine } from "../registry.ts";

export interface Place {
  readonly machine: string;
  readonly hash: string;
  readonly pc: number;
}

/** A frame that this build does not understand is refused, never guessed at. */
export function toMachine(execution: string, { machine: id, hash, pc }: Place): MachineDefinition {
  const machine = findMachine(id);
  if (machine === undefined) {
    throw new UnplaceableStateError(
      `${execution} is inside ${id}, which this build does not have. Run a worker of the build that has it.`,
    );
  }
  if (machine.hash !== hash) {
    throw new UnplaceableStateError(
      `${execution} is at checkpoint ${pc} of ${id} as it was compiled with hash ${hash}; this ` +
        `build has ${machine.hash}. Let a worker of the old build finish it.`,
    );
  }
  return machine;
}
