/**
 * Finds what each checkpoint must keep: the variables that are read after it on some path.
 *
 *     const a = await f(); const b = await g(a); return b      checkpoint 1: []   checkpoint 2: [] (a is read before)
 *
 * Backwards over the graph until nothing changes. An exception can leave a block at any of its instructions, so what
 * the handler reads is live all through it; and an await can settle with a throw, so what the handler reads is live at
 * its checkpoint. An assignment ends a variable's life only where it is sure to happen.
 */
import type { Block, BlockId, Code, Machine, Terminator, Variable } from "../ir.ts";
import { codeOf, successorsOf, targetsOf } from "./edges.ts";

/** Live variables on entry to each block. */
export type LiveIn = ReadonlyMap<BlockId, ReadonlySet<Variable>>;

/** Fills `live` of every checkpoint, also in closures. */
export function findLiveness(machine: Machine): Machine {
  const liveIn = toLiveIn(machine.blocks);
  const order = new Map(machine.variables.map((variable, index) => [variable, index]));
  const byId = new Map(machine.blocks.map((block) => [block.id, block]));
  const kept = new Map<number, ReadonlySet<Variable>>();
  for (const { end } of machine.blocks) {
    if (end.kind === "await") kept.set(end.checkpoint, liveAfterAwait(byId, liveIn, end));
  }
  const sort = (variables: ReadonlySet<Variable>): readonly Variable[] =>
    [...variables].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  return {
    ...machine,
    checkpoints: machine.checkpoints.map((checkpoint) => ({
      ...checkpoint,
      live: sort(kept.get(checkpoint.number) ?? new Set()),
    })),
    closures: machine.closures.map((closure) => ({
      ...closure,
      machine: closure.machine && findLiveness(closure.machine),
    })),
  };
}

export function toLiveIn(blocks: readonly Block[]): LiveIn {
  const liveIn = new Map<BlockId, Set<Variable>>(blocks.map(({ id }) => [id, new Set()]));
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const predecessors = toPredecessors(blocks);
  // Only what leads to a block that has changed is looked at again: a large function has thousands of blocks.
  const pending = new Set(blocks.map(({ id }) => id).reverse());
  for (const id of pending) {
    pending.delete(id);
    const block = byId.get(id);
    if (block === undefined) continue;
    const live = liveAtStart(byId, liveIn, block);
    if (live.size === liveIn.get(id)?.size) continue;
    liveIn.set(id, live);
    predecessors.get(id)?.forEach((before) => pending.add(before));
  }
  return liveIn;
}

type ById = ReadonlyMap<BlockId, Block>;

function toPredecessors(blocks: readonly Block[]): ReadonlyMap<BlockId, readonly BlockId[]> {
  const found = new Map<BlockId, BlockId[]>(blocks.map(({ id }) => [id, []]));
  const byId = new Map(blocks.map((block) => [block.id, block]));
  for (const block of blocks) {
    const resumed = block.end.kind === "await" ? byId.get(block.end.resume)?.handler?.to : undefined;
    for (const to of [...successorsOf(block), ...(resumed === undefined ? [] : [resumed])]) {
      found.get(to)?.push(block.id);
    }
  }
  return found;
}

function liveAtStart(byId: ById, liveIn: LiveIn, block: Block): Set<Variable> {
  const caught = liveInHandler(liveIn, block);
  const live = new Set([...liveAfter(byId, liveIn, block.end), ...caught]);
  passBackwards(live, codeOf(block.end), liveIn);
  for (const { code, assigns } of [...block.body].reverse()) {
    assigns.forEach((variable) => live.delete(variable));
    passBackwards(live, code, liveIn);
    caught.forEach((variable) => live.add(variable));
  }
  return live;
}

function liveAfter(byId: ById, liveIn: LiveIn, end: Terminator): ReadonlySet<Variable> {
  if (end.kind === "await") return liveAfterAwait(byId, liveIn, end);
  return new Set(targetsOf(end).flatMap((to) => [...(liveIn.get(to) ?? [])]));
}

function liveAfterAwait(
  byId: ById,
  liveIn: LiveIn,
  end: Extract<Terminator, { kind: "await" }>,
): ReadonlySet<Variable> {
  const live = new Set(liveIn.get(end.resume));
  if (end.result) live.delete(end.result);
  const resume = byId.get(end.resume);
  if (resume) liveInHandler(liveIn, resume).forEach((variable) => live.add(variable));
  return live;
}

function liveInHandler(liveIn: LiveIn, { handler }: Block): ReadonlySet<Variable> {
  if (handler === null) return new Set();
  const live = new Set(liveIn.get(handler.to));
  live.delete(handler.error);
  return live;
}

/** Moves `live` from behind the code to before it. Order of the text is taken for order of evaluation only where `sure`. */
function passBackwards(live: Set<Variable>, code: Code, liveIn: LiveIn): void {
  for (const piece of [...code].reverse()) {
    if (piece.kind === "read") live.add(piece.variable);
    else if (piece.kind === "jump") liveIn.get(piece.to)?.forEach((variable) => live.add(variable));
    else if (piece.kind === "write") {
      // To assign the content of a box is to use the box.
      if (piece.variable.boxed && piece.whole !== true) live.add(piece.variable);
      else if (piece.sure) live.delete(piece.variable);
    }
  }
}
