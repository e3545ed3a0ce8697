/**
 * The verifier: states what a machine promises after lowering and after liveness, and throws when one does not hold.
 * It runs in tests and with `--verify`. Every promise here is one that a later pass relies on without looking.
 */
import type { Block, BlockId, Code, Machine, Variable } from "../ir.ts";
import { invariant } from "../invariant.ts";
import { assertAssigned } from "./assertAssigned.ts";
import { codeOf, successorsOf } from "./edges.ts";
import { findLiveness, toLiveIn } from "./findLiveness.ts";

export function assertMachine(machine: Machine, after: "lower" | "liveness" = "lower"): void {
  const byId = assertBlocks(machine);
  assertEntries(machine, byId);
  assertVariables(machine);
  assertCheckpoints(machine);
  assertEntryLiveness(machine);
  assertAssigned(machine);
  if (after === "liveness") assertLiveness(machine);
  for (const { machine: inner } of machine.closures) if (inner !== null) assertMachine(inner, after);
}

/** Every edge leads to a block. */
function assertBlocks({ id, blocks, entry }: Machine): ReadonlyMap<BlockId, Block> {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  invariant(byId.size === blocks.length, `${id}: two blocks have one number`);
  invariant(byId.has(entry), `${id}: there is no entry block ${entry}`);
  for (const block of blocks) {
    for (const to of successorsOf(block))
      invariant(byId.has(to), `${id}: block ${block.id} leads to no block, ${to}`);
  }
  return byId;
}

/** State 0 and the resume states load their variables, so control comes to them from outside only. */
function assertEntries({ id, blocks, entry }: Machine, byId: ReadonlyMap<BlockId, Block>): void {
  const resumes = new Set<BlockId>();
  for (const { end, handler } of blocks) {
    if (end.kind !== "await") continue;
    invariant(!resumes.has(end.resume), `${id}: two awaits resume in block ${end.resume}`);
    resumes.add(end.resume);
    const resumed = byId.get(end.resume);
    invariant(
      resumed?.handler?.to === handler?.to,
      `${id}: checkpoint ${end.checkpoint} resumes in another region`,
    );
  }
  for (const block of blocks) {
    const others = successorsOf(block).filter((to) => block.end.kind !== "await" || to !== block.end.resume);
    for (const to of others) {
      invariant(to !== entry, `${id}: block ${block.id} goes back to the entry`);
      invariant(!resumes.has(to), `${id}: block ${block.id} goes to resume block ${to} without its await`);
    }
  }
}

function assertVariables({ id, blocks, variables }: Machine): void {
  const names = new Set(variables.map(({ name }) => name));
  invariant(names.size === variables.length, `${id}: two variables have one name`);
  const known = new Set(variables);
  const assert = (variable: Variable): void =>
    invariant(known.has(variable), `${id}: ${variable.name} is no variable of the machine`);
  for (const { body, end, handler } of blocks) {
    if (handler) assert(handler.error);
    for (const code of [...body.map((instruction) => instruction.code), codeOf(end)])
      variablesIn(code).forEach(assert);
    body.forEach(({ assigns }) => assigns.forEach(assert));
    if (end.kind === "await" && end.result) {
      assert(end.result);
      invariant(!end.result.boxed, `${id}: checkpoint ${end.checkpoint} settles into a box`);
    }
  }
}

function variablesIn(code: Code): readonly Variable[] {
  return code.flatMap((piece) => (piece.kind === "read" || piece.kind === "write" ? [piece.variable] : []));
}

function assertCheckpoints({ id, blocks, checkpoints }: Machine): void {
  const awaited = new Map(checkpoints.map((checkpoint) => [checkpoint.number, checkpoint.awaited]));
  invariant(awaited.size === checkpoints.length, `${id}: two checkpoints have one number`);
  const used = new Set<number>();
  for (const { end } of blocks) {
    if (end.kind !== "await") continue;
    invariant(awaited.get(end.checkpoint) === true, `${id}: ${end.checkpoint} is no checkpoint that awaits`);
    invariant(!used.has(end.checkpoint), `${id}: two awaits park at checkpoint ${end.checkpoint}`);
    used.add(end.checkpoint);
  }
}

/** Nothing is read before it has a value: only parameters and captures come in from outside. */
function assertEntryLiveness({ id, blocks, entry }: Machine): void {
  for (const { name, kind } of toLiveIn(blocks).get(entry) ?? []) {
    const given = ["parameter", "capture", "this", "arguments", "self"].includes(kind);
    invariant(given, `${id}: ${name} may be read before it has a value`);
  }
}

function assertLiveness(machine: Machine): void {
  const fresh = findLiveness({ ...machine, closures: [] });
  fresh.checkpoints.forEach(({ number, live }, index) => {
    const stated = machine.checkpoints[index]?.live ?? [];
    const same = live.length === stated.length && live.every((variable, at) => variable === stated[at]);
    invariant(same, `${machine.id}: checkpoint ${number} keeps other variables than are live`);
  });
}
