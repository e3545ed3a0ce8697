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
import type { Machine, Seat, Variable } from "../ir.ts";
import type { DurableFunction } from "../program.ts";
import { isFunctionBoundary, type Binding } from "../1-read/scopes.ts";
import { findInferredName } from "./inferredName.ts";
import { lowerMachine } from "./lowerMachine.ts";
import { ownerOf } from "./owner.ts";
import { findPlace } from "./seat.ts";
import { findNamedValues } from "./values.ts";
import { notYet, toUnit, type Unit, type UnitContext } from "./unit.ts";

export interface LoweredFunction {
  /** Null when something in the function is refused. */
  readonly machine: Machine | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function lowerFunction(context: UnitContext, fn: DurableFunction): LoweredFunction {
  const unit = toUnit(context, fn);
  checkOuterVariables(unit);
  const { node, id, name } = fn;
  const found = findPlace(node, context.scopes);
  if (found.kind === "hidden") {
    notYet(unit, found.use, {
      construct: `a use of '${found.use.getText()}', which is declared in a loop or function`,
      way: "Declare it at the top of the module.",
    });
  }
  const captures = capturesOfField(unit);
  const seat: Seat = {
    place: found.kind === "place" ? found.place : { kind: "module" },
    home: unit.home,
    values: findNamedValues(node, context.scopes, context.module.oracle),
    imports: unit.imports,
    made: captures === null ? null : toMade(unit, [...captures.values()]),
  };
  const spec = { fn: node, id, name, constant: unit.constant, captures: captures ?? new Map(), seat };
  const machine = lowerMachine(unit, spec);
  return { machine: unit.diagnostics.length > 0 ? null : machine, diagnostics: unit.diagnostics };
}

/** Variables of a function around that is not durable are on its native stack, which no snapshot holds. */
function checkOuterVariables(unit: Unit): void {
  const { node, name } = unit.fn;
  for (const binding of unit.scopes.captures(node)) {
    if (isOfField(unit, binding)) continue;
    const { name: variable, references, scope } = binding;
    const use = references.find(
      (reference) => reference.node.pos >= node.pos && reference.node.end <= node.end,
    );
    const owner = scope.owner?.name?.getText() ?? "the function around it";
    unit.diagnostics.push(report("DC105", use?.node ?? node, { name, variable, owner }));
  }
}

/** The `this` of a class's field: the instance, which a stored state holds like any other. */
function isOfField({ fn }: Unit, { kind, scope }: Binding): boolean {
  return (
    kind === "this" &&
    scope.owner !== null &&
    ts.isPropertyDeclaration(scope.owner) &&
    scope.owner === ownerOf(fn.node)
  );
}

/** What a function in a class's field captures; null for functions that there is one of. */
function capturesOfField(unit: Unit): ReadonlyMap<Binding, Variable> | null {
  const { node } = unit.fn;
  const field = ts.findAncestor(node.parent, isFunctionBoundary);
  if (field === undefined || !ts.isPropertyDeclaration(field)) return null;
  const captured = [...unit.scopes.captures(node)].filter((binding) => isOfField(unit, binding));
  const isStatic = (ts.getModifiers(field) ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
  if (isStatic && captured.length === 0) return null;
  return new Map(
    captured.map((binding) => {
      const name = unit.names.get(binding) ?? unit.words.thisValue;
      return [binding, { name, declaration: null, origin: null, kind: "capture", boxed: false }];
    }),
  );
}

function toMade(unit: Unit, captures: readonly Variable[]): Seat["made"] {
  return { constant: `${unit.constant}$made`, captures, inferredName: findInferredName(unit.fn.node) };
}
