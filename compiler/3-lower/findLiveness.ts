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
import { codeOf, targetsOf } from "./edges.ts";

/** Live variables on entry to each block. */
export type LiveIn = ReadonlyMap<BlockId, ReadonlySet<Variable>>;

/** Fills `live` of every checkpoint, also in closures. */
export function findLiveness(machine: Machine): Machine {
  const liveIn = toLiveIn(machine.blocks);
  const order = new Map(machine.variables.map((variable, index) => [variable, index]));
  const kept = new Map<number, ReadonlySet<Variable>>();
  for (const { end } of machine.blocks) {
    if (end.kind === "await") kept.set(end.checkpoint, liveAfterAwait(machine.blocks, liveIn, end));
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
  for (let changed = true; changed;) {
    changed = false;
    for (const block of [...blocks].reverse()) {
      const before = liveIn.get(block.id)?.size ?? 0;
      const live = liveAtStart(blocks, liveIn, block);
      changed ||= live.size !== before;
      liveIn.set(block.id, live);
    }
  }
  return liveIn;
}

function liveAtStart(blocks: readonly Block[], liveIn: LiveIn, block: Block): Set<Variable> {
  const caught = liveInHandler(liveIn, block);
  const live = new Set([...liveAfter(blocks, liveIn, block.end), ...caught]);
  passBackwards(live, codeOf(block.end), liveIn);
  for (const { code, assigns } of [...block.body].reverse()) {
    assigns.forEach((variable) => live.delete(variable));
    passBackwards(live, code, liveIn);
    caught.forEach((variable) => live.add(variable));
  }
  return live;
}

function liveAfter(blocks: readonly Block[], liveIn: LiveIn, end: Terminator): ReadonlySet<Variable> {
  if (end.kind === "await") return liveAfterAwait(blocks, liveIn, end);
  return new Set(targetsOf(end).flatMap((to) => [...(liveIn.get(to) ?? [])]));
}

function liveAfterAwait(
  blocks: readonly Block[],
  liveIn: LiveIn,
  end: Extract<Terminator, { kind: "await" }>,
): ReadonlySet<Variable> {
  const live = new Set(liveIn.get(end.resume));
  if (end.result) live.delete(end.result);
  const resume = blocks.find(({ id }) => id === end.resume);
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
