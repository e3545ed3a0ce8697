/**
 * Reports an unmarked function of the project that uses operations, where durable code calls it: it would run as a step,
 * and its operations would find no execution.
 *
 *     async function pause() { await wait("1h"); }
 *     async function main() { "use durable"; await pause(); }     // DC216 mark 'pause'
 */
import { ts } from "ts-morph";
import { toCalleeName } from "../1-read/calleeName.ts";
import { createResolver } from "../1-read/resolver.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { note, report } from "../diagnostics/report.ts";
import type { DurableProgram } from "../program.ts";
import { isInside, walkDurableCode } from "./durableCode.ts";
import { findOperationInside } from "./findOperationInside.ts";

export function checkHelpers(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  const found: Diagnostic[] = [];
  for (const { functions, oracle } of program.modules)
    for (const { node: region } of functions)
      walkDurableCode(region, oracle, (node) => {
        // A call that runs in place asks its operations of the task that runs, and is fine.
        if (!ts.isCallExpression(node) || !["step", "dynamic"].includes(oracle.call(node).kind))
          return undefined;
        const fn = resolver.functionOf(node.expression);
        const inside = fn === null || isInside(fn, region) ? null : findOperationInside(resolver, fn);
        if (inside === null) return undefined;
        const { operation } = inside;
        const notes = [note(`'${operation}' is called here.`, inside.node)];
        const callee = toCalleeName(node.expression);
        found.push(report("DC216", node.expression, { callee, operation, notes }));
        return undefined;
      });
  return found;
}
