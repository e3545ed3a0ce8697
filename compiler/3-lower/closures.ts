/**
 * Lifts functions that are made inside durable code to the module, so that they can be written and made again:
 *
 *     const add = (n) => n + total.v      ->      add = $fulfil_1(total)
 *     const $fulfil_1 = $closure("src/fulfil.ts#fulfil.$1", (total) => ({ add: (n) => n + total.v }).add);
 *
 * A function that cannot be lifted exactly stays as written (native closures are exact, they only cannot be stored)
 * unless it uses managed variables, whose native storage changes with every resume: then it is refused.
 */
import { ts } from "ts-morph";
import type { Code, LiftedClosure, Variable } from "../ir.ts";
import { isFunctionBoundary, type Binding } from "../1-read/scopes.ts";
import { walkUpWrappers } from "../1-read/wrappers.ts";
import { code, joinCode, readWhole, text } from "./code.ts";
import { isReassigned } from "./findBoxes.ts";
import { hasMachine } from "./hasMachine.ts";
import { usesOwner } from "./homes.ts";
import { findInferredName, toMemberCode } from "./inferredName.ts";
import { lowerMachine } from "./lowerMachine.ts";
import { isMachine, type Lowering } from "./lowering.ts";
import { insideToCode, toPropertyName, type Overrides } from "./toCode.ts";
import { notYet } from "./unit.ts";

/** The code that makes the function; null when it is printed where it stands. */
export function closureCode(
  c: Lowering,
  fn: ts.FunctionLikeDeclaration,
  overrides: Overrides = new Map(),
): Code | null {
  if (!c.lifts) return null;
  const role = c.unit.module.oracle.role(fn);
  const obstacle = findObstacle(c, fn);
  if (obstacle !== null) {
    const mustLift = role === "durable" || (isMachine(c) && usesManaged(c, fn));
    if (mustLift) notYet(c.unit, fn, obstacle);
    // Its code is no part of the machine, wherever it stands.
    return insideToCode({ ...c, fn, machine: null }, fn, overrides);
  }
  const bindings = capturesOf(c, fn);
  const known = c.closures.find(({ node }) => node === fn);
  const lifted = known ?? lift(c, fn, bindings);
  // Code may be printed twice, in two shapes of one call; the function is one all the same.
  if (known === undefined) c.closures.push(lifted);
  const captured = bindings.map((binding): Code => {
    const variable = c.variables.get(binding);
    return variable ? [readWhole(variable, fn.getStart())] : [text(binding.name)];
  });
  const made = code`${text(lifted.constant, fn.getStart())}(${joinCode(captured, ", ")})`;
  return ts.isMethodDeclaration(fn) ? code`${toPropertyName(fn.name.getText())}: ${made}` : made;
}

/** Classes stay native; their members may not see what is managed. */
export function checkClassCaptures(c: Lowering, node: ts.ClassLikeDeclaration): null {
  checkClassName(c, node);
  if (isMachine(c)) {
    const uses = node.members.some((member) => isFunctionBoundary(member) && usesManaged(c, member));
    if (uses) {
      notYet(c.unit, node, {
        construct: "a class that uses variables of the function around it",
        way: "Move the class to the module and pass the values to its constructor.",
      });
    }
  }
  return null;
}

/** `C = class {}` names the class, `C.v = class {}` does not. */
function checkClassName(c: Lowering, node: ts.ClassLikeDeclaration): void {
  if (node.name !== undefined) return;
  const { parent } = walkUpWrappers(node);
  const target = ts.isVariableDeclaration(parent) || ts.isBindingElement(parent) ? parent.name : undefined;
  const name = target ?? (ts.isBinaryExpression(parent) ? parent.left : undefined);
  const binding = name && (c.unit.scopes.declared(name) ?? c.unit.scopes.reference(name)?.binding);
  if (binding && isBoxed(c, binding)) {
    notYet(c.unit, node, {
      construct: "a nameless class in a shared variable",
      way: "Give the class a name.",
    });
  }
}

function usesManaged(c: Lowering, fn: Parameters<typeof c.unit.scopes.captures>[0]): boolean {
  return [...c.unit.scopes.captures(fn)].some((binding) => c.variables.has(binding));
}

interface Obstacle {
  readonly construct: string;
  readonly way: string;
}

function findObstacle(c: Lowering, fn: ts.FunctionLikeDeclaration): Obstacle | null {
  const asArrow = "Write it as an arrow function in a variable.";
  if (ts.isAccessor(fn) || ts.isConstructorDeclaration(fn))
    return { construct: "an accessor that uses durable variables", way: asArrow };
  if (ts.isMethodDeclaration(fn)) {
    if (!ts.isObjectLiteralExpression(fn.parent))
      return { construct: "a durable method of an inner class", way: asArrow };
    if ((ts.isComputedPropertyName(fn.name) && wellKnownName(c, fn.name) === null) || usesSuper(fn))
      return { construct: "a method with a computed name or 'super'", way: asArrow };
  }
  if (ts.findAncestor(fn.parent, (at) => at === c.unit.fn.node || ts.isClassLike(at)) !== c.unit.fn.node) {
    // It may use the class's private names, which only code inside the class can.
    return { construct: "a durable function in an inner class", way: "Move the class to the module." };
  }
  const { parent } = walkUpWrappers(fn);
  const key = ts.isPropertyAssignment(parent) && ts.isComputedPropertyName(parent.name) ? parent.name : null;
  if (key !== null && wellKnownName(c, key) === null) {
    return { construct: "a function under a computed name", way: "Put the function into a variable first." };
  }
  if (usesOwner(c, fn)) {
    return { construct: "a function that uses 'super' or 'new.target' of the one around it", way: asArrow };
  }
  const own = c.unit.scopes.captures(fn);
  const native = [...own].find((binding) => !c.variables.has(binding) && isBoxed(c, binding));
  if (native) {
    return {
      construct: `a function that shares '${native.name}' with the function around it`,
      way: "Use a constant of its own.",
    };
  }
  return null;
}

