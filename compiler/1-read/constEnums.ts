/**
 * Uses of `const enum`s of other modules. TypeScript leaves nothing of such an enum but its values, where they are used;
 * what takes the types out sees one file, and would leave the name of something that does not exist:
 *
 *     import { Rate } from "./rates.js";
 *     const vat = Rate.Standard;            ->      const vat = (19);
 */
import { ts } from "ts-morph";
import type { ConstantUse } from "../program.ts";

export function findConstEnumUses(
  file: ts.SourceFile,
  checker: ts.TypeChecker,
  options: ts.CompilerOptions,
): readonly ConstantUse[] {
  // There every enum is kept, and used by its name: each file has to stand for itself.
  if (options.isolatedModules || options.verbatimModuleSyntax) return [];
  const found: ConstantUse[] = [];
  const visit = (node: ts.Node): void => {
    const value = toConstant(node, checker);
    if (value === undefined) return ts.forEachChild(node, visit);
    // In parentheses, as `19.toFixed()` is no number.
    const text = typeof value === "string" ? JSON.stringify(value) : `(${value})`;
    found.push({ start: node.getStart(file), end: node.end, text });
  };
  visit(file);
  return found;
}

function toConstant(node: ts.Node, checker: ts.TypeChecker): string | number | undefined {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined;
  const { expression } = node;
  const isName = ts.isIdentifier(expression) || ts.isPropertyAccessExpression(expression);
  const symbol = isName ? checker.getSymbolAtLocation(expression) : undefined;
  if (symbol === undefined) return undefined;
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return target.flags & ts.SymbolFlags.ConstEnum ? checker.getConstantValue(node) : undefined;
}
