/** A control-flow graph while it is being built: one open block at a time, to which code is added. */
import type { ts } from "ts-morph";
import type { Block, BlockId, Code, Handler, Instruction, Terminator, Variable } from "../ir.ts";
import { invariant } from "../invariant.ts";

interface DraftBlock {
  readonly id: BlockId;
  readonly body: Instruction[];
  readonly handler: Handler | null;
  end: Terminator | null;
}

export interface Draft {
  readonly blocks: DraftBlock[];
  readonly variables: Variable[];
  /** Blocks made from now on throw to it. */
  handler: Handler | null;
  current: DraftBlock;
}

export function createDraft(): Draft {
  const entry: DraftBlock = { id: 0, body: [], handler: null, end: null };
  return { blocks: [entry], variables: [], handler: null, current: entry };
}

/** Makes a block that throws to the current handler; code goes into it after `enterBlock`. */
export function openBlock(draft: Draft): BlockId {
  const block: DraftBlock = { id: draft.blocks.length, body: [], handler: draft.handler, end: null };
  draft.blocks.push(block);
  return block.id;
}

export function enterBlock(draft: Draft, id: BlockId): void {
  invariant(draft.current.end !== null, "a block is left before it has an end");
  draft.current = findBlock(draft, id);
}

export function findBlock(draft: Draft, id: BlockId): DraftBlock {
  const block = draft.blocks[id];
  invariant(block !== undefined, `there is no block ${id}`);
  return block;
}

export function emit(draft: Draft, code: Code, assigns: readonly Variable[] = []): void {
  draft.current.body.push({ code, assigns });
}

/**
 * Ends the open block. What follows a `break` cannot be reached, but is lowered all the same (its checkpoints keep
 * their numbers): it goes into a block that nothing leads to, which `simplify` takes out.
 */
export function endBlock(draft: Draft, end: Terminator): void {
  draft.current.end = end;
}

/** Ends the open block and goes on in a fresh one that nothing leads to. */
export function leaveBlock(draft: Draft, end: Terminator): void {
  endBlock(draft, end);
  enterBlock(draft, openBlock(draft));
}

export function goInto(draft: Draft, id: BlockId): void {
  endBlock(draft, { kind: "goto", to: id });
  enterBlock(draft, id);
}

export function addVariable(
  draft: Draft,
  variable: Pick<Variable, "name" | "kind"> & {
    readonly declaration?: ts.Node;
    readonly origin?: ts.Node;
    readonly boxed?: boolean;
  },
): Variable {
  const { name, kind, declaration = null, origin = null, boxed = false } = variable;
  const added: Variable = { name, kind, declaration, origin, boxed };
  draft.variables.push(added);
  return added;
}

export function finishBlocks(draft: Draft): readonly Block[] {
  return draft.blocks.map(({ id, body, handler, end }) => {
    invariant(end !== null, `block ${id} has no end`);
    return { id, body, handler, end };
  });
}
