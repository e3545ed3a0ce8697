/**
 * Takes out what lowering leaves behind and nobody needs: blocks that nothing reaches, blocks that only go on to
 * another, and seams between a block and its only successor. Example: `if (a) await b` leaves an empty join block.
 *
 * A block that is the target of a jump out of the author's text stays: that it lies in the region of the text is what
 * it is there for.
 */
import type { Block, BlockId, LiftedClosure, Machine, Terminator } from "../ir.ts";
import { jumpsIn, successorsOf, targetsOf } from "./edges.ts";

export function simplify(machine: Machine): Machine {
  const threaded = threadEmpty(machine.blocks);
  const reached = keepReached(threaded, machine.entry);
  return { ...machine, blocks: mergeChains(reached), closures: machine.closures.map(simplifyClosure) };
}

function simplifyClosure(closure: LiftedClosure): LiftedClosure {
  return closure.machine === null ? closure : { ...closure, machine: simplify(closure.machine) };
}

/** Leads past blocks that only go on. A resume block is entered by the await, so it stays. */
function threadEmpty(blocks: readonly Block[]): readonly Block[] {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const follow = (id: BlockId, seen: readonly BlockId[] = []): BlockId => {
    const block = byId.get(id);
    const isEmpty = block !== undefined && block.body.length === 0 && block.end.kind === "goto";
    return isEmpty && !seen.includes(id) ? follow(block.end.to, [...seen, id]) : id;
  };
  return blocks.map((block) => ({ ...block, end: redirect(block.end, follow) }));
}

function redirect(end: Terminator, follow: (id: BlockId) => BlockId): Terminator {
  switch (end.kind) {
    case "goto":
      return { ...end, to: follow(end.to) };
    case "branch":
      return { ...end, yes: follow(end.yes), no: follow(end.no) };
    case "complete":
      return { ...end, targets: end.targets.map(({ when, to }) => ({ when, to: follow(to) })) };
    case "await":
    case "return":
    case "throw":
      return end;
  }
}

function keepReached(blocks: readonly Block[], entry: BlockId): readonly Block[] {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const reached = new Set<BlockId>([entry]);
  for (const id of reached) {
    const block = byId.get(id);
    if (block) successorsOf(block).forEach((next) => reached.add(next));
  }
  return blocks.filter(({ id }) => reached.has(id));
}

function mergeChains(blocks: readonly Block[]): readonly Block[] {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const entries = countEntries(blocks);
  const merged = new Set<BlockId>();
  for (const { id } of blocks) {
    for (
      let next = onlySuccessor(byId, entries, id);
      next !== null;
      next = onlySuccessor(byId, entries, id)
    ) {
      const block = byId.get(id);
      if (block === undefined || merged.has(id)) break;
      byId.set(id, { ...block, body: [...block.body, ...next.body], end: next.end });
      byId.delete(next.id);
      merged.add(next.id);
    }
  }
  return [...byId.values()];
}

/** The block that `id` goes to, if nothing else does and both throw to the same place. */
function onlySuccessor(
  byId: ReadonlyMap<BlockId, Block>,
  entries: ReadonlyMap<BlockId, number>,
  id: BlockId,
): Block | null {
  const block = byId.get(id);
  if (block?.end.kind !== "goto") return null;
  const next = byId.get(block.end.to);
  if (next === undefined || next.id === id || entries.get(next.id) !== 1) return null;
  return next.handler?.to === block.handler?.to ? next : null;
}

function countEntries(blocks: readonly Block[]): ReadonlyMap<BlockId, number> {
  const entries = new Map<BlockId, number>();
  const add = (id: BlockId): void => void entries.set(id, (entries.get(id) ?? 0) + 1);
  for (const block of blocks) {
    targetsOf(block.end).forEach(add);
    block.body.flatMap(({ code }) => jumpsIn(code)).forEach(add);
    // A handler is entered from anywhere inside its blocks.
    if (block.handler) add(block.handler.to);
  }
  return entries;
}
