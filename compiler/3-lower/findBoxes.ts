/**
 * Decides which variables live in a box, and proves that no closure sees one before it has a value.
 *
 * A closure is made by `factory(...captures)` and gets its variables by value. That is exact for a variable that has
 * its only value when the closure is made. Any other captured variable is shared through a box:
 *
 *     let n = 0; const up = () => ++n;      n = $box(0); up = $f_1(n)      // () => ++n.v
 *
 * A box is *early* when a closure captures the variable before its declaration ran (a function declaration is hoisted;
 * `const fact = (n) => ... fact(n - 1)` captures itself): it is then made where the scope is entered, and the
 * declaration fills it. Where it cannot be proven that such a closure runs after the declaration only, it asks each time
 * (see `deadZones.ts`).
 */
import { ts } from "ts-morph";
import { isFunctionBoundary, type Binding, type FunctionBoundary, type Scopes } from "../1-read/scopes.ts";
import { walkUpWrappers } from "../1-read/wrappers.ts";

export interface Boxes {
  /** By declaring identifier. */
  readonly boxed: ReadonlySet<ts.Node>;
  /** With the position of the code that captures it first. */
  readonly early: ReadonlyMap<ts.Node, number>;
  /** The closures that may run before the variable has its value. */
  readonly unproven: ReadonlyMap<Binding, readonly FunctionBoundary[]>;
}

interface Context {
  readonly scopes: Scopes;
}

export function findBoxes({ scopes }: Context, bindings: readonly Binding[]): Boxes {
  const boxed = new Set<ts.Node>();
  const early = new Map<ts.Node, number>();
  const unproven = new Map<Binding, readonly FunctionBoundary[]>();
  for (const binding of bindings) {
    const capturing = capturingFunctions(binding);
    if (capturing.length === 0 || binding.declarations.length === 0) continue;
    const tooEarly = capturing.filter((fn) => !isMadeAfter(scopes, fn, binding));
    if (tooEarly.length > 0) {
      const from = Math.min(...tooEarly.map((fn) => madeAt(scopes, fn)));
      binding.declarations.forEach((node) => early.set(node, from));
      unproven.set(
        binding,
        tooEarly.filter((fn) => mayRunBefore(scopes, fn, binding)),
      );
    }
    if (tooEarly.length > 0 || isReassigned(binding)) binding.declarations.forEach((node) => boxed.add(node));
  }
  return { boxed, early, unproven };
}

/** Has other values than that of its declaration. A `var` has `undefined` first. */
export function isReassigned(binding: Binding): boolean {
  if (binding.references.some(({ access }) => access !== "read")) return true;
  if (binding.kind === "var" || binding.kind === "parameter") {
    return binding.declarations.some(
      (node) => ts.isVariableDeclaration(node.parent) || !ts.isParameter(rootOf(node)),
    );
  }
  return binding.declarations.length > 1;
}

/** The declaration that a name in a pattern belongs to. */
function rootOf(name: ts.Node): ts.Node {
  let at = name.parent;
  while (ts.isBindingElement(at) || ts.isObjectBindingPattern(at) || ts.isArrayBindingPattern(at))
    at = at.parent;
  return at;
}

/**
 * Whether code at a position runs after the variable got its value, if control goes in order of the text. In a pattern
 * each variable is there for the defaults behind it, but not for the value that is taken apart, which stands last.
 */
export function isInitialisedAt(binding: Binding, at: number): boolean {
  const [name] = binding.declarations;
  if (name === undefined || ["function", "catch", "var", "ownName"].includes(binding.kind))
    return at >= binding.scope.node.pos;
  const declaration = rootOf(name);
  const { parent: element } = name;
  if (
    ts.isBindingElement(element) &&
    (ts.isVariableDeclaration(declaration) || ts.isParameter(declaration))
  ) {
    if (at >= element.end && at < declaration.name.end) return true;
  }
  if (ts.isVariableDeclaration(declaration)) {
    const { parent } = declaration.parent;
    if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) return at >= parent.expression.end;
  }
  return at >= declaration.end;
}

