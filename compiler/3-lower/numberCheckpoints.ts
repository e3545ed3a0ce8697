/** Numbers the awaits, and the operations started without one, of one function: from 1, in order of the text. */
import { ts } from "ts-morph";
import type { CheckpointKind } from "@durablec/runtime/machine";
import type { CallMeaning, OperationName } from "../program.ts";
import type { Checkpoint } from "../ir.ts";
import { toCalleeName } from "../1-read/calleeName.ts";
import { isFunctionBoundary, isTypeOnly } from "../1-read/scopes.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { isAwaited, startsOperation } from "./calls.ts";
import { isFirstAwaitUsing } from "./disposals.ts";
import type { Unit } from "./unit.ts";
import { parks, toGeneratorKind } from "./yields.ts";

export interface Numbered {
  readonly checkpoints: readonly Checkpoint[];
  readonly numbers: ReadonlyMap<ts.Node, number>;
}

export function numberCheckpoints(unit: Unit, fn: ts.FunctionLikeDeclaration): Numbered {
  const checkpoints: Checkpoint[] = [];
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    if (isFunctionBoundary(node) && node !== fn) {
      // A computed name is evaluated where the function is made.
      if (node.name !== undefined && ts.isComputedPropertyName(node.name)) visit(node.name);
      return;
    }
    const found = toCheckpoint(unit, node, fn);
    if (found !== null) checkpoints.push({ ...found, number: checkpoints.length + 1, node, live: [] });
    ts.forEachChild(node, visit);
  };
  if (fn.body !== undefined) visit(fn.body);
  return { checkpoints, numbers: new Map(checkpoints.map(({ node, number }) => [node, number])) };
}

function toCheckpoint(
  unit: Unit,
  node: ts.Node,
  fn: ts.FunctionLikeDeclaration,
): Pick<Checkpoint, "kind" | "name" | "awaited"> | null {
  if (ts.isAwaitExpression(node)) {
    const awaited = skipWrappers(node.expression);
    const described = ts.isCallExpression(awaited) ? describe(unit, awaited) : null;
    return { ...(described ?? { kind: "value", name: null }), awaited: true };
  }
  // Each turn waits for its value; leaving early waits for the iterator to close.
  if (ts.isForOfStatement(node) && node.awaitModifier) return { kind: "next", name: null, awaited: true };
  if (isAwaitModifier(node)) return { kind: "close", name: null, awaited: true };
  if (isFirstAwaitUsing(node)) return { kind: "close", name: null, awaited: true };
  if (ts.isYieldExpression(node)) return { kind: "yield", name: null, awaited: true };
  if (ts.isReturnStatement(node)) return parks(node) ? { kind: "value", name: null, awaited: true } : null;
  if (!ts.isCallExpression(node) || isAwaited(node) || isSync(fn)) return null;
  const described = describe(unit, node);
  return described && { ...described, awaited: false };
}

/** In a sync generator there is nothing to await: operations belong to whoever asks it. */
function isSync(fn: ts.FunctionLikeDeclaration): boolean {
  return toGeneratorKind(fn) === "sync";
}

function isAwaitModifier({ kind, parent }: ts.Node): boolean {
  return kind === ts.SyntaxKind.AwaitKeyword && ts.isForOfStatement(parent);
}

function describe(unit: Unit, call: ts.CallExpression): Pick<Checkpoint, "kind" | "name"> | null {
  const meaning = unit.module.oracle.call(call);
  if (!startsOperation(meaning)) return null;
  return { kind: kindOf(meaning), name: nameOf(meaning, call) };
}

const KINDS: Readonly<Record<OperationName, CheckpointKind>> = {
  step: "step",
  transaction: "step",
  wait: "wait",
  createCallback: "callback",
  waitForCallback: "waitForCallback",
  waitForCondition: "condition",
  runInChildContext: "context",
  parallel: "batch",
  map: "batch",
  withRetry: "context",
  invoke: "invoke",
  waitForSignal: "signal",
  cancel: "value",
  compensate: "value",
  checkpoint: "checkpoint",
  now: "value",
  random: "value",
  uuid: "value",
};

function kindOf(meaning: CallMeaning): CheckpointKind {
  switch (meaning.kind) {
    case "operation":
      return KINDS[meaning.operation];
    case "task":
      return "task";
    case "step":
      return "step";
    case "dynamic":
      return "call";
    case "promiseAll":
    case "plain":
      return "value";
  }
}

function nameOf(meaning: CallMeaning, call: ts.CallExpression): string | null {
  if (meaning.kind === "step" || meaning.kind === "dynamic") return meaning.name;
  if (meaning.kind === "task") return toCalleeName(call.expression);
  const [first, second] = call.arguments;
  // `wait("36h")` has a duration there, `wait("pause", "36h")` a name.
  const named = meaning.kind === "operation" && (meaning.operation !== "wait" || second !== undefined);
  return named && first !== undefined && ts.isStringLiteralLike(first) ? first.text : null;
}
