/**
 * Machines with checkpoints and live variables only, found by a rule a child can follow: a variable is live at an await
 * if its name stands anywhere below the await. What `checkStorable` reads of a machine is no more than that; the real
 * liveness has tests of its own.
 */
import { ts } from "ts-morph";
import type { Checkpoint, LiftedClosure, Machine, Variable } from "../../compiler/ir.ts";
import type { DurableFunction, DurableProgram } from "../../compiler/program.ts";

export function toMachines({ modules }: DurableProgram): readonly Machine[] {
  return modules.flatMap(({ functions }) => functions.map(toMachine));
}

function toMachine({ id, name, node }: DurableFunction): Machine {
  const variables = new Map<string, Variable>();
  const awaits: ts.AwaitExpression[] = [];
  const functions: ts.FunctionLikeDeclaration[] = [];
  visitOwn(node, (at) => {
    if (ts.isAwaitExpression(at)) awaits.push(at);
    if (ts.isArrowFunction(at) || ts.isFunctionExpression(at) || ts.isFunctionDeclaration(at))
      functions.push(at);
    if (ts.isIdentifier(at) && isDeclared(at)) variables.set(at.text, toVariable(at));
  });
  const usedIn = (from: ts.Node, start: number): Variable[] => {
    const used = new Set<Variable>();
    visitAll(from, (at) => {
      const variable = ts.isIdentifier(at) && at.getStart() >= start ? variables.get(at.text) : undefined;
      if (variable !== undefined && variable.declaration !== at) used.add(variable);
    });
    return [...used];
  };
  const checkpoints = awaits.map((at, index): Checkpoint => ({
    number: index + 1,
    kind: "value",
    name: null,
    node: at,
    awaited: true,
    live: usedIn(node, at.end).filter(({ declaration }) => declaration !== null && declaration.pos < at.pos),
  }));
  const closures = functions.map((fn, index): LiftedClosure => ({
    id: `${id}.$${index}`,
    constant: `$${name}_${index}`,
    node: fn,
    captures: usedIn(fn, 0),
    inferredName: null,
    code: [],
    machine: null,
  }));
  return {
    id,
    name,
    constant: `$${name}`,
    node,
    parameters: [],
    variables: [...variables.values()],
    blocks: [],
    entry: 0,
    checkpoints,
    closures,
    calls: [],
  };
}

function toVariable(declaration: ts.Identifier): Variable {
  return { name: declaration.text, declaration, origin: null, kind: "local", boxed: false };
}

function isDeclared(node: ts.Identifier): boolean {
  const { parent } = node;
  const names =
    ts.isVariableDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isBindingElement(parent) ||
    ts.isFunctionDeclaration(parent);
  return names && parent.name === node;
}

/** Inner functions are met, but not entered. */
function visitOwn(root: ts.Node, meet: (node: ts.Node) => void): void {
  const visit = (node: ts.Node): void => {
    meet(node);
    if (ts.isFunctionDeclaration(node) && node.name !== undefined) meet(node.name);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(root, visit);
}

function visitAll(root: ts.Node, meet: (node: ts.Node) => void): void {
  meet(root);
  ts.forEachChild(root, (child) => visitAll(child, meet));
}
