/** Puts each machine's hash where its placeholder stands. They are as long as each other, so no position moves. */
import type { Machine } from "../ir.ts";
import { toPlaceholder } from "./emitMachine.ts";
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
  const all = machines.flatMap(withNested);
  all.forEach((machine) => hashes.set(machine, hashMachine(context, machine, source)));
  const byPlaceholder = new Map(all.map((machine) => [toPlaceholder(machine), hashes.get(machine)]));
  const placed = text.replaceAll(/hash: "(##[0-9a-f]{14})"/g, (found, placeholder: string) => {
    const hash = byPlaceholder.get(placeholder);
    return hash === undefined ? found : `hash: "${hash}"`;
  });
  return { text: placed, hashes };
}

function withNested(machine: Machine): readonly Machine[] {
  return [
    ...machine.closures.flatMap((closure) => (closure.machine ? withNested(closure.machine) : [])),
    machine,
  ];
}