/** `[Symbol.dispose]`: the same wherever and whenever it is evaluated, as a key and as the function's name. */
function wellKnownName(c: Lowering, name: ts.PropertyName): string | null {
  if (!ts.isComputedPropertyName(name)) return null;
  const { expression } = name;
  if (!ts.isPropertyAccessExpression(expression) || !ts.isIdentifier(expression.expression)) return null;
  const isGlobal =
    expression.expression.text === "Symbol" && !c.unit.scopes.reference(expression.expression)?.binding;
  return isGlobal ? `[Symbol.${expression.name.text}]` : null;
}

function inferredNameOf(c: Lowering, fn: ts.FunctionLikeDeclaration): string | null {
  if (ts.isMethodDeclaration(fn)) return null;
  const { parent } = walkUpWrappers(fn);
  return (ts.isPropertyAssignment(parent) ? wellKnownName(c, parent.name) : null) ?? findInferredName(fn);
}

function usesSuper(node: ts.Node): boolean {
  if (node.kind === ts.SyntaxKind.SuperKeyword) return true;
  return ts.forEachChild(node, (child) => usesSuper(child) || undefined) ?? false;
}

export function isBoxed(c: Lowering, { declarations }: Binding): boolean {
  return declarations.some((node) => c.unit.boxes.boxed.has(node));
}

function capturesOf(c: Lowering, fn: ts.FunctionLikeDeclaration): readonly Binding[] {
  const captured = [...c.unit.scopes.captures(fn)].sort((a, b) => a.index - b.index);
  return captured.filter((binding) => binding !== ownBinding(c, fn));
}

/** A plain function declaration that only calls itself keeps its name and needs no box to find itself. */
function ownBinding(c: Lowering, fn: ts.FunctionLikeDeclaration): Binding | null {
  if (!ts.isFunctionDeclaration(fn) || fn.name === undefined) return null;
  if (hasMachine(c.unit, fn)) return null;
  const binding = c.unit.scopes.declared(fn.name);
  return binding && !isReassigned(binding) ? binding : null;
}

function lift(c: Lowering, fn: ts.FunctionLikeDeclaration, bindings: readonly Binding[]): LiftedClosure {
  const number = c.unit.closureNumbers.get(fn) ?? 0;
  const role = c.unit.module.oracle.role(fn);
  const captures = new Map(bindings.map((binding) => [binding, toCapture(c, binding)] as const));
  const head = {
    id: `${c.unit.fn.id}.$${number}`,
    constant: c.unit.words.free(`${c.unit.constant}_${number}`),
    kind: "function" as const,
    operands: [],
    node: fn,
    captures: [...captures.values()],
    inferredName: inferredNameOf(c, fn),
  };
  if (hasMachine(c.unit, fn)) {
    const name = (fn.name ? fn.name.getText() : head.inferredName) ?? "anonymous";
    const machine = lowerMachine(c.unit, {
      fn,
      id: head.id,
      name,
      constant: `${head.constant}m`,
      captures,
      seat: null,
    });
    return { ...head, code: [], machine };
  }
  const inner: Lowering = { ...c, fn, variables: captures, machine: null, lifts: role !== "body" };
  return { ...head, ...functionCode(inner, head.inferredName), machine: null };
}

export function toCapture(c: Lowering, binding: Binding): Variable {
  return {
    name: c.unit.names.get(binding) ?? binding.name,
    declaration: binding.declarations[0] ?? null,
    origin: null,
    kind: "capture",
    boxed: isBoxed(c, binding),
  };
}

function functionCode(
  c: Lowering,
  inferredName: string | null,
): Pick<LiftedClosure, "code" | "inferredName"> {
  const { fn } = c;
  if (ts.isMethodDeclaration(fn)) {
    return { code: toMemberCode(insideToCode(c, fn), fn.name.getText()), inferredName: null };
  }
  const name = ts.isFunctionDeclaration(fn) || ts.isFunctionExpression(fn) ? fn.name : undefined;
  const captured =
    name && ts.isFunctionDeclaration(fn) && c.variables.has(c.unit.scopes.declared(name) as Binding);
  // Under its own name, the function would hide the box it shares with others.
  if (name && captured) return { code: insideToCode(c, fn, new Map([[name, []]])), inferredName: name.text };
  return { code: insideToCode(c, fn), inferredName };
}
