/**
 * Lowers a durable function: its text becomes a control-flow graph of the author's own pieces.
 *
 *     const stock = await reserve(order);         block 0:  park 1 on $f.step(1, "reserve", [order])
 *     return stock.length;                        block 1:  stock = <settled>;  return stock.length
 *
 * A statement with no await is one instruction, printed as written; await, and control flow around one, ends a block.
 * Everything left of an await is evaluated before it, into temporaries. Relies on `1-read` (soundness of the directive,
 * meaning of calls). Guarantees what `assertMachine` states. Leaves to others: which variables are live (`findLiveness`),
 * where they are stored (`4-emit`).
 */
import { ts } from "ts-morph";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import type { Machine } from "../ir.ts";
import type { DurableFunction } from "../program.ts";
import { lowerMachine } from "./lowerMachine.ts";
import { notYet, toUnit, type Unit, type UnitContext } from "./unit.ts";

export interface LoweredFunction {
  /** Null when something in the function is refused. */
  readonly machine: Machine | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function lowerFunction(context: UnitContext, fn: DurableFunction): LoweredFunction {
  const unit = toUnit(context, fn);
  checkOuterVariables(unit);
  if (fn.node.asteriskToken) {
    notYet(unit, fn.node.asteriskToken, { construct: "an async generator", way: "Return an array instead." });
  }
  const { node, id, name } = fn;
  const machine = lowerMachine(unit, { fn: node, id, name, constant: unit.constant, captures: new Map() });
  return { machine: unit.diagnostics.length > 0 ? null : machine, diagnostics: unit.diagnostics };
}

/** Variables of a function around that is not durable are on its native stack, which no snapshot holds. */
function checkOuterVariables(unit: Unit): void {
  const { node, name } = unit.fn;
  for (const { name: variable, references, scope } of unit.scopes.captures(node)) {
    const use = references.find(
      (reference) => reference.node.pos >= node.pos && reference.node.end <= node.end,
    );
    const owner = scope.owner?.name?.getText() ?? "the function around it";
    unit.diagnostics.push(report("DC105", use?.node ?? node, { name, variable, owner }));
  }
  checkBlocksOfModule(unit);
}

/** The machine stands at the top of the module, where the variables of a block or namespace are not seen. */
function checkBlocksOfModule(unit: Unit): void {
  const visit = (node: ts.Node): void => {
    const scope = unit.scopes.reference(node)?.binding?.scope;
    const isHidden =
      scope?.owner === null && !ts.isSourceFile(scope.node) && !isInside(scope.node, unit.fn.node);
    if (isHidden) {
      notYet(unit, node, {
        construct: `a use of '${node.getText()}', which is declared in a block or namespace of the module`,
        way: "Declare it at the top of the module.",
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(unit.fn.node);
}

function isInside(node: ts.Node, outer: ts.Node): boolean {
  return node.pos >= outer.pos && node.end <= outer.end;
}
