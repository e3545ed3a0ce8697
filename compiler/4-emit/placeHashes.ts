/** Puts each machine's hash where its placeholder stands. They are as long as each other, so no position moves. */
import type { Machine } from "../ir.ts";
import { HASH_PLACEHOLDER } from "./emitMachine.ts";
import type { EmitContext } from "./emitRun.ts";
import { hashMachine, type HashSource } from "./hashMachine.ts";

export interface Hashed {
  readonly text: string;
  readonly hashes: ReadonlyMap<Machine, string>;
}

export function placeHashes(
  context: EmitContext,
  {
    machines,
    source,
    text,
  }: { readonly machines: readonly Machine[]; readonly source: HashSource; readonly text: string },
): Hashed {
  const hashes = new Map<Machine, string>();
  // Nested machines are emitted before the one around them.
  const inOrder = machines.flatMap(toEmitOrder);
  inOrder.forEach((machine) => hashes.set(machine, hashMachine(context, machine, source)));
  let next = 0;
  const placed = text.replaceAll(`hash: "${HASH_PLACEHOLDER}"`, () => {
    const machine = inOrder[next++];
    return `hash: "${(machine && hashes.get(machine)) ?? HASH_PLACEHOLDER}"`;
  });
  return { text: placed, hashes };
}

function toEmitOrder(machine: Machine): readonly Machine[] {
  return [
    ...machine.closures.flatMap((closure) => (closure.machine ? toEmitOrder(closure.machine) : [])),
    machine,
  ];
}
