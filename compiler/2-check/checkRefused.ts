/**
 * Refuses what hides from the compiler which variables there are: direct `eval`, `with`, `arguments.callee`. In bodies of
 * steps too: what stands there sees the same variables. (An `eval` under another name sees only globals, and is fine.)
 */
import { ts } from "ts-morph";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import type { DurableProgram } from "../program.ts";
import { isTypeOnly } from "./durableCode.ts";

export function checkRefused(program: DurableProgram): readonly Diagnostic[] {
  const resolver = program.program === null ? null : createResolver(program.program, program.root);
  const found: Diagnostic[] = [];
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    const refused = findRefused(node, resolver);
    if (refused !== null) found.push(report("DC111", node, refused));
    ts.forEachChild(node, visit);
  };
  for (const { functions } of program.modules) for (const { node } of functions) visit(node);
  return found;
}

interface Refused {
  readonly construct: string;
  readonly reason: string;
  readonly way: string;
}

function findRefused(node: ts.Node, resolver: Resolver | null): Refused | null {
  if (ts.isCallExpression(node) && isEval(node.expression, resolver))
    return {
      construct: "eval",
      reason: "it can read and change variables that are not seen in the source",
      way: "Use JSON.parse for data, or a table of functions for behaviour.",
    };
  if (ts.isWithStatement(node))
    return {
      construct: "with",
      reason: "which variable a name means is only known at run time",
      way: "Destructure what you need: const { a, b } = object.",
    };
  if (ts.isPropertyAccessExpression(node) && node.name.text === "callee" && isArguments(node.expression))
    return {
      construct: "arguments.callee",
      reason: "the compiled function is another one",
      way: "Call the function by its name.",
    };
  return null;
}

function isEval(callee: ts.Expression, resolver: Resolver | null): boolean {
  if (!ts.isIdentifier(callee) || callee.text !== "eval") return false;
  if (resolver === null) return true;
  const symbol = resolver.symbolOf(callee);
  return symbol === null || resolver.originOf(symbol) !== null;
}

function isArguments(expression: ts.Expression): boolean {
  return ts.isIdentifier(expression) && expression.text === "arguments";
}
