/** The checkpoints of a file, for what an editor shows at them. */
import { ts } from "ts-morph";
import type { LoweredModule } from "../../compiler/index.ts";
import type { Checkpoint, Machine, Variable } from "../../compiler/ir.ts";
import type { Oracle } from "../../compiler/program.ts";

export interface PlacedCheckpoint {
  readonly number: number;
  /** `step "charge"`, `wait`, `await` for a value. */
  readonly operation: string;
  readonly awaited: boolean;
  /** From the `await`, or the call that only starts its operation, ... */
  readonly start: number;
  /** ... to the end of what is awaited or called, without its arguments: where a pointer means the checkpoint. */
  readonly headEnd: number;
  /** What is stored with it. `type` is null for a value that is no variable of the author's. */
  readonly live: readonly { readonly name: string; readonly type: string | null }[];
}

/** In the order of their numbers, inner functions' after their outer one's. */
export function toCheckpoints({ machines, module }: LoweredModule): readonly PlacedCheckpoint[] {
  return machines.flatMap((machine) => ofMachine(machine, module.oracle));
}

function ofMachine({ checkpoints, closures }: Machine, oracle: Oracle): readonly PlacedCheckpoint[] {
  const own = checkpoints.map((checkpoint) => toPlaced(checkpoint, oracle));
  const inner = closures.flatMap(({ machine }) => (machine === null ? [] : ofMachine(machine, oracle)));
  return [...own, ...inner];
}

function toPlaced({ number, kind, name, node, awaited, live }: Checkpoint, oracle: Oracle): PlacedCheckpoint {
  const word = kind === "value" ? "await" : kind;
  return {
    number,
    operation: name === null ? word : `${word} "${name}"`,
    awaited,
    start: node.getStart(),
    headEnd: toHeadEnd(node),
    live: live.map((variable) => toLive(variable, oracle)),
  };
}

function toHeadEnd(node: ts.Node): number {
  if (ts.isAwaitExpression(node)) return toHeadEnd(node.expression);
  return ts.isCallExpression(node) ? node.expression.end : node.end;
}

function toLive({ name, declaration, origin }: Variable, oracle: Oracle): PlacedCheckpoint["live"][number] {
  if (declaration !== null) return { name, type: oracle.typeText(declaration) };
  return { name: origin?.getText().replaceAll(/\s+/g, " ") ?? name, type: null };
}
