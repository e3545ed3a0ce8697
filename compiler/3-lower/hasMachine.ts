/**
 * Which functions written inside durable code get a machine of their own: the async ones, and the generators whose
 * object may be alive at a checkpoint. A generator that is always used up where it is made stays native, and as fast:
 *
 *     const total = sum([...numbers()])               native
 *     for (const n of numbers()) total += n           native: no await in the loop
 *     const it = numbers(); await step(...)           a machine
 */
import { ts } from "ts-morph";
import { skipWrappers, walkUpWrappers } from "../1-read/wrappers.ts";
import type { Unit } from "./unit.ts";
import { toGeneratorKind } from "./yields.ts";

export function hasMachine(unit: Unit, fn: ts.FunctionLikeDeclaration): boolean {
  const role = unit.module.oracle.role(fn);
  if (role !== "plain") return role === "durable";
  return toGeneratorKind(fn) === "sync" && !isAlwaysUsedUp(unit, fn);
}

function isAlwaysUsedUp(unit: Unit, fn: ts.FunctionLikeDeclaration): boolean {
  const outer = walkUpWrappers(fn);
  if (isCallee(outer)) return isUsedUp(unit, outer.parent);
  const holder = ts.isFunctionDeclaration(fn) ? fn : outer.parent;
  const isNamed = ts.isFunctionDeclaration(holder) || ts.isVariableDeclaration(holder);
  const binding = isNamed && holder.name ? unit.scopes.declared(holder.name) : undefined;
  if (binding === undefined || binding.references.length === 0) return false;
  return binding.references.every(({ node, access }) => {
    const use = walkUpWrappers(node);
    return access === "read" && isCallee(use) && isUsedUp(unit, use.parent);
  });
}

function isCallee(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression === node;
}

/** Functions of the language that take everything at once. */
const TAKERS: ReadonlySet<string> = new Set(["Array.from", "Object.fromEntries", "Set", "Map"]);
/** Methods of iterators that take everything at once, and those that only make another iterator of it. */
const ENDING: ReadonlySet<string> = new Set(["toArray", "reduce", "forEach", "some", "every", "find"]);
const PASSING: ReadonlySet<string> = new Set(["map", "filter", "take", "drop", "flatMap"]);

/** Nothing of the generator object is left when the expression around it has its value. */
function isUsedUp(unit: Unit, made: ts.Node): boolean {
  const outer = walkUpWrappers(made);
  const { parent } = outer;
  if (ts.isSpreadElement(parent)) return true;
  if (ts.isForOfStatement(parent)) return parent.expression === outer && !unit.awaits.has(parent);
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) {
    const isFirst = parent.arguments?.[0] === outer;
    return isFirst && TAKERS.has(parent.expression.getText()) && !unit.awaits.has(parent);
  }
  if (!ts.isPropertyAccessExpression(parent) || !isCallee(parent)) return false;
  const call = parent.parent;
  if (unit.awaits.has(skipWrappers(call as ts.Expression))) return false;
  return ENDING.has(parent.name.text) || (PASSING.has(parent.name.text) && isUsedUp(unit, call));
}
