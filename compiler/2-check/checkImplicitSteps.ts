/** `explicitSteps`: reports calls that are steps only because they return a promise. */
import { ts } from "ts-morph";
import { toCalleeName } from "../1-read/calleeName.ts";
import { createResolver } from "../1-read/resolver.ts";
import type { Config } from "../config.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import type { DurableProgram } from "../program.ts";
import { walkDurableCode } from "./durableCode.ts";
import { createListed } from "./listed.ts";

export function checkImplicitSteps(program: DurableProgram, config: Config): readonly Diagnostic[] {
  if (program.program === null || !config.explicitSteps) return [];
  const resolver = createResolver(program.program, program.root);
  const listed = createListed(config, program.root);
  const isListed = (callee: ts.Expression): boolean => {
    const symbol = resolver.valueOf(callee);
    const origin = symbol === null ? null : resolver.originOf(symbol);
    const declaration = symbol?.valueDeclaration;
    return (
      (origin !== null && listed.hasOrigin("step", origin)) ||
      (declaration !== undefined && listed.hasDeclaration("step", declaration))
    );
  };
  const found: Diagnostic[] = [];
  for (const { functions, oracle } of program.modules)
    for (const { node: durable } of functions)
      walkDurableCode(durable, oracle, (node) => {
        const meaning = ts.isCallExpression(node) ? oracle.call(node) : null;
        if (!ts.isCallExpression(node) || (meaning?.kind !== "step" && meaning?.kind !== "dynamic"))
          return undefined;
        const isSpelt = meaning.kind === "step" && meaning.optioned;
        if (!isSpelt && !isListed(node.expression))
          found.push(report("DC217", node, { callee: toCalleeName(node.expression) }));
        return undefined;
      });
  return found;
}
