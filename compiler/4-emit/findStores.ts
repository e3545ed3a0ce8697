/**
 * Which live variables must be stored at each await. A slot is up to date if, on every way here, the variable has not
 * been assigned since its slot was written or loaded; a loop that only reads its array does not store it each turn.
 *
 * Forwards over the graph; a resume block starts with exactly the live slots, because the frame may have been rebuilt
 * from them and hold nothing else.
 */
import type { Block, BlockId, Code, Machine, Variable } from "../ir.ts";
import { toLiveIn } from "../3-lower/findLiveness.ts";
import { codeOf, jumpsIn, targetsOf } from "../3-lower/edges.ts";

type Clean = ReadonlySet<Variable>;

export function findStores(machine: Machine): ReadonlyMap<number, readonly Variable[]> {
  const { blocks, entry, checkpoints } = machine;
  const live = new Map(checkpoints.map((checkpoint) => [checkpoint.number, checkpoint.live]));
  const onEntry = new Map<BlockId, Set<Variable>>(blocks.map(({ id }) => [id, new Set(machine.variables)]));
  onEntry.set(entry, new Set(toLiveIn(blocks).get(entry)));
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const pending = blocks.map(({ id }) => id);
  for (let at = pending.shift(); at !== undefined; at = pending.shift()) {
    const block = byId.get(at);
    if (block === undefined) continue;
    for (const [to, clean] of walk(block, onEntry.get(at) ?? new Set(), live).out) {
      if (meet(onEntry.get(to), clean)) pending.push(to);
    }
  }
  const stores = new Map<number, readonly Variable[]>();
  for (const block of blocks) {
    if (block.end.kind !== "await") continue;
    const { atEnd } = walk(block, onEntry.get(block.id) ?? new Set(), live);
    const { checkpoint } = block.end;
    stores.set(
      checkpoint,
      (live.get(checkpoint) ?? []).filter((variable) => !atEnd.has(variable)),
    );
  }
  return stores;
}

interface Walked {
  readonly out: readonly (readonly [BlockId, Clean])[];
  readonly atEnd: Clean;
}

function walk(block: Block, before: Clean, live: ReadonlyMap<number, readonly Variable[]>): Walked {
  const clean = new Set(before);
  const out: (readonly [BlockId, Clean])[] = [];
  for (const { code, assigns } of block.body) {
    dirty(clean, code);
    assigns.forEach((variable) => clean.delete(variable));
    jumpsIn(code).forEach((to) => out.push([to, new Set(clean)]));
  }
  dirty(clean, codeOf(block.end));
  // By then everything that the block assigns may have been assigned.
  if (block.handler) out.push([block.handler.to, without(clean, block.handler.error)]);
  if (block.end.kind !== "await") targetsOf(block.end).forEach((to) => out.push([to, new Set(clean)]));
  else out.push([block.end.resume, resumed(block.end, live)]);
  return { out, atEnd: clean };
}

function resumed(
  { checkpoint, result }: { readonly checkpoint: number; readonly result: Variable | null },
  live: ReadonlyMap<number, readonly Variable[]>,
): Clean {
  return without(new Set(live.get(checkpoint)), result);
}

function without(clean: Clean, variable: Variable | null): Clean {
  return new Set([...clean].filter((known) => known !== variable));
}

function dirty(clean: Set<Variable>, code: Code): void {
  for (const piece of code) {
    if (piece.kind === "write" && (piece.whole === true || !piece.variable.boxed))
      clean.delete(piece.variable);
  }
}

function meet(known: Set<Variable> | undefined, clean: Clean): boolean {
  const lost = [...(known ?? [])].filter((variable) => !clean.has(variable));
  lost.forEach((variable) => known?.delete(variable));
  return lost.length > 0;
}
