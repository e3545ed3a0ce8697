import { ts } from "ts-morph";
import { skipWrappers } from "./wrappers.ts";

/** The name of an implicit step: the callee as written (`payments.charge`), as far as it is a chain of names. */
export function toCalleeName(callee: ts.Expression): string {
  const inner = skipWrappers(callee);
  if (ts.isIdentifier(inner)) return inner.text;
  if (ts.isElementAccessExpression(inner) && ts.isStringLiteralLike(inner.argumentExpression))
    return inner.argumentExpression.text;
  if (!ts.isPropertyAccessExpression(inner)) return "call";
  const object = skipWrappers(inner.expression);
  const isChain = ts.isIdentifier(object) || ts.isPropertyAccessExpression(object);
  return isChain ? `${toCalleeName(object)}.${inner.name.text}` : inner.name.text;
}
