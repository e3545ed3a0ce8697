/**
 * `super` and `new.target`: what a function has by where it stands, and loses when it is lifted.
 *
 *     const price = super.price(n) + await tax(n)     ->     $invoke($super($home, $this).price, $this, [n], "...")
 *
 * The home object is noted where the method is made (`LiftedHome`), and `super` becomes an object through which members
 * are read and written as the language does it: from the home's prototype, with the author's `this`.
 */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import type { FunctionBoundary } from "../1-read/scopes.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { code, read, text } from "./code.ts";
import { isMachine, type Lowering } from "./lowering.ts";
import { ownerOf } from "./owner.ts";
import { notYet } from "./unit.ts";

/** True for code that stays in the function it belongs to: it is printed as it was. */
function isAtHome(c: Lowering, owner: FunctionBoundary | null): boolean {
  if (owner === null) return true;
  return isWithin(owner, c.fn) && (owner !== c.fn || !isDurable(c));
}

/** Also where its parameter list is printed, which is no part of the machine. */
function isDurable(c: Lowering): boolean {
  return isMachine(c) || c.fn === c.unit.fn.node || c.unit.module.oracle.role(c.fn) === "durable";
}

/** `new.target` is `undefined` in what cannot be called with `new`: async functions, methods, fields. */
export function newTargetCode(c: Lowering, node: ts.MetaProperty): Code | null {
  if (node.keywordToken !== ts.SyntaxKind.NewKeyword) return null;
  const owner = ownerOf(node);
  if (isAtHome(c, owner)) return null;
  const canBeNew = owner !== null && (ts.isConstructorDeclaration(owner) || isPlainFunction(owner));
  if (!canBeNew) return [text("undefined", node.getStart())];
  notYet(c.unit, node, {
    construct: "'new.target' of the function around it",
    way: "Put it into a variable there.",
  });
  return null;
}

function isPlainFunction(owner: FunctionBoundary): boolean {
  if (!ts.isFunctionDeclaration(owner) && !ts.isFunctionExpression(owner)) return false;
  return owner.asteriskToken === undefined && !(ts.getModifiers(owner) ?? []).some(isAsyncModifier);
}

function isAsyncModifier({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.AsyncKeyword;
}

/** `super` in `super.x`; null where the language's own does it. */
export function superCode(c: Lowering, node: ts.Node): Code | null {
  if (ts.isCallExpression(node.parent) && node.parent.expression === node) return null;
  const owner = ownerOf(node);
  if (isAtHome(c, owner)) return null;
  const self = selfCode(c, node);
  const { home } = c.unit;
  const isTagged =
    ts.isTaggedTemplateExpression(node.parent.parent) && node.parent.parent.tag === node.parent;
  if (self === null || home === null || owner !== home.owner || isTagged) {
    notYet(c.unit, node, {
      construct: "'super' here",
      way: "Put what you need into a method of the class, and call that.",
    });
    return null;
  }
  return code`${text(`${c.unit.words.superOf}(${home.constant}, `, node.getStart())}${self})`;
}

/** The `this` that belongs to a `super`. */
function selfCode(c: Lowering, node: ts.Node): Code | null {
  const binding = c.unit.scopes.reference(node)?.binding;
  const variable = binding && c.variables.get(binding);
  if (variable) return [read(variable, node.getStart())];
  // In its own parameter list the function's `this` is the native one.
  return ownerOf(node) === c.fn ? [text("this", node.getStart())] : null;
}

export interface SuperMember {
  readonly callee: ts.PropertyAccessExpression | ts.ElementAccessExpression;
  readonly self: Code;
}

/** The callee of `super.m(...)` and the `this` it is called with, where `super` cannot be printed as it was. */
export function toSuperMember(c: Lowering, call: ts.CallExpression): SuperMember | null {
  const callee = skipWrappers(call.expression);
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return null;
  const { expression } = callee;
  if (expression.kind !== ts.SyntaxKind.SuperKeyword || isAtHome(c, ownerOf(expression))) return null;
  const self = selfCode(c, expression);
  return self === null ? null : { callee, self };
}

/** True for an arrow that uses `super` or `new.target` of a native function around it, and so cannot leave it. */
export function usesOwner(c: Lowering, fn: ts.Node): boolean {
  const visit = (node: ts.Node): boolean => {
    const isUse = node.kind === ts.SyntaxKind.SuperKeyword || isNewTarget(node);
    const owner = isUse ? ownerOf(node) : null;
    const isOwned = owner !== null && !isWithin(owner, fn) && isAtHome(c, owner);
    return isOwned || (ts.forEachChild(node, (child) => visit(child) || undefined) ?? false);
  };
  return visit(fn);
}

function isNewTarget(node: ts.Node): boolean {
  return ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.NewKeyword;
}

function isWithin(node: ts.Node, outer: ts.Node): boolean {
  return node.pos >= outer.pos && node.end <= outer.end;
}
