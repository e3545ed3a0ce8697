/** What the manifest says about a function: identity, hash, checkpoints with their positions and live variables. */
import type { CheckpointKind } from "@durablec/runtime/machine";
import type { Checkpoint, Machine } from "../ir.ts";
import type { DurableModule } from "../program.ts";
import type { EmitContext } from "./emitRun.ts";

export interface FunctionDescription {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly checkpoints: readonly CheckpointDescription[];
}

export interface CheckpointDescription {
  readonly number: number;
  readonly kind: CheckpointKind;
  readonly name: string | null;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly awaited: boolean;
  /** `type` is null without a checker, and for values that are no variable of the author's. */
  readonly live: readonly { readonly name: string; readonly type: string | null }[];
}

interface Described {
  readonly machine: Machine;
  readonly hashes: ReadonlyMap<Machine, string>;
  readonly module: DurableModule;
}

export function toDescription(
  context: EmitContext,
  { machine, hashes, module }: Described,
): readonly FunctionDescription[] {
  const { id, name, checkpoints, closures } = machine;
  const own: FunctionDescription = {
    id,
    name,
    hash: hashes.get(machine) ?? "",
    checkpoints: checkpoints.map((checkpoint) => describe(context, module, checkpoint)),
  };
  const nested = closures.flatMap((closure) =>
    closure.machine ? toDescription(context, { machine: closure.machine, hashes, module }) : [],
  );
  return [own, ...nested];
}

function describe(
  { positionOf }: EmitContext,
  { oracle }: DurableModule,
  { number, kind, name, node, awaited, live }: Checkpoint,
): CheckpointDescription {
  const types = live.map((variable) => ({
    name: variable.name,
    type: variable.declaration && oracle.typeText(variable.declaration),
  }));
  return { number, kind, name, ...positionOf(node.getStart()), awaited, live: types };
}
