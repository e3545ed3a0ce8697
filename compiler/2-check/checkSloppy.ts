/**
 * Refuses what means something else in sloppy code than in a machine: a script may be sloppy, and only one-file mode and
 * plain JavaScript know scripts. Everything else is the same in both, as machines stand in the author's script too.
 */
import { ts } from "ts-morph";
import { findScopes, isFunctionWithBody, type Binding, type Scopes } from "../1-read/scopes.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import type { DurableProgram } from "../program.ts";

export function checkSloppy(program: DurableProgram, isScript: boolean): readonly Diagnostic[] {
  if (!isScript) return [];
  return program.modules.flatMap(({ file, functions }) => {
    const sloppy = functions.filter(({ node }) => !isStrict(node));
    if (sloppy.length === 0) return [];
    const scopes = findScopes(file);
    return sloppy.flatMap(({ node }) => findIn(node, scopes));
  });
}

function findIn(node: ts.Node, scopes: Scopes): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const visit = (at: ts.Node): void => {
    for (const binding of scopes.scope(at)?.bindings.values() ?? []) {
      const place = findAliased(binding, at, scopes) ?? findHoistedOut(binding, at);
      if (place !== null) found.push(place);
    }
    ts.forEachChild(at, visit);
  };
  visit(node);
  return found;
}

/** `arguments[0] = 1` changes the first parameter, and an assignment to it changes `arguments[0]`. */
function findAliased({ kind, references }: Binding, fn: ts.Node, scopes: Scopes): Diagnostic | null {
  const [use] = references;
  if (kind !== "arguments" || use === undefined || !isFunctionWithBody(fn) || isStrict(use.node)) return null;
  const isSimple = fn.parameters.every(
    ({ name, initializer, dotDotDotToken }) => ts.isIdentifier(name) && !initializer && !dotDotDotToken,
  );
  const parameters = [...(scopes.scope(fn)?.bindings.values() ?? [])].filter(
    (other) => other.kind === "parameter",
  );
  const isAssigned = parameters.some((other) => other.references.some(({ access }) => access !== "read"));
  const isOnlyRead = references.every(({ node }) => isReadMember(node));
  if (!isSimple || parameters.length === 0 || (!isAssigned && isOnlyRead)) return null;
  return report("DC111", use.node, {
    construct: "the 'arguments' of sloppy code",
    reason: "its elements and the parameters are the same variables",
    way: 'Say "use strict", or take the arguments as a rest parameter.',
  });
}

function isReadMember(node: ts.Node): boolean {
  const { parent } = node;
  const isMember =
    (ts.isPropertyAccessExpression(parent) && parent.name.text === "length") ||
    (ts.isElementAccessExpression(parent) && parent.expression === node);
  if (!isMember) return false;
  const use = parent.parent;
  const isTarget =
    (ts.isBinaryExpression(use) && use.left === parent) ||
    ts.isPrefixUnaryExpression(use) ||
    ts.isPostfixUnaryExpression(use) ||
    ts.isDeleteExpression(use) ||
    (ts.isCallExpression(use) && use.expression === parent);
  return !isTarget;
}

/** In sloppy code a function declared in a block is a `var` of the function around it too. */
function findHoistedOut(binding: Binding, at: ts.Node): Diagnostic | null {
  const [name] = binding.declarations;
  if (binding.kind !== "function" || name === undefined || isFunctionWithBody(at) || isStrict(name))
    return null;
  const outer = ts.findAncestor(at, isFunctionWithBody);
  if (outer === undefined || !mentionsOutside(outer, at, binding.name)) return null;
  return report("DC111", name, {
    construct: `the function '${binding.name}' of a block outside of it`,
    reason: "sloppy code makes a second variable of it when the block is entered",
    way: "Declare it at the top of the function around.",
  });
}

function mentionsOutside(root: ts.Node, except: ts.Node, name: string): boolean {
  if (root === except) return false;
  if (ts.isIdentifier(root) && root.text === name) return true;
  return ts.forEachChild(root, (child) => mentionsOutside(child, except, name) || undefined) ?? false;
}

function isStrict(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    if (ts.isClassLike(at)) return true;
    const statements = ts.isSourceFile(at)
      ? at.statements
      : isFunctionWithBody(at) && at.body !== undefined && ts.isBlock(at.body)
        ? at.body.statements
        : [];
    for (const statement of statements) {
      if (!ts.isExpressionStatement(statement) || !ts.isStringLiteral(statement.expression)) break;
      if (statement.expression.getText().slice(1, -1) === "use strict") return true;
    }
  }
  return false;
}
