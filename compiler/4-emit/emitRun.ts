/**
 * Emits a machine's `run`: a switch whose cases are the blocks. State 0 and the checkpoints' numbers are the ways in;
 * the other blocks have numbers above them, which never leave this function.
 *
 * Blocks stand in an order in which most of them fall through to the next, so that straight code reads straight. `$pc`
 * always names a block of the region that is running: the one thing the `catch` at the end relies on.
 */
import { basename } from "node:path";
import type { Block, BlockId, Checkpoint, Code, Machine, Terminator, Variable } from "../ir.ts";
import { codeOf, jumpsIn, targetsOf } from "../3-lower/edges.ts";
import { toLiveIn } from "../3-lower/findLiveness.ts";
import { code, text } from "../3-lower/code.ts";
import type { Words } from "../3-lower/words.ts";
import { findStores } from "./findStores.ts";

export interface EmitContext {
  readonly words: Words;
  /** What declares machines: `var` where names are shared with other scripts, as functions are. */
  readonly declare: "const" | "var";
  /** `src/fulfil.ts` */
  readonly path: string;
  /** 1-based line of a position in the author's file. */
  readonly positionOf: (at: number) => { readonly line: number; readonly column: number };
}

interface Run {
  readonly context: EmitContext;
  readonly machine: Machine;
  readonly labels: ReadonlyMap<BlockId, number>;
  readonly stores: ReadonlyMap<number, readonly Variable[]>;
  readonly checkpoints: ReadonlyMap<number, Checkpoint>;
}

/** The statements inside `run($f, $s) { ... }`. */
export function emitRun(context: EmitContext, machine: Machine): Code {
  const { words } = context;
  const order = toOrder(machine);
  const run: Run = {
    context,
    machine,
    labels: toLabels(machine, order),
    stores: findStores(machine),
    checkpoints: new Map(machine.checkpoints.map((checkpoint) => [checkpoint.number, checkpoint])),
  };
  const cases = order.flatMap((block, index) => emitBlock(run, block, order[index + 1] ?? null));
  const locals = usedVariables(machine);
  const declared = locals.length === 0 ? "" : `let ${locals.map(({ name }) => name).join(", ")};\n`;
  const hasJumps = order.some(({ body }) => body.some((instruction) => jumpsIn(instruction.code).length > 0));
  const loop = `${hasJumps ? `${words.loop}: ` : ""}for (let ${words.counter} = ${words.frame}.pc; ; )`;
  const body = code`switch (${words.counter}) {\n${cases}}`;
  const caught = emitCatch(run);
  const guarded = caught === null ? body : code`try {\n${body}\n} catch (${words.thrown}) {\n${caught}}`;
  return code`${declared}${loop} ${guarded}`;
}

/** Depth first, along the way that control most likely takes. */
function toOrder({ blocks, entry }: Machine): readonly Block[] {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const order: Block[] = [];
  const placed = new Set<BlockId>();
  const place = (id: BlockId): void => {
    const block = byId.get(id);
    if (block === undefined || placed.has(id)) return;
    placed.add(id);
    order.push(block);
    targetsOf(block.end).forEach(place);
    block.body.flatMap((instruction) => jumpsIn(instruction.code)).forEach(place);
  };
  place(entry);
  blocks.forEach(({ handler }) => handler && place(handler.to));
  blocks.forEach(({ id }) => place(id));
  return order;
}

function toLabels(
  { blocks, entry, checkpoints }: Machine,
  order: readonly Block[],
): ReadonlyMap<BlockId, number> {
  const labels = new Map<BlockId, number>([[entry, 0]]);
  for (const { end } of blocks) if (end.kind === "await") labels.set(end.resume, end.checkpoint);
  let next = checkpoints.length;
  for (const { id } of order) if (!labels.has(id)) labels.set(id, ++next);
  return labels;
}

function labelOf({ labels }: Run, id: BlockId): string {
  return String(labels.get(id));
}

function emitBlock(run: Run, block: Block, next: Block | null): Code {
  const body = block.body.flatMap((instruction) => code`${toText(run, instruction.code)}\n`);
  return code`case ${labelOf(run, block.id)}:\n${emitLoads(run, block)}${body}${emitEnd(run, block, next)}`;
}

/** What a block that is entered from outside does first. */
function emitLoads(run: Run, block: Block): Code {
  const { machine, context } = run;
  const { frame } = context.words;
  if (block.id === machine.entry) return load(run, [...(toLiveIn(machine.blocks).get(block.id) ?? [])]);
  const parked = machine.blocks
    .map(({ end }) => end)
    .find((end) => end.kind === "await" && end.resume === block.id);
  if (parked?.kind !== "await") return [];
  const checkpoint = run.checkpoints.get(parked.checkpoint);
  const loads = load(run, checkpoint?.live ?? []);
  const at = checkpoint?.node.getStart();
  const settled = code`${parked.result ? `${parked.result.name} = ` : ""}${text(`${frame}.resume();`, at)}\n`;
  // A rejection goes to the handler, which reads its variables: they must be there first.
  return block.handler === null ? [...settled, ...loads] : [...loads, ...settled];
}

function load({ context }: Run, variables: readonly Variable[]): Code {
  if (variables.length === 0) return [];
  return code`({ ${variables.map(({ name }) => name).join(", ")} } = ${context.words.slots});\n`;
}

