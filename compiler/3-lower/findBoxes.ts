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
 * declaration fills it. An early box has no temporal dead zone, so it must be proven that the closure cannot run
 * before the declaration; what cannot be proven is refused.
 */
import { ts } from "ts-morph";
import { isFunctionBoundary, type Binding, type FunctionBoundary, type Scopes } from "../1-read/scopes.ts";
import { walkUpWrappers } from "../1-read/wrappers.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";

export interface Boxes {
  /** By declaring identifier. */
  readonly boxed: ReadonlySet<ts.Node>;
  readonly early: ReadonlySet<ts.Node>;
}

interface Context {
  readonly root: ts.Node;
  readonly scopes: Scopes;
  readonly diagnostics: Diagnostic[];
}

export function findBoxes(context: Context, bindings: readonly Binding[]): Boxes {
  const boxed = new Set<ts.Node>();
  const early = new Set<ts.Node>();
  for (const binding of bindings) {
    const capturing = capturingFunctions(binding);
    if (capturing.length === 0 || binding.declarations.length === 0) continue;
    const tooEarly = capturing.filter((fn) => !isMadeAfter(context.scopes, fn, binding));
    if (tooEarly.length > 0) {
      binding.declarations.forEach((node) => early.add(node));
      tooEarly.forEach((fn) => checkRunsLater(context, fn, binding));
    }
    if (tooEarly.length > 0 || isReassigned(binding)) binding.declarations.forEach((node) => boxed.add(node));
  }
  return { boxed, early };
}

/** Has other values than that of its declaration. A `var` has `undefined` first. */
export function isReassigned(binding: Binding): boolean {
  if (binding.references.some(({ access }) => access !== "read")) return true;
  if (binding.kind === "var" || binding.kind === "parameter") {
    return binding.declarations.some((node) => ts.isVariableDeclaration(node.parent) || !ts.isParameter(rootOf(node)));
  }
  return binding.declarations.length > 1;
}

/** The declaration that a name in a pattern belongs to. */
function rootOf(name: ts.Node): ts.Node {
  let at = name.parent;
  while (ts.isBindingElement(at) || ts.isObjectBindingPattern(at) || ts.isArrayBindingPattern(at)) at = at.parent;
  return at;
}

/** Where the variable has its value, if control gets there in order of the text. */
export function initialisedAt(binding: Binding): number {
  const [name] = binding.declarations;
  if (name === undefined || binding.kind === "function" || binding.kind === "catch") return binding.scope.node.pos;
  const declaration = rootOf(name);
  if (ts.isVariableDeclaration(declaration)) {
    const { parent } = declaration.parent;
    if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) return parent.expression.end;
  }
  return binding.kind === "var" ? binding.scope.node.pos : declaration.end;
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

function isMadeAfter(scopes: Scopes, fn: FunctionBoundary, binding: Binding): boolean {
  const at = initialisedAt(binding);
  if (!ts.isFunctionDeclaration(fn) || fn.name === undefined) return fn.getStart() >= at;
  const own = scopes.declared(fn.name);
  if (own === undefined) return false;
  if (own.scope !== binding.scope) return own.scope.node.pos >= at;
  // Hoisted together: functions are made in order of the text, parameters are there before.
  if (binding.kind === "function") return own.index > binding.index;
  return binding.kind === "parameter" || binding.kind === "catch";
}

function checkRunsLater(context: Context, fn: FunctionBoundary, binding: Binding): void {
  const hasDeadZone = ["let", "const", "class"].includes(binding.kind);
  if (!hasDeadZone) return;
  const proof = { scopes: context.scopes, owner: binding.scope.owner, at: initialisedAt(binding), seen: new Set<ts.Node>() };
  if (!ts.isCaseBlock(binding.scope.node) && runsLater(proof, fn)) return;
  const use = binding.references.find(({ node }) => node.pos >= fn.pos && node.end <= fn.end);
  context.diagnostics.push(
    report("DC110", use?.node ?? fn, {
      construct: `a closure that may run before '${binding.name}' has its value`,
      way: `Declare '${binding.name}' above the closure.`,
    }),
  );
}

interface Proof {
  readonly scopes: Scopes;
  readonly owner: FunctionBoundary | null;
  readonly at: number;
  readonly seen: Set<ts.Node>;
}

/** True when `fn` is only known under a name that is not used before `at`. */
function runsLater(proof: Proof, fn: FunctionBoundary): boolean {
  if (proof.seen.has(fn)) return true;
  proof.seen.add(fn);
  const name = nameOf(fn);
  const binding = name && proof.scopes.declared(name);
  if (!binding) return false;
  return binding.references.every(({ node }) => {
    const around = childFunction(node, proof.owner);
    if (around === null) return node.pos >= proof.at;
    return (!ts.isFunctionDeclaration(around) && around.pos >= proof.at) || runsLater(proof, around);
  });
}

function nameOf(fn: FunctionBoundary): ts.Node | null {
  if (ts.isFunctionDeclaration(fn)) return fn.name ?? null;
  const { parent } = walkUpWrappers(fn);
  return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name : null;
}
