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

/**
 * `Orders.fulfil`: the name with those of what it stands in, so that it is the only one of its file. A method of
 * instances is `Orders#fulfil`, as a static one may have its name.
 */
export function toQualifiedName(node: ts.FunctionLikeDeclaration, given: string): string {
  const own = node.name ?? findHolder(node);
  let name = own === null ? given : toNameText(own);
  let isInstance = isInstanceMember(node);
  for (let at: ts.Node = node.parent; !ts.isSourceFile(at); at = at.parent) {
    const outer = findOwnName(at);
    if (outer === undefined || outer === own) {
      isInstance ||= isInstanceMember(at);
      continue;
    }
    name = `${toNameText(outer)}${isInstance ? "#" : "."}${name}`;
    isInstance = isInstanceMember(at);
  }
  return name;
}

/** `#private` ones have one name for both kinds, and their own mark. */
function isInstanceMember(node: ts.Node): boolean {
  if (!ts.isMethodDeclaration(node) && !ts.isPropertyDeclaration(node)) return false;
  if (!ts.isClassLike(node.parent) || ts.isPrivateIdentifier(node.name)) return false;
  return !(ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
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