function emitEnd(run: Run, block: Block, next: Block | null): Code {
  const { end } = block;
  const { counter, frame } = run.context.words;
  switch (end.kind) {
    case "goto":
      return goTo(run, { block, next, to: end.to });
    case "branch":
      return emitBranch(run, end, { block, next });
    case "await":
      return emitAwait(run, end);
    case "return":
      return code`return ${frame}.done(${end.value === null ? "" : toText(run, end.value)});\n`;
    case "throw":
      return code`throw ${toText(run, end.value)};\n`;
    case "complete":
      return code`${counter} = ${emitTargets(run, end)};\ncontinue;\n`;
  }
}

interface Place {
  readonly block: Block;
  readonly next: Block | null;
}

function goTo(run: Run, { block, next, to }: Place & { readonly to: BlockId }): Code {
  const set = `${run.context.words.counter} = ${labelOf(run, to)};\n`;
  if (next?.id !== to) return code`${set}continue;\n`;
  return block.handler?.to === next.handler?.to ? [] : [text(set)];
}

function emitBranch(run: Run, end: Extract<Terminator, { kind: "branch" }>, { block, next }: Place): Code {
  const test = toText(run, end.test);
  const leave = (to: BlockId): string => `{ ${run.context.words.counter} = ${labelOf(run, to)}; continue; }`;
  if (next?.id === end.no)
    return code`if (${test}) ${leave(end.yes)}\n${goTo(run, { block, next, to: end.no })}`;
  return code`if (!(${test})) ${leave(end.no)}\n${goTo(run, { block, next, to: end.yes })}`;
}

function emitTargets(run: Run, { completion, targets }: Extract<Terminator, { kind: "complete" }>): string {
  const last = targets.at(-1);
  const tests = targets
    .slice(0, -1)
    .map(({ when, to }) => `${completion.name} === ${when} ? ${labelOf(run, to)} : `)
    .join("");
  return `${tests}${last ? labelOf(run, last.to) : ""}`;
}

/** Stores what is live and not up to date, then parks. The value comes first when evaluating it assigns such a variable. */
function emitAwait(run: Run, end: Extract<Terminator, { kind: "await" }>): Code {
  const { words } = run.context;
  const stores = run.stores.get(end.checkpoint) ?? [];
  const value = toText(run, end.value);
  const stored = stores.map(({ name }) => `${words.slots}.${name} = ${name};`).join(" ");
  const store = stored === "" ? "" : `${stored}\n`;
  const at = run.checkpoints.get(end.checkpoint)?.node.getStart();
  const park = (awaited: Code): Code =>
    end.word === "own"
      ? code`return ${awaited};\n`
      : code`return ${text(`${words.frame}.${end.word ?? "await"}(`, at)}${String(end.checkpoint)}, ${awaited});\n`;
  const comment = `${describeCheckpoint(run, end.checkpoint)}\n`;
  const assigned = end.value.some((piece) => piece.kind === "write" && stores.includes(piece.variable));
  if (!assigned) return code`${comment}${store}${park(value)}`;
  return code`${comment}{\nconst ${words.awaited} = ${value};\n${store}${park([text(words.awaited)])}}\n`;
}

/** `// checkpoint 1: step "reserve", fulfil.ts:6` */
function describeCheckpoint({ checkpoints, context }: Run, number: number): string {
  const checkpoint = checkpoints.get(number);
  if (checkpoint === undefined) return "";
  const { kind, name, node } = checkpoint;
  const what = name === null ? kind : `${kind} ${JSON.stringify(name)}`;
  return `// checkpoint ${number}: ${what}, ${basename(context.path)}:${context.positionOf(node.getStart()).line}`;
}

function emitCatch(run: Run): Code | null {
  const { counter, thrown } = run.context.words;
  const regions = new Map<BlockId, { readonly error: Variable; readonly labels: string[] }>();
  for (const { id, handler } of run.machine.blocks) {
    if (handler === null) continue;
    const region = regions.get(handler.to) ?? { error: handler.error, labels: [] };
    region.labels.push(labelOf(run, id));
    regions.set(handler.to, region);
  }
  if (regions.size === 0) return null;
  const cases = [...regions].map(([to, { error, labels }]) => {
    const sorted = labels.sort((a, b) => Number(a) - Number(b));
    const set = usedVariables(run.machine).includes(error) ? `${error.name} = ${thrown}; ` : "";
    return `${sorted.map((label) => `case ${label}:`).join(" ")}\n${set}${counter} = ${labelOf(run, to)}; continue;\n`;
  });
  return code`switch (${counter}) {\n${cases.join("")}default: throw ${thrown};\n}\n`;
}

function toText(run: Run, pieces: Code): Code {
  const { counter, loop } = run.context.words;
  return pieces.map((piece) =>
    piece.kind === "jump" ? text(`${counter} = ${labelOf(run, piece.to)}; continue ${loop};`) : piece,
  );
}

/** Variables that some code mentions: others were lowered away, or belong to dead code. */
function usedVariables({ variables, blocks }: Machine): readonly Variable[] {
  const used = new Set<Variable>();
  for (const { body, end, handler } of blocks) {
    if (handler) used.add(handler.error);
    if (end.kind === "await" && end.result) used.add(end.result);
    for (const { assigns } of body) assigns.forEach((variable) => used.add(variable));
    for (const pieces of [...body.map((instruction) => instruction.code), codeOf(end)]) {
      for (const piece of pieces)
        if (piece.kind === "read" || piece.kind === "write") used.add(piece.variable);
    }
  }
  return variables.filter((variable) => used.has(variable));
}
