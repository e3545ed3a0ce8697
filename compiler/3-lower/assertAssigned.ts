/**
 * A part of the verifier: variables of ours (temporaries, cursors, completions) are assigned on every path before they
 * are read. Forwards over the graph: what is assigned for sure on entry to a block is what all ways into it agree on.
 */
import type { Block, BlockId, Code, Machine, Variable } from "../ir.ts";
import { invariant } from "../invariant.ts";
import { codeOf, jumpsIn, targetsOf } from "./edges.ts";

type Assigned = ReadonlySet<Variable>;

export function assertAssigned({ id, blocks, entry, variables }: Machine): void {
  const ours = new Set(
    variables.filter(({ kind }) => ["temporary", "cursor", "completion", "disposables"].includes(kind)),
  );
  const byId = new Map(blocks.map((block) => [block.id, block]));
  // From everything downwards: a block keeps only what each way into it has assigned.
  const onEntry = new Map<BlockId, Set<Variable>>(blocks.map((block) => [block.id, new Set(ours)]));
  onEntry.get(entry)?.clear();
  const pending = blocks.map((block) => block.id);
  for (let at = pending.shift(); at !== undefined; at = pending.shift()) {
    const block = byId.get(at);
    if (block === undefined) continue;
    for (const [to, assigned] of walk(block, onEntry.get(at) ?? new Set(), null)) {
      if (meet(onEntry.get(to), assigned)) pending.push(to);
    }
  }
  for (const block of blocks) {
    walk(block, onEntry.get(block.id) ?? new Set(), (variable, assigned) => {
      const known = !ours.has(variable) || assigned.has(variable);
      invariant(known, `${id}: ${variable.name} may be read in block ${block.id} before it is assigned`);
    });
  }
}

type OnRead = (variable: Variable, assigned: Assigned) => void;

/** What is assigned on each way out of a block. */
function walk(block: Block, before: Assigned, onRead: OnRead | null): [BlockId, Assigned][] {
  const out: [BlockId, Assigned][] = [];
  const assigned = new Set(before);
  // An exception may come before the first assignment.
  if (block.handler) out.push([block.handler.to, new Set([...before, block.handler.error])]);
  for (const { code, assigns } of block.body) {
    walkCode(code, assigned, onRead);
    jumpsIn(code).forEach((to) => out.push([to, new Set(assigned)]));
    assigns.forEach((variable) => assigned.add(variable));
  }
  walkCode(codeOf(block.end), assigned, onRead);
  if (block.end.kind === "await" && block.end.result) assigned.add(block.end.result);
  targetsOf(block.end).forEach((to) => out.push([to, new Set(assigned)]));
  return out;
}

function walkCode(code: Code, assigned: Set<Variable>, onRead: OnRead | null): void {
  for (const piece of code) {
    if (piece.kind === "read") onRead?.(piece.variable, assigned);
    if (piece.kind === "write" && piece.sure) assigned.add(piece.variable);
  }
}

function meet(known: Set<Variable> | undefined, assigned: Assigned): boolean {
  const lost = [...(known ?? [])].filter((variable) => !assigned.has(variable));
  lost.forEach((variable) => known?.delete(variable));
  return lost.length > 0;
}
