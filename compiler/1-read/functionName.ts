import { ts } from "ts-morph";
import { walkUpWrappers } from "./wrappers.ts";

/**
 * The name of a function as its author would say it, or null: its own, or that of the variable or property it is the
 * value of, also through a wrapping call (`export const fulfil = withLogging(async () => ...)`).
 */
export function findFunctionName(node: ts.FunctionLikeDeclaration): string | null {
  if (node.name !== undefined) return toNameText(node.name);
  const holder = findHolder(node);
  return holder === null ? null : toNameText(holder);
}

/** `Orders.fulfil`: the name with those of what it stands in, so that it is the only one of its file. */
export function toQualifiedName(node: ts.FunctionLikeDeclaration, name: string): string {
  const names = [name];
  const own = node.name ?? findHolder(node);
  for (let at: ts.Node = node.parent; !ts.isSourceFile(at); at = at.parent) {
    const outer = findOwnName(at);
    if (outer !== undefined && outer !== own) names.unshift(toNameText(outer));
  }
  return names.join(".");
}

function findOwnName(node: ts.Node): ts.Node | undefined {
  if (ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node))
    return node.name;
  if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return node.name;
  return undefined;
}

function findHolder(value: ts.Node): ts.Node | null {
  const node = walkUpWrappers(value);
  const parent = node.parent;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
    return ts.isObjectBindingPattern(parent.name) || ts.isArrayBindingPattern(parent.name)
      ? null
      : parent.name;
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken)
    return findTargetName(parent.left);
  if (ts.isCallExpression(parent) && parent.expression !== node) return findHolder(parent);
  return null;
}

function findTargetName(target: ts.Expression): ts.Node | null {
  if (ts.isIdentifier(target)) return target;
  return ts.isPropertyAccessExpression(target) ? target.name : null;
}

function toNameText(name: ts.Node): string {
  if (ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)) return name.text;
  return name.getText();
}
