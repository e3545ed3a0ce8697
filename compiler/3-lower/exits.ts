/**
 * Leaving: where a `break`, `continue` or `return` goes. On its way it may meet a `finally`, which then runs first:
 * the way on is noted in the completion slot as a number, the *route*, and taken at the end of the `finally`.
 *
 * The same leave can stand in lowered code (a goto) or deep inside a statement that is printed verbatim; there it
 * becomes a jump out of the author's text: `break` to `{ $pc = 7; continue $run; }`.
 */
import { ts } from "ts-morph";
import type { BlockId, Code, Handler, Variable } from "../ir.ts";
import { isFunctionBoundary } from "../1-read/scopes.ts";
import { code, read, text } from "./code.ts";
import { endBlock, enterBlock, findBlock, leaveBlock, openBlock } from "./draft.ts";
import { assign, temporary, type MachineLowering } from "./lowering.ts";

export type Exit =
  | {
      readonly kind: "loop";
      readonly labels: readonly string[];
      readonly breakTo: BlockId;
      readonly continueTo: BlockId;
    }
  /** A turn of a loop that is closed when it is left: `continue` ends the turn, and does not leave. */
  | { readonly kind: "turn"; readonly labels: readonly string[]; readonly continueTo: BlockId }
  /** A `switch`, which an unlabelled `break` leaves too, or a labelled statement of another kind. */
  | { readonly kind: "switch" | "label"; readonly labels: readonly string[]; readonly breakTo: BlockId }
  | {
      readonly kind: "finally";
      readonly completion: Variable;
      readonly value: Variable;
      readonly entry: BlockId;
      readonly routes: Leave[];
    }
  /** What follows each way out is short: it stands there once for each, and needs no completion to go on. */
  | {
      readonly kind: "closing";
      readonly value: Variable;
      /** By completion; made in the region around. */
      readonly entries: Map<number, BlockId>;
      readonly outer: Handler | null;
      readonly routes: Leave[];
    };

export type FinallyExit = Extract<Exit, { kind: "finally" }>;
export type ClosingExit = Extract<Exit, { kind: "closing" }>;
type RegionExit = FinallyExit | ClosingExit;

export type Leave =
  { readonly kind: "return" } | { readonly kind: "break" | "continue"; readonly label: string | null };

/** Routes 0 and 1 of every `finally`: go on after it, throw. */
export const COMPLETED = 0;
export const THREW = 1;
const FIRST_ROUTE = 2;

type Destination =
  | { readonly kind: "return" }
  | { readonly kind: "block"; readonly to: BlockId }
  | { readonly kind: "region"; readonly exit: RegionExit; readonly when: number };

export function toLeave(node: ts.BreakOrContinueStatement): Leave {
  return { kind: ts.isBreakStatement(node) ? "break" : "continue", label: node.label?.text ?? null };
}

/** Leaves lowered code. `value`: what a `return` returns. */
export function leave(c: MachineLowering, way: Leave, value: Code | null = null): void {
  const destination = findDestination(c, way);
  switch (destination.kind) {
    case "return":
      return leaveBlock(c.machine.draft, { kind: "return", value });
    case "block":
      return leaveBlock(c.machine.draft, { kind: "goto", to: destination.to });
    case "region":
      return complete(c, destination.exit, { when: destination.when, value });
  }
}

/** Goes to what follows a region, which will go on as `when` says. Both slots are always set: no stale value is stored. */
export function complete(
  c: MachineLowering,
  exit: RegionExit,
  { when, value }: { readonly when: number; readonly value: Code | null },
): void {
  if (exit.kind === "finally" || value !== null) assign(c, exit.value, value ?? [text("undefined")]);
  if (exit.kind === "finally") assign(c, exit.completion, [text(String(when))]);
  leaveBlock(c.machine.draft, { kind: "goto", to: entryOf(c, exit, when) });
}

function entryOf({ machine: { draft } }: MachineLowering, exit: RegionExit, when: number): BlockId {
  if (exit.kind === "finally") return exit.entry;
  const known = exit.entries.get(when);
  if (known !== undefined) return known;
  const before = draft.handler;
  draft.handler = exit.outer;
  const entry = openBlock(draft);
  draft.handler = before;
  exit.entries.set(when, entry);
  return entry;
}

/** The routes' ways on from the end of a `finally`, whose exit has been taken off. */
export function openRoutes(
  c: MachineLowering,
  exit: FinallyExit,
): readonly { readonly when: number; readonly to: BlockId }[] {
  const { draft } = c.machine;
  return exit.routes.map((way, index) => {
    const to = openBlock(draft);
    const before = draft.current;
    draft.current = findBlock(draft, to);
    leave(c, way, way.kind === "return" ? [read(exit.value, -1)] : null);
    // The block that follows a leave is dead; it must have an end all the same.
    endBlock(draft, { kind: "return", value: null });
    draft.current = before;
    return { when: index + FIRST_ROUTE, to };
  });
}

/** What follows the region, for each route: `close`, then the way on. The exit has been taken off. */
export function closeRoutes(c: MachineLowering, exit: ClosingExit, close: () => void): void {
  const { draft } = c.machine;
  exit.routes.forEach((way, index) => {
    enterBlock(draft, entryOf(c, exit, index + FIRST_ROUTE));
    close();
    leave(c, way, way.kind === "return" ? [read(exit.value, -1)] : null);
    endBlock(draft, { kind: "return", value: null });
  });
}

