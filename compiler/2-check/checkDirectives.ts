/**
 * Reports directives that do not mean what their author thinks: misspelt, misplaced, on a function that cannot carry
 * them; and durable functions that use locals of ordinary code around them, which no restart could bring back.
 */
import { ts } from "ts-morph";
import { findDirectives } from "../1-read/findDirectives.ts";
import { isReference } from "../1-read/references.ts";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import type { DurableFunction, DurableProgram } from "../program.ts";
import { isFunctionWithBody, isTypeOnly } from "./durableCode.ts";

export function checkDirectives(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null)
    return program.modules.flatMap(({ file, path }) => findDirectives(file, path).problems);
  const resolver = createResolver(program.program, program.root);
  return [
    ...program.files.flatMap((file) => resolver.directivesOf(file).problems),
    ...program.modules.flatMap(({ functions }) =>
      functions.flatMap((found) => findCaptures(found, resolver)),
    ),
  ];
}

/** One report a variable, at its first use. */
function findCaptures({ name, node }: DurableFunction, resolver: Resolver): Diagnostic[] {
  const captured = new Map<string, Diagnostic>();
  const add = (at: ts.Node, owner: ts.Node): void => {
    const variable = at.getText();
    if (!captured.has(variable))
      captured.set(variable, report("DC105", at, { name, variable, owner: toOwner(owner) }));
  };
  const visit = (at: ts.Node): void => {
    if (isTypeOnly(at)) return;
    const owner = findOwner(at, node, resolver);
    if (owner !== null) add(at, owner);
    ts.forEachChild(at, visit);
  };
  node.parameters.forEach(visit);
  if (node.body !== undefined) visit(node.body);
  return [...captured.values()];
}

/** The function or block around `durable` that owns the variable `at` names, if it does. */
function findOwner(at: ts.Node, durable: ts.Node, resolver: Resolver): ts.Node | null {
  if (at.kind === ts.SyntaxKind.ThisKeyword) return findThisOwner(at, durable);
  if (!ts.isIdentifier(at) || !isReference(at)) return null;
  const symbol = ts.isShorthandPropertyAssignment(at.parent)
    ? resolver.checker.getShorthandAssignmentValueSymbol(at.parent)
    : resolver.checker.getSymbolAtLocation(at);
  const declaration = symbol?.declarations?.[0];
  if (declaration === undefined || declaration.getSourceFile() !== durable.getSourceFile()) return null;
  if (isInside(declaration, durable) || isMember(declaration)) return null;
  const owner = ts.findAncestor(
    declaration.parent,
    (outer) => isFunctionWithBody(outer) || isInnerBlock(outer),
  );
  // What owns the variable must stand around the durable function; else the name is something of the module.
  return owner !== undefined && isInside(durable, owner) ? owner : null;
}

/** Shorthand properties and the like resolve to members, which are nobody's locals. */
function isMember(declaration: ts.Declaration): boolean {
  return (
    ts.isPropertyAssignment(declaration) || ts.isClassElement(declaration) || ts.isTypeElement(declaration)
  );
}

function findThisOwner(at: ts.Node, durable: ts.Node): ts.Node | null {
  const owner = ts.findAncestor(at, (outer) => isFunctionWithBody(outer) && !ts.isArrowFunction(outer));
  return owner !== undefined && owner !== durable && isInside(durable, owner) ? owner : null;
}

/** A block outside every function, whose `let` and `const` are gone when it ends. */
function isInnerBlock(node: ts.Node): boolean {
  return (
    ts.isBlock(node) ||
    ts.isForStatement(node) ||
    ts.isForOfStatement(node) ||
    ts.isForInStatement(node) ||
    ts.isCaseBlock(node) ||
    ts.isCatchClause(node)
  );
}

function toOwner(owner: ts.Node): string {
  const around = isFunctionWithBody(owner) ? owner : ts.findAncestor(owner, isFunctionWithBody);
  if (around === undefined) return "the block around it";
  return around.name === undefined
    ? "a function that is not durable"
    : `'${around.name.getText()}', which is not durable`;
}

function isInside(node: ts.Node, outer: ts.Node): boolean {
  return node.pos >= outer.pos && node.end <= outer.end;
}
