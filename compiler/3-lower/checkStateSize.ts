/**
 * Advises of variables that make the state large: big buffers that are live at a checkpoint, and collections that grow in
 * a loop with a checkpoint in it. An estimate, from types, loops and written lengths.
 *
 *     for (const page of pages) images.push(await render(page));     // DC305 'images' may take 1.3 MB
 *
 * A loop that never ends is the matter of DC222.
 */
import { ts } from "ts-morph";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import { estimateMade, estimateType, LENGTH_GUESS } from "../2-check/estimateSize.ts";
import { findAppended, toEndlessBody } from "../2-check/findGrowth.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { note, report } from "../diagnostics/report.ts";
import type { Checkpoint, Machine, Variable } from "../ir.ts";
import type { DurableProgram } from "../program.ts";
import { toCheckpointNote } from "./checkpointNote.ts";

const BYTES_MIN = 64_000;

export function checkStateSize(program: DurableProgram, machines: readonly Machine[]): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  const reported = new Set<ts.Node>();
  const check = (machine: Machine): Diagnostic[] => [
    ...machine.checkpoints.flatMap((checkpoint) =>
      checkpoint.awaited
        ? checkpoint.live.flatMap((one) => checkVariable({ resolver, reported }, one, checkpoint))
        : [],
    ),
    ...machine.closures.flatMap((closure) => (closure.machine === null ? [] : check(closure.machine))),
  ];
  return machines.flatMap(check);
}

interface Context {
  readonly resolver: Resolver;
  readonly reported: Set<ts.Node>;
}

function checkVariable(context: Context, { declaration }: Variable, checkpoint: Checkpoint): Diagnostic[] {
  const variable = declaration?.parent;
  const isNamed =
    variable !== undefined && ts.isVariableDeclaration(variable) && ts.isIdentifier(variable.name);
  if (!isNamed || !ts.isIdentifier(variable.name) || context.reported.has(variable)) return [];
  const { name, initializer } = variable;
  const made = initializer === undefined ? 0 : estimateMade(context.resolver, initializer);
  const grown = findGrown(context.resolver, variable, checkpoint.node);
  const bytes = Math.max(made, grown?.bytes ?? 0);
  if (bytes < BYTES_MIN) return [];
  context.reported.add(variable);
  const notes = [
    ...(grown === null || grown.bytes < made ? [] : [note(`'${name.text}' grows here.`, grown.at)]),
    toCheckpointNote(name.text, checkpoint),
  ];
  return [report("DC305", name, { variable: name.text, size: toSize(bytes), notes })];
}

/** By what a loop around the checkpoint, inside the variable's scope, appends to it. */
function findGrown(
  resolver: Resolver,
  variable: ts.VariableDeclaration,
  checkpoint: ts.Node,
): { readonly bytes: number; readonly at: ts.Identifier } | null {
  for (let at = checkpoint; at.pos > variable.end && !ts.isFunctionLike(at); at = at.parent) {
    if (!ts.isIterationStatement(at, false)) continue;
    const own = findAppended(resolver, at).find(({ symbol }) => symbol.valueDeclaration === variable);
    const [append] = own?.appends ?? [];
    if (append === undefined || own?.isBounded !== false || toEndlessBody(at) !== null) continue;
    const call = ts.findAncestor(append, ts.isCallExpression);
    const parts = (call?.arguments ?? []).map((part) => resolver.checker.getTypeAtLocation(part));
    const element = parts.reduce((total, type) => total + estimateType(resolver, type), 0);
    return { bytes: element * LENGTH_GUESS ** countLoops(append, variable), at: append };
  }
  return null;
}

function countLoops(node: ts.Node, variable: ts.Node): number {
  let count = 0;
  for (let at: ts.Node = node; at.pos > variable.end && !ts.isFunctionLike(at); at = at.parent)
    if (ts.isIterationStatement(at, false)) count++;
  return count;
}

function toSize(bytes: number): string {
  return bytes >= 1_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${Math.round(bytes / 1_000)} kB`;
}
