/**
 * What an element evaluates, in its order: attributes, then children.
 *
 *     <Page title={await f()} {...rest}><b>{g()}</b>{await h()}</Page>
 *
 * An element inside another is an operand of its own, and its temporary goes back in braces: without them, it would be
 * text.
 */
import { ts } from "ts-morph";
import { isReassigned } from "./findBoxes.ts";
import type { MachineLowering } from "./lowering.ts";
import type { Operand } from "./operands.ts";
import { notYet } from "./unit.ts";

/** Null for anything but an element or a fragment. */
export function jsxOperands(c: MachineLowering, node: ts.Expression): readonly Operand[] | null {
  if (ts.isJsxFragment(node)) return node.children.flatMap(toChild);
  if (!ts.isJsxElement(node) && !ts.isJsxSelfClosingElement(node)) return null;
  const opening = ts.isJsxElement(node) ? node.openingElement : node;
  checkTag(c, opening.tagName);
  const children = ts.isJsxElement(node) ? node.children.flatMap(toChild) : [];
  return [...opening.attributes.properties.flatMap(toAttribute), ...children];
}

/** The element is made after the awaits; which component it is of is read before them. */
function checkTag(c: MachineLowering, tag: ts.JsxTagNameExpression): void {
  const root = ts.isPropertyAccessExpression(tag) ? tag.expression : tag;
  const binding = c.unit.scopes.reference(root)?.binding;
  const isFixed = !binding || binding.kind === "import" || !isReassigned(binding);
  if (isFixed && (!ts.isPropertyAccessExpression(tag) || binding?.kind === "import")) return;
  notYet(c.unit, tag, {
    construct: "an await inside an element whose component may change",
    way: "Put the component into a constant first, or await into a variable first.",
  });
}

function toAttribute(attribute: ts.JsxAttributeLike): readonly Operand[] {
  if (ts.isJsxSpreadAttribute(attribute)) return [{ node: attribute.expression, as: "copy" }];
  const { initializer } = attribute;
  if (initializer === undefined || ts.isStringLiteral(initializer)) return [];
  return toChild(initializer);
}

function toChild(child: ts.JsxChild | ts.JsxExpression): readonly Operand[] {
  if (ts.isJsxText(child)) return [];
  if (!ts.isJsxExpression(child)) return [{ node: child, as: "element" }];
  if (child.expression === undefined) return [];
  return [{ node: child.expression, ...(child.dotDotDotToken ? { as: "spread" as const } : {}) }];
}
