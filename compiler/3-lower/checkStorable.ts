/**
 * Checks that the state at every checkpoint can be written: each variable that is live where a machine parks, by its
 * type.
 *
 *     const seen = new WeakSet();  await wait("1h");  seen.has(x)
 *     // DC301 'seen' cannot be stored: it is a WeakSet, whose members cannot be listed.
 *
 * Relies on liveness (`Checkpoint.live`). Reports a variable once, with the first checkpoint it is live at; a variable
 * that holds the result of a step is the business of `checkResults`, where the value comes from.
 */
import { ts } from "ts-morph";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import { skipWrappers, walkUpWrappers } from "../1-read/wrappers.ts";
import { isRecorded } from "../2-check/durableCode.ts";
import { reportUnstorable } from "../2-check/reportUnstorable.ts";
import { isUsing } from "./disposals.ts";
import { FOREIGN_GENERATOR } from "../2-check/platformTypes.ts";
import { findUnstorable } from "../2-check/storability.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Checkpoint, Machine, Variable } from "../ir.ts";
import type { DurableProgram, Oracle } from "../program.ts";
import { toCheckpointNote } from "./checkpointNote.ts";

export function checkStorable(program: DurableProgram, machines: readonly Machine[]): readonly Diagnostic[] {
  const { program: checked, root } = program;
  if (checked === null) return [];
  const resolver = createResolver(checked, root);
  const reported = new Set<ts.Node>();
  return machines.flatMap((machine) => {
    const file = machine.node.getSourceFile();
    const oracle = program.modules.find((module) => module.file === file)?.oracle;
    return oracle === undefined ? [] : checkMachine({ resolver, oracle, reported }, machine);
  });
}

interface Context {
  readonly resolver: Resolver;
  readonly oracle: Oracle;
  /** Declarations that have their report. An inner machine's capture is an outer one's variable. */
  readonly reported: Set<ts.Node>;
}

function checkMachine(context: Context, machine: Machine): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const checkpoint of machine.checkpoints) {
    if (!checkpoint.awaited) continue;
    for (const variable of findHeld(checkpoint, machine))
      found.push(...checkVariable(context, variable, checkpoint));
  }
  const inner = machine.closures.flatMap((closure) => (closure.machine === null ? [] : [closure.machine]));
  return [...found, ...inner.flatMap((closure) => checkMachine(context, closure))];
}

/** The live variables, what live closures hold, and what a scope has opened with `using` and has still to close. */
function findHeld(
  { live, node }: Checkpoint,
  { closures, variables }: Pick<Machine, "closures" | "variables">,
): ReadonlySet<Variable> {
  const scopes = live
    .filter(({ kind }) => kind === "disposables")
    .map(({ origin }) => origin && toScope(origin));
  const opened = variables.filter(({ declaration }) => {
    const list = declaration?.parent.parent;
    return list && isUsing(list) && scopes.includes(toScope(list)) && list.pos < node.pos;
  });
  const held = new Set([...live, ...opened]);
  for (const variable of held) {
    const closure = closures.find(
      ({ node }) => variable.declaration !== null && isValueOf(node, variable.declaration),
    );
    for (const captured of closure?.captures ?? []) held.add(captured);
  }
  return held;
}

/** The block, or the loop, around a declaration. */
function toScope({ parent }: ts.Node): ts.Node {
  return ts.isVariableStatement(parent) ? parent.parent : parent;
}

function isValueOf(fn: Machine["closures"][number]["node"], declaration: ts.Node): boolean {
  if (fn.name === declaration) return ts.isFunctionDeclaration(fn) || ts.isClassDeclaration(fn);
  const { parent } = walkUpWrappers(fn);
  return ts.isVariableDeclaration(parent) && (parent.name === declaration || parent === declaration);
}

function checkVariable(context: Context, variable: Variable, checkpoint: Checkpoint): Diagnostic[] {
  const node = variable.declaration ?? variable.origin;
  if (node === null || context.reported.has(node)) return [];
  const source = variable.kind === "cursor" ? findIterated(context, node) : findSource(node);
  if (source.value !== null && isResult(context.oracle, source.value)) return [];
  const type = context.resolver.checker.getTypeAtLocation(node);
  const problem = findUnstorable(context.resolver, { type, isGiven: isGiven(context, source) });
  if (problem === null || isGivenGenerator(source, problem)) return [];
  // A temporary is gone at the end of its statement: a doubt about it is not worth a line.
  if (problem.kind === "doubtful" && variable.declaration === null) return [];
  context.reported.add(node);
  const name = toName(node);
  const notes = [toCheckpointNote(name, checkpoint)];
  return [reportUnstorable(problem, { kind: "variable", name, at: toPlace(node), notes })];
}

/** Where a variable's value comes from. */
interface Source {
  readonly isParameter: boolean;
  /** What the variable, or the pattern it stands in, is made from. */
  readonly value: ts.Expression | null;
}

function findSource(node: ts.Node): Source {
  const declaration = ts.findAncestor(
    node,
    (at) => ts.isVariableDeclaration(at) || ts.isParameter(at) || ts.isStatement(at),
  );
  if (declaration === undefined) return { isParameter: false, value: null };
  if (ts.isParameter(declaration)) return { isParameter: true, value: null };
  const isVariable = ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined;
  return { isParameter: false, value: isVariable ? skipWrappers(declaration.initializer) : null };
}

/** `for await (const x of source())`: what the position belongs to. */
function findIterated({ resolver }: Context, node: ts.Node): Source {
  const inner = skipWrappers(node as ts.Expression);
  const declaration = ts.isIdentifier(inner) ? resolver.symbolOf(inner)?.valueDeclaration : undefined;
  return declaration === undefined ? { isParameter: false, value: inner } : findSource(declaration);
}

/** A generator that comes as an argument may well be one of durable code's. */
function isGivenGenerator({ isParameter }: Source, { what, path }: { what: string; path: string }): boolean {
  return isParameter && path === "" && what === FOREIGN_GENERATOR.what;
}

/** `await load()`: judged where it is recorded. */
function isResult(oracle: Oracle, value: ts.Expression): boolean {
  if (!ts.isAwaitExpression(value)) return false;
  const awaited = skipWrappers(value.expression);
  return ts.isCallExpression(awaited) && isRecorded(oracle.call(awaited));
}

/**
 * True for values from outside the durable function: parameters, and what ordinary code returned. Of these alone it is
 * doubtful whether their functions and promises can be written.
 */
function isGiven({ oracle, resolver }: Context, { isParameter, value }: Source): boolean {
  if (value === null) return isParameter;
  if (ts.isNewExpression(value)) return resolver.valueOf(value.expression)?.name === "Promise";
  const call = ts.isAwaitExpression(value) ? skipWrappers(value.expression) : value;
  if (!ts.isCallExpression(call) || oracle.call(call).kind !== "plain") return false;
  const fn = resolver.functionOf(call.expression);
  if (fn !== null && isDurableCode(resolver, fn)) return false;
  const callee = resolver.valueOf(call.expression);
  // The language's own functions (`ids.map`, `f.bind`) give back what durable code gave them.
  return callee === null || resolver.originOf(callee)?.module !== "language";
}

/** Marked, or written inside a function that is. */
function isDurableCode(resolver: Resolver, fn: ts.Node): boolean {
  return ts.findAncestor(fn, (at) => resolver.markOf(at) === "use durable") !== undefined;
}

function toName(node: ts.Node): string {
  if (ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node))
    return node.name.getText();
  const text = node.getText().replaceAll(/\s+/g, " ");
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

function toPlace(node: ts.Node): ts.Node {
  return ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)
    ? node.name
    : node;
}
