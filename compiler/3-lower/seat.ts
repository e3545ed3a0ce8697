/**
 * Where an outermost durable function's code has to stand. The machine normally stands at the top of the module; what it
 * uses may be seen only further inside:
 *
 *     class Account { #cents = 0; async add(n) { "use durable"; this.#cents += await rate(n); } }      inside the class
 *     namespace Orders { const limit = 3; export async function take() { "use durable"; limit; } }     inside the namespace
 *
 * It stands in the innermost of such places, which must be evaluated once: stored state finds its code by name.
 */
import { ts } from "ts-morph";
import type { Home, Place } from "../ir.ts";
import type { DurableNode } from "../program.ts";
import { isFunctionBoundary, type Binding, type Scopes } from "../1-read/scopes.ts";
import { isReassigned } from "./findBoxes.ts";
import { ownerOf } from "./owner.ts";

/** A place, or the use of a name that no place would do for. */
export type FoundPlace =
  { readonly kind: "place"; readonly place: Place } | { readonly kind: "hidden"; readonly use: ts.Node };

export function findPlace(fn: DurableNode, scopes: Scopes): FoundPlace {
  const found: { node: ts.Node; use: ts.Node }[] = [];
  // An exported variable of a namespace is seen in all parts of that namespace: the scopes do not tell that.
  const namespace = ts.findAncestor(fn, ts.isModuleBlock);
  if (namespace !== undefined) found.push({ node: namespace, use: fn });
  const visit = (node: ts.Node): void => {
    const holder = ts.isPrivateIdentifier(node) ? classOf(node) : holderOf(node, scopes);
    if (holder !== null && !ts.isSourceFile(holder) && !isInside(holder, fn))
      found.push({ node: holder, use: node });
    ts.forEachChild(node, visit);
  };
  visit(fn);
  const innermost = found.sort((a, b) => b.node.pos - a.node.pos)[0];
  if (innermost === undefined) return { kind: "place", place: { kind: "module" } };
  const place = toPlace(innermost.node);
  if (place === null || !isEvaluatedOnce(innermost.node)) return { kind: "hidden", use: innermost.use };
  return { kind: "place", place };
}

function toPlace(node: ts.Node): Place | null {
  if (ts.isModuleBlock(node) || ts.isBlock(node)) return { kind: "block", node };
  return ts.isClassLike(node) ? { kind: "class", node } : null;
}

/** The node whose scope holds a variable of the module. */
function holderOf(node: ts.Node, scopes: Scopes): ts.Node | null {
  const binding = scopes.reference(node)?.binding ?? null;
  if (binding === null || binding.scope.owner !== null) return null;
  return outerOf(binding, scopes).scope.node;
}

/** A class's name inside it is that around it, unless somebody assigns that. */
function outerOf(binding: Binding, scopes: Scopes): Binding {
  const { node } = binding.scope;
  if (binding.kind !== "ownName" || !ts.isClassDeclaration(node) || node.name === undefined) return binding;
  const outer = scopes.declared(node.name);
  return outer === undefined || isReassigned(outer) ? binding : outer;
}

/** The class that declares a private name. */
function classOf(name: ts.PrivateIdentifier): ts.Node | null {
  const declares = ({ name: own }: ts.ClassElement): boolean =>
    own !== undefined && ts.isPrivateIdentifier(own) && own.text === name.text;
  return ts.findAncestor(name.parent, (at) => ts.isClassLike(at) && at.members.some(declares)) ?? null;
}

/** False inside functions and loops: there, each evaluation would register other code under one name. */
export function isEvaluatedOnce(node: ts.Node): boolean {
  const again = ts.findAncestor(
    node.parent,
    (at) => isFunctionBoundary(at) || ts.isIterationStatement(at, false),
  );
  return again === undefined;
}

/** The home object of a method, or of an arrow in a class's field, that uses `super`. Null where there is none to note. */
export function findHome(fn: DurableNode, constant: string): Home | null {
  const owner = ts.isArrowFunction(fn) ? ownerOf(fn) : fn;
  if (owner === null || !usesSuperOf(fn, owner)) return null;
  const holder = owner.parent;
  if (!ts.isClassLike(holder) && !ts.isObjectLiteralExpression(holder)) return null;
  if (!isEvaluatedOnce(holder)) return null;
  const isStatic =
    ts.canHaveModifiers(owner) &&
    (ts.getModifiers(owner) ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
  return { owner, holder, isStatic, constant };
}

function usesSuperOf(node: ts.Node, owner: ts.Node): boolean {
  if (node.kind === ts.SyntaxKind.SuperKeyword && ownerOf(node) === owner) return true;
  return ts.forEachChild(node, (child) => usesSuperOf(child, owner) || undefined) ?? false;
}

function isInside(node: ts.Node, outer: ts.Node): boolean {
  return node.pos >= outer.pos && node.end <= outer.end;
}
