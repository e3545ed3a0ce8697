/** Which identifiers are uses of a variable, and whether they read or assign it. */
import { ts } from "ts-morph";
import { skipWrappers } from "./wrappers.ts";

/** `both`: `x += 1`, `x++`. */
export type Access = "read" | "write" | "both";

/** False for property names, labels, and the names in declarations. */
export function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isMetaProperty(parent)) return parent.name !== node;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  if (ts.isExportSpecifier(parent)) return (parent.propertyName ?? parent.name) === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isJsxAttribute(parent) || ts.isJsxNamespacedName(parent)) return false;
  if (isJsxTag(node, parent)) return !/^[a-z]/.test(node.text);
  if (ts.isImportClause(parent) || ts.isImportSpecifier(parent) || ts.isNamespaceImport(parent)) return false;
  if (ts.isNamespaceExport(parent) || ts.isModuleDeclaration(parent)) return false;
  return !("name" in parent && parent.name === node);
}

function isJsxTag(node: ts.Identifier, parent: ts.Node): boolean {
  return (
    (ts.isJsxOpeningElement(parent) ||
      ts.isJsxSelfClosingElement(parent) ||
      ts.isJsxClosingElement(parent)) &&
    parent.tagName === node
  );
}

export function accessOf(node: ts.Identifier): Access {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return isPatternTarget(parent.parent) ? "write" : "read";
  return accessOfTarget(node);
}

function accessOfTarget(node: ts.Node): Access {
  const { parent } = node;
  if (isWrapper(parent)) return accessOfTarget(parent);
  if (
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    isAssignmentOperator(parent.operatorToken.kind)
  ) {
    return parent.operatorToken.kind === ts.SyntaxKind.EqualsToken ? "write" : "both";
  }
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    return isUpdate(parent) ? "both" : "read";
  }
  return isPatternTarget(node) ? "write" : "read";
}

/** True for what a destructuring assignment or a loop head assigns: `[node] = v`, `({ k: node } = v)`, `for (node of v)`. */
function isPatternTarget(node: ts.Node): boolean {
  const { parent } = node;
  if (isWrapper(parent) || ts.isSpreadElement(parent) || ts.isSpreadAssignment(parent)) {
    return isPatternTarget(parent);
  }
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    if (parent.left !== node) return false;
    return ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node) || isPatternTarget(parent);
  }
  if (ts.isForInStatement(parent) || ts.isForOfStatement(parent)) return parent.initializer === node;
  if (ts.isArrayLiteralExpression(parent) || ts.isObjectLiteralExpression(parent))
    return isPatternTarget(parent);
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node && isPatternTarget(parent.parent);
  return false;
}

export function isAssignmentOperator(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

export function isUpdate(node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression): boolean {
  return node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken;
}

function isWrapper(node: ts.Node): boolean {
  return ts.isExpression(node) && skipWrappers(node) !== node;
}
