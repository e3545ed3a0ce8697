/** Destructuring patterns, of declarations and of assignments, in one form: elements with a key, a target and a default. */
import { ts } from "ts-morph";
import { skipWrappers } from "../1-read/wrappers.ts";
import { invariant } from "../invariant.ts";

export type PatternNode = ts.BindingPattern | ts.ArrayLiteralExpression | ts.ObjectLiteralExpression;

export type Pattern =
  /** `null`: a hole, which skips an element. */
  | { readonly kind: "array"; readonly elements: readonly (Element | null)[] }
  | { readonly kind: "object"; readonly elements: readonly Element[] };

export interface Element {
  /** Of an object pattern; null for `...rest`, and in array patterns. */
  readonly key: ts.PropertyName | null;
  readonly target: Target;
  /** The default. */
  readonly initial: ts.Expression | null;
  readonly isRest: boolean;
}

export type Target =
  /** Declared here. */
  | { readonly kind: "name"; readonly node: ts.Identifier }
  /** Assigned here: a variable or a member. */
  | { readonly kind: "reference"; readonly node: ts.Expression }
  | { readonly kind: "pattern"; readonly node: PatternNode };

export function toPattern(node: PatternNode): Pattern {
  if (ts.isObjectBindingPattern(node)) return { kind: "object", elements: node.elements.map(toBound) };
  if (ts.isArrayBindingPattern(node)) {
    const elements = node.elements.map((at) => (ts.isOmittedExpression(at) ? null : toBound(at)));
    return { kind: "array", elements };
  }
  if (ts.isObjectLiteralExpression(node))
    return { kind: "object", elements: node.properties.map(toProperty) };
  const elements = node.elements.map((at) => (ts.isOmittedExpression(at) ? null : toElement(at)));
  return { kind: "array", elements };
}

/** The pattern that an assignment's left side is, or null. */
export function findPattern(left: ts.Expression): PatternNode | null {
  const inner = skipWrappers(left);
  return ts.isArrayLiteralExpression(inner) || ts.isObjectLiteralExpression(inner) ? inner : null;
}

function toBound({ name, propertyName, initializer, dotDotDotToken, parent }: ts.BindingElement): Element {
  const isRest = dotDotDotToken !== undefined;
  const own = ts.isIdentifier(name) ? name : null;
  const key = isRest || ts.isArrayBindingPattern(parent) ? null : (propertyName ?? own);
  const target: Target = own ? { kind: "name", node: own } : { kind: "pattern", node: name as PatternNode };
  return { key, target, initial: initializer ?? null, isRest };
}

function toProperty(property: ts.ObjectLiteralElementLike): Element {
  if (ts.isSpreadAssignment(property)) {
    return { key: null, target: toTarget(property.expression), initial: null, isRest: true };
  }
  if (ts.isShorthandPropertyAssignment(property)) {
    const { name, objectAssignmentInitializer: initial = null } = property;
    return { key: name, target: { kind: "reference", node: name }, initial, isRest: false };
  }
  invariant(ts.isPropertyAssignment(property), "a pattern has a method in it");
  return { ...toElement(property.initializer), key: property.name };
}

function toElement(node: ts.Expression): Element {
  if (ts.isSpreadElement(node)) {
    return { key: null, target: toTarget(node.expression), initial: null, isRest: true };
  }
  const hasDefault = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  const target = toTarget(hasDefault ? node.left : node);
  return { key: null, target, initial: hasDefault ? node.right : null, isRest: false };
}

function toTarget(node: ts.Expression): Target {
  const pattern = findPattern(node);
  return pattern === null
    ? { kind: "reference", node: skipWrappers(node) }
    : { kind: "pattern", node: pattern };
}
