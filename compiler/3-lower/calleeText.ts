/** How V8 names an expression in its own errors: `o.m is not a function`, `order.lines is not iterable`. */
import { ts } from "ts-morph";
import { skipWrappers } from "../1-read/wrappers.ts";

export function toCalleeText(callee: ts.Expression): string {
  const inner = skipWrappers(callee);
  if (ts.isPropertyAccessExpression(inner)) return `${toCalleeText(inner.expression)}.${inner.name.text}`;
  if (ts.isElementAccessExpression(inner)) {
    const { argumentExpression: key } = inner;
    const isShown = ts.isIdentifier(key) || ts.isLiteralExpression(key);
    return `${toCalleeText(inner.expression)}[${isShown ? key.getText() : "(intermediate value)"}]`.replace(
      /\["(\w+)"\]$/,
      ".$1",
    );
  }
  if (ts.isIdentifier(inner)) return inner.text;
  return inner.kind === ts.SyntaxKind.ThisKeyword ? "this" : "(intermediate value)";
}

/** The subject of `... is not async iterable`. */
export function toAsyncIterableText(iterable: ts.Expression): string {
  const inner = skipWrappers(iterable);
  if (!ts.isCallExpression(inner)) return toCalleeText(inner);
  return `${toCalleeText(inner.expression)}(...) is not a function or its return value`;
}

/** The subject of `... is not iterable`. */
export function toIterableText(iterable: ts.Expression): string {
  const inner = skipWrappers(iterable);
  if (!ts.isCallExpression(inner)) return toCalleeText(inner);
  return `${toCalleeText(inner.expression)} is not a function or its return value`;
}
