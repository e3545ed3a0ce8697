/**
 * The oracle of one-file compilation: what a call means, from imports, directives and declarations of the file.
 *
 * | awaited or not | callee | meaning |
 * |---|---|---|
 * | both | an operation (`syntacticOperations.ts`) | `operation` |
 * | both | a function of this file marked "use durable"; an async function written inside durable code | `task` |
 * | both | another async function of this file, or one marked "use step" | `step` |
 * | awaited | reached by names from an import or a global (`reserve`, `db.orders.find`) | `step` |
 * | awaited | a local, a parameter, a member of one | `dynamic` |
 * | not awaited | anything else | `plain`: whether it returns a promise cannot be seen |
 *
 * Awaited means that nothing but its settled value is ever used: at once (`await f()`), as an element of the array that
 * a combinator is given (`Promise.all([f(), g()])`), or through a constant that is only used in these ways. There a
 * function that returns no promise does no harm as a step; anywhere else, taking one for a step would hand the author a
 * promise in the place of a value.
 *
 * Globals of the language (`Promise.race`, `JSON.parse`) are never steps. The typed oracle is exact where this one
 * goes by what is written; that is why `durablec build` uses the project.
 */
import { ts } from "ts-morph";
import { RUNS_BODY, type CallMeaning, type InnerFunctionRole, type Oracle } from "../program.ts";
import { toCalleeName } from "./calleeName.ts";
import { toImportedName } from "./importedName.ts";
import { isFunctionWithBody, type Binding } from "./scopes.ts";
import { findOperation, isContext, type SyntacticContext } from "./syntacticOperations.ts";
import { isServiceOption } from "./services.ts";
import { skipWrappers, walkUpWrappers } from "./wrappers.ts";

const PLAIN: CallMeaning = { kind: "plain" };

/** The language's own objects: their functions do no work that has to be recorded. */
const LANGUAGE: ReadonlySet<string> = new Set(
  (
    "Promise Math JSON Object Array String Number Boolean Symbol BigInt Date Map Set Reflect console Error RegExp " +
    "Atomics Intl structuredClone parseInt parseFloat isNaN isFinite queueMicrotask setTimeout"
  ).split(" "),
);

const COMBINATORS: ReadonlySet<string> = new Set(["all", "allSettled", "any", "race"]);

export function createSyntacticOracle(context: SyntacticContext): Oracle {
  return {
    call: (node) => findMeaning(context, node),
    role: (node) => findRole(context, node),
    typeText: () => null,
    isTypeExport: () => false,
    valueName: (node) => findValueName(context, node),
    constantUses: () => [],
  };
}

/** By where it is imported from: whether it is a function shows at run time. */
function findValueName(
  { scopes }: SyntacticContext,
  node: ts.Identifier | ts.PropertyAccessExpression,
): string | null {
  const root = ts.isIdentifier(node) ? node : rootOf(node);
  const binding = root && scopes.reference(root)?.binding;
  if (!binding) return null;
  const path = node.getSourceFile().fileName;
  const imported = binding.kind === "import" ? binding.declarations[0]?.parent : undefined;
  if (imported !== undefined) return toImportedName(imported, { node, path });
  return functionOf(binding) === null && !isServiceOption(node) ? null : `${path}#${binding.name}`;
}

function findMeaning(context: SyntacticContext, call: ts.CallExpression): CallMeaning {
  const callee = skipWrappers(call.expression);
  if (callee.kind === ts.SyntaxKind.SuperKeyword || callee.kind === ts.SyntaxKind.ImportKeyword) return PLAIN;
  const operation = findOperation(context, callee);
  if (operation !== null) return { kind: "operation", operation };
  const root = rootOf(callee);
  const binding = root && context.scopes.reference(root)?.binding;
  if (root !== null && !binding && LANGUAGE.has(root.text)) {
    return isPromiseAll(callee) ? { kind: "promiseAll" } : PLAIN;
  }
  // `ctx.promise.all`, `ctx.logger.info`: parts of the runtime, which do no work of their own.
  if (root !== null && isContext(context, root)) return PLAIN;
  const name = toCalleeName(callee);
  const known = binding && callee === root ? functionOf(binding) : null;
  if (known) return ofKnownFunction(context, known, name);
  if (!isOnlyAwaited(context, call)) return PLAIN;
  const isModulePath = root !== null && (!binding || binding.scope.owner === null);
  return isModulePath ? { kind: "step", name, optioned: false } : { kind: "dynamic", name };
}

function ofKnownFunction(
  context: SyntacticContext,
  known: ts.FunctionLikeDeclaration,
  name: string,
): CallMeaning {
  const mark = context.marks.get(known);
  // A generator function gives its object at once; nothing runs until that is asked.
  if (known.asteriskToken !== undefined) return PLAIN;
  if (mark === "use durable") return { kind: "task" };
  const isInner = isInsideDurable(context, known);
  if (mark === "use step")
    return isInner ? { kind: "dynamic", name } : { kind: "step", name, optioned: true };
  if (!isAsync(known)) return PLAIN;
  if (!isInner) return { kind: "step", name, optioned: false };
  return findRole(context, known) === "durable" ? { kind: "task" } : { kind: "dynamic", name };
}

