/**
 * `(await a) ** b` in code that stays as it was written: swc 1.16 prints it without the parentheses, which is a syntax
 * error. A comma inside them makes it keep them:
 *
 *     (await a) ** b      ->      (0, await a) ** b
 */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { text } from "../3-lower/code.ts";

export function groupAwaits(code: Code, file: ts.SourceFile): Code {
  if (!file.text.includes("**")) return code;
  const places = findPlaces(file);
  return code.flatMap((piece) => {
    if (piece.kind !== "source") return [piece];
    const inside = places.filter((place) => place > piece.start && place < piece.end);
    const starts = [piece.start, ...inside];
    const ends = [...inside, piece.end];
    return starts.flatMap((start, index): Code => {
      const part = { kind: "source", start, end: ends[index] ?? piece.end } as const;
      return index === 0 ? [part] : [text("0, "), part];
    });
  });
}

/** Behind each such parenthesis. */
function findPlaces(file: ts.SourceFile): readonly number[] {
  const places: number[] = [];
  const visit = (node: ts.Node): void => {
    const isPower =
      ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken;
    if (isPower && ts.isAwaitExpression(skipWrappers(node.left))) places.push(node.left.getStart(file) + 1);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return places;
}