function findDestination(c: MachineLowering, way: Leave): Destination {
  const { exits } = c.machine;
  for (let index = exits.length - 1; index >= 0; index--) {
    const exit = exits[index];
    if (exit === undefined) continue;
    if (exit.kind === "finally" || exit.kind === "closing")
      return { kind: "region", exit, when: routeOf(exit, way) };
    const to = targetOf(exit, way);
    if (to !== null) return { kind: "block", to };
  }
  return { kind: "return" };
}

function targetOf(exit: Exclude<Exit, RegionExit>, way: Leave): BlockId | null {
  if (way.kind === "return") return null;
  const named = way.label !== null && exit.labels.includes(way.label);
  if (way.kind === "continue") {
    const isLoop = exit.kind === "loop" || exit.kind === "turn";
    return isLoop && (named || way.label === null) ? exit.continueTo : null;
  }
  if (exit.kind === "turn") return null;
  return named || (way.label === null && exit.kind !== "label") ? exit.breakTo : null;
}

function routeOf(exit: RegionExit, way: Leave): number {
  const same = (route: Leave): boolean =>
    route.kind === way.kind &&
    (route.kind === "return" || way.kind === "return" || route.label === way.label);
  const known = exit.routes.findIndex(same);
  if (known >= 0) return known + FIRST_ROUTE;
  return exit.routes.push(way) - 1 + FIRST_ROUTE;
}

/**
 * Leaves the author's text, printed verbatim from `root`. On the way a native `finally` or an iterator's `return` may
 * still run and throw; so `$pc` must stay in the region of this statement, and a `return` must not be final yet: then
 * the jump goes to a block of this region, which goes on from there.
 */
export function leaveText(
  c: MachineLowering,
  node: ts.Statement,
  { root, value }: { readonly root: ts.Node; readonly value: Code | null },
): Code {
  const way: Leave = ts.isBreakOrContinueStatement(node) ? toLeave(node) : { kind: "return" };
  const destination = findDestination(c, way);
  const guarded = isGuarded(node, root);
  const { words } = c.unit;
  if (destination.kind === "return" && !guarded) {
    return code`return ${text(`${words.frame}.done(`, node.getStart())}${value ?? []});`;
  }
  if (destination.kind === "region") {
    const { exit, when } = destination;
    const sets = code`${setInText(exit.value, node)} = ${value ?? "undefined"}; `;
    const notes =
      exit.kind === "finally" ? code`${setInText(exit.completion, node)} = ${String(when)}; ` : [];
    return code`{ ${sets}${notes}${{ kind: "jump", to: inRegion(c, entryOf(c, exit, when), guarded) }} }`;
  }
  if (destination.kind === "block")
    return code`{ ${{ kind: "jump", to: inRegion(c, destination.to, guarded) }} }`;
  const held = temporary(c, node);
  const stub = besides(c, () => leave(c, way, [read(held, node.getStart())]));
  return code`{ ${setInText(held, node)} = ${value ?? "undefined"}; ${{ kind: "jump", to: stub }} }`;
}

function setInText(
  variable: Variable,
  node: ts.Node,
): { kind: "write"; variable: Variable; at: number; sure: boolean } {
  return { kind: "write", variable, at: node.getStart(), sure: true };
}

/** A `break` or `continue` whose target, or a `return` whose function, is inside the printed text stays as written. */
export function staysInside(node: ts.Statement, root: ts.Node): boolean {
  for (let at: ts.Node = node; ; at = at.parent) {
    if (isFunctionBoundary(at)) return true;
    if (ts.isBreakOrContinueStatement(node) && isTargetOf(at, node)) return true;
    if (at === root) return false;
  }
}

function isTargetOf(at: ts.Node, node: ts.BreakOrContinueStatement): boolean {
  if (node.label !== undefined) return ts.isLabeledStatement(at) && at.label.text === node.label.text;
  return ts.isIterationStatement(at, false) || (ts.isBreakStatement(node) && ts.isSwitchStatement(at));
}

function isGuarded(node: ts.Node, root: ts.Node): boolean {
  for (let at = node; ; at = at.parent) {
    if (ts.isBlock(at) && at.statements.some(isUsing)) return true;
    if (ts.isForOfStatement(at) || (ts.isTryStatement(at) && at.finallyBlock !== undefined)) return true;
    if (at === root) return false;
  }
}

function isUsing(node: ts.Statement): boolean {
  return ts.isVariableStatement(node) && (node.declarationList.flags & ts.NodeFlags.Using) !== 0;
}

function inRegion(c: MachineLowering, to: BlockId, guarded: boolean): BlockId {
  const { draft } = c.machine;
  if (!guarded || findBlock(draft, to).handler === draft.current.handler) return to;
  return besides(c, () => leaveBlock(draft, { kind: "goto", to }));
}

/** Builds a block of the current region beside the open one. */
function besides(c: MachineLowering, build: () => void): BlockId {
  const { draft } = c.machine;
  const before = draft.current;
  const id = openBlock(draft);
  draft.current = findBlock(draft, id);
  build();
  endBlock(draft, { kind: "return", value: null });
  draft.current = before;
  return id;
}