/** The identifier that a chain of names starts with. */
function rootOf(callee: ts.Expression): ts.Identifier | null {
  const inner = skipWrappers(callee);
  if (ts.isIdentifier(inner)) return inner;
  return ts.isPropertyAccessExpression(inner) ? rootOf(inner.expression) : null;
}

function isPromiseAll(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && callee.name.text === "all" && isPromise(callee.expression);
}

function isPromise(node: ts.Expression): boolean {
  const object = skipWrappers(node);
  return ts.isIdentifier(object) && object.text === "Promise";
}

function isOnlyAwaited(context: SyntacticContext, call: ts.CallExpression): boolean {
  if (isAwaitedHere(context, call)) return isInAsync(call);
  const outer = walkUpWrappers(call);
  const { parent } = outer;
  const isHeld =
    ts.isVariableDeclaration(parent) && parent.initializer === outer && ts.isIdentifier(parent.name);
  const binding = isHeld ? context.scopes.declared(parent.name) : undefined;
  if (binding?.kind !== "const" || binding.references.length === 0 || !isInAsync(call)) return false;
  return binding.references.every(({ node }) => isAwaitedHere(context, node));
}

function isAwaitedHere({ scopes }: SyntacticContext, node: ts.Node): boolean {
  const outer = walkUpWrappers(node);
  const list = outer.parent;
  if (ts.isAwaitExpression(list)) return true;
  if (!ts.isArrayLiteralExpression(list)) return false;
  const given = walkUpWrappers(list);
  const combinator = given.parent;
  if (!ts.isCallExpression(combinator) || combinator.arguments.at(-1) !== given) return false;
  const callee = skipWrappers(combinator.expression);
  if (!ts.isPropertyAccessExpression(callee) || !COMBINATORS.has(callee.name.text)) return false;
  if (isPromise(callee.expression)) return !scopes.reference(skipWrappers(callee.expression))?.binding;
  // `ctx.promise.all`
  const owner = skipWrappers(callee.expression);
  return ts.isPropertyAccessExpression(owner) && owner.name.text === "promise";
}

/** A step that is not awaited in place needs a frame to start it. */
function isInAsync(node: ts.Node): boolean {
  // A method's computed name is evaluated where the method is made.
  const isAround = (at: ts.Node): at is ts.FunctionLikeDeclaration =>
    isFunctionWithBody(at) && !(at.name !== undefined && node.pos >= at.name.pos && node.end <= at.name.end);
  const fn = ts.findAncestor(node.parent, isAround);
  return fn !== undefined && isAsync(fn);
}

/** The function that a name always means. */
function functionOf(binding: Binding): ts.FunctionLikeDeclaration | null {
  if (binding.references.some(({ access }) => access !== "read")) return null;
  const declaration = binding.declarations[0]?.parent;
  if (declaration === undefined) return null;
  if (ts.isFunctionDeclaration(declaration)) return declaration;
  if (binding.kind !== "const" || !ts.isVariableDeclaration(declaration) || !declaration.initializer)
    return null;
  const value = skipWrappers(declaration.initializer);
  return isFunctionWithBody(value) ? value : null;
}

function findRole(context: SyntacticContext, node: ts.FunctionLikeDeclaration): InnerFunctionRole {
  if (isBody(context, node)) return "body";
  for (let at: ts.Node = node.parent; !ts.isSourceFile(at); at = at.parent) {
    if (context.marks.get(at) === "use durable") break;
    if (isFunctionWithBody(at) && isBody(context, at)) return "body";
  }
  return isAsync(node) ? "durable" : "plain";
}

/** Handed to an operation, or marked "use step": a step runs it. */
function isBody(context: SyntacticContext, node: ts.FunctionLikeDeclaration): boolean {
  if (context.marks.get(node) === "use step" || isOperationArgument(context, node)) return true;
  const holder = ts.isFunctionDeclaration(node) ? node : walkUpWrappers(node).parent;
  const name = ts.isFunctionDeclaration(holder) || ts.isVariableDeclaration(holder) ? holder.name : undefined;
  const binding = name && context.scopes.declared(name);
  if (!binding || binding.references.length === 0) return false;
  return binding.references.every((reference) => isOperationArgument(context, reference.node));
}

function isOperationArgument(context: SyntacticContext, node: ts.Node): boolean {
  const outer = walkUpWrappers(node);
  const { parent } = outer;
  if (!ts.isCallExpression(parent) || !parent.arguments.some((argument) => argument === outer)) return false;
  const operation = findOperation(context, parent.expression);
  return operation !== null && RUNS_BODY.has(operation);
}

function isInsideDurable({ marks }: SyntacticContext, node: ts.Node): boolean {
  return ts.findAncestor(node.parent, (at) => marks.get(at) === "use durable") !== undefined;
}

function isAsync(node: ts.FunctionLikeDeclaration): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
}