/** Also of a `switch`, whose cases can be jumped to: only what stands in the declaration's own clause follows it for sure. */
export function isInitialisedIn(binding: Binding, node: ts.Node, at = node.getStart()): boolean {
  const { node: scope } = binding.scope;
  const [name] = binding.declarations;
  const sameClause =
    !ts.isCaseBlock(scope) || name === undefined || clauseOf(node, scope) === clauseOf(name, scope);
  return sameClause && isInitialisedAt(binding, at);
}

function clauseOf(node: ts.Node, caseBlock: ts.Node): ts.Node {
  let at = node;
  while (at.parent !== caseBlock) at = at.parent;
  return at;
}

/** The functions directly inside the variable's own function through which it is captured. */
function capturingFunctions(binding: Binding): readonly FunctionBoundary[] {
  const found = new Set<FunctionBoundary>();
  for (const { node } of binding.references) {
    const fn = childFunction(node, binding.scope.owner);
    if (fn !== null) found.add(fn);
  }
  return [...found];
}

/** The outermost function around `node` that is still inside `owner`. */
function childFunction(node: ts.Node, owner: ts.Node | null): FunctionBoundary | null {
  let found: FunctionBoundary | null = null;
  for (let at = node.parent; at !== owner && at !== undefined; at = at.parent) {
    if (isFunctionBoundary(at)) found = at;
  }
  return found;
}

/** A function declaration is made where its scope is entered. */
function madeAt(scopes: Scopes, fn: FunctionBoundary): number {
  const own = ts.isFunctionDeclaration(fn) && fn.name ? scopes.declared(fn.name) : undefined;
  return own === undefined ? fn.getStart() : own.scope.node.pos;
}

function isMadeAfter(scopes: Scopes, fn: FunctionBoundary, binding: Binding): boolean {
  if (!ts.isFunctionDeclaration(fn) || fn.name === undefined) return isInitialisedIn(binding, fn);
  const own = scopes.declared(fn.name);
  if (own === undefined) return false;
  if (own.scope !== binding.scope) return isInitialisedIn(binding, fn, own.scope.node.pos);
  // Hoisted together: functions are made in order of the text, parameters are there before.
  if (binding.kind === "function") return own.index > binding.index;
  return binding.kind === "parameter" || binding.kind === "catch";
}

function mayRunBefore(scopes: Scopes, fn: FunctionBoundary, binding: Binding): boolean {
  const hasDeadZone = ["let", "const", "class"].includes(binding.kind);
  if (!hasDeadZone) return false;
  return ts.isCaseBlock(binding.scope.node) || !runsLater({ scopes, binding, seen: new Set() }, fn);
}

interface Proof {
  readonly scopes: Scopes;
  readonly binding: Binding;
  readonly seen: Set<ts.Node>;
}

/** True when `fn` is only known under a name that is not used before the variable has its value. */
function runsLater(proof: Proof, fn: FunctionBoundary): boolean {
  if (proof.seen.has(fn)) return true;
  proof.seen.add(fn);
  const name = nameOf(fn);
  const binding = name && proof.scopes.declared(name);
  if (!binding) return false;
  return binding.references.every(({ node }) => {
    const around = childFunction(node, proof.binding.scope.owner);
    if (around === null) return isInitialisedAt(proof.binding, node.getStart());
    const isMadeLater =
      !ts.isFunctionDeclaration(around) && isInitialisedAt(proof.binding, around.getStart());
    return isMadeLater || runsLater(proof, around);
  });
}

/** The name that a function is known under: its own, or the variable's that holds it, alone or inside a literal. */
function nameOf(fn: FunctionBoundary): ts.Node | null {
  if (ts.isFunctionDeclaration(fn)) return fn.name ?? null;
  const { parent } = walkUpLiterals(fn);
  return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name : null;
}

/**
 * Nobody can reach into an object or array literal before it is complete: `{ m() {} }`, `[() => 1]`, and what is
 * nested in such. A getter or a `__proto__` changes nothing, as making the literal reads none of its properties.
 */
function walkUpLiterals(node: ts.Node): ts.Node {
  const outer = walkUpWrappers(node);
  const { parent } = outer;
  if (ts.isPropertyAssignment(parent)) return walkUpLiterals(parent.parent);
  if (ts.isArrayLiteralExpression(parent)) return walkUpLiterals(parent);
  if (ts.isMethodDeclaration(outer) && ts.isObjectLiteralExpression(parent)) return walkUpLiterals(parent);
  return outer;
}
