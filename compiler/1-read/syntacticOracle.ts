/**
 * The oracle of one-file compilation: what a call means, from imports, directives and declarations of the file.
 *
 * | awaited or not | callee | meaning |
 * |---|---|---|
 * | both | imported from `@durablec/runtime` under an operation's name | `operation` |
 * | both | a function of this file marked "use durable"; an async function written inside durable code | `task` |
 * | both | another async function of this file, or one marked "use step" | `step` |
 * | awaited | reached by names from an import or a global (`reserve`, `db.orders.find`) | `step` |
 * | awaited | a local, a parameter, a member of one | `dynamic` |
 * | not awaited | anything else | `plain`: whether it returns a promise cannot be seen |
 *
 * Globals of the language (`Promise.race`, `JSON.parse`) are never steps. The typed oracle is exact where this one
 * goes by what is written; that is why `durablec build` uses the project.
 */
import { ts } from "ts-morph";
import {
  OPERATION_NAMES,
  RUNTIME_PACKAGE,
  type CallMeaning,
  type InnerFunctionRole,
  type OperationName,
  type Oracle,
} from "../program.ts";
import { toCalleeName } from "./calleeName.ts";
import type { Directive } from "./directiveSpelling.ts";
import { isFunctionWithBody, type Binding, type Scopes } from "./scopes.ts";
import { skipWrappers, walkUpWrappers } from "./wrappers.ts";

const PLAIN: CallMeaning = { kind: "plain" };
const OPERATIONS: ReadonlySet<string> = new Set(OPERATION_NAMES);

/** The language's own objects: their functions do no work that has to be recorded. */
const LANGUAGE: ReadonlySet<string> = new Set(
  (
    "Promise Math JSON Object Array String Number Boolean Symbol BigInt Date Map Set Reflect console Error RegExp " +
    "Atomics Intl structuredClone parseInt parseFloat isNaN isFinite queueMicrotask setTimeout"
  ).split(" "),
);

interface Context {
  readonly scopes: Scopes;
  readonly marks: ReadonlyMap<ts.Node, Directive>;
}

export function createSyntacticOracle(context: Context): Oracle {
  return {
    call: (node) => findMeaning(context, node),
    role: (node) => findRole(context, node),
    isArray: () => true,
    typeText: () => null,
    isTypeExport: () => false,
  };
}

function findMeaning(context: Context, call: ts.CallExpression): CallMeaning {
  const callee = skipWrappers(call.expression);
  if (callee.kind === ts.SyntaxKind.SuperKeyword || callee.kind === ts.SyntaxKind.ImportKeyword) return PLAIN;
  const operation = operationOf(context, callee);
  if (operation !== null) return { kind: "operation", operation };
  const root = rootOf(callee);
  const binding = root && context.scopes.reference(root)?.binding;
  if (root !== null && !binding && LANGUAGE.has(root.text)) {
    return isPromiseAll(callee) ? { kind: "promiseAll" } : PLAIN;
  }
  const name = toCalleeName(callee);
  const known = binding && callee === root ? functionOf(binding) : null;
  if (known) return ofKnownFunction(context, known, name);
  if (!ts.isAwaitExpression(walkUpWrappers(call).parent)) return PLAIN;
  const isModulePath = root !== null && (!binding || binding.scope.owner === null);
  return isModulePath ? { kind: "step", name, optioned: false } : { kind: "dynamic", name };
}

function ofKnownFunction(context: Context, known: ts.FunctionLikeDeclaration, name: string): CallMeaning {
  const mark = context.marks.get(known);
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

function operationOf({ scopes }: Context, callee: ts.Expression): OperationName | null {
  const root = rootOf(callee);
  const specifier = root && scopes.reference(root)?.binding?.declarations[0]?.parent;
  if (!specifier || !isFromRuntime(specifier)) return null;
  if (ts.isImportSpecifier(specifier) && callee === root)
    return toOperation((specifier.propertyName ?? specifier.name).text);
  if (!ts.isNamespaceImport(specifier) || !ts.isPropertyAccessExpression(callee)) return null;
  return toOperation(callee.name.text);
}

function isFromRuntime(specifier: ts.Node): boolean {
  const declaration = ts.findAncestor(specifier, ts.isImportDeclaration);
  return (
    declaration !== undefined &&
    ts.isStringLiteral(declaration.moduleSpecifier) &&
    declaration.moduleSpecifier.text === RUNTIME_PACKAGE
  );
}

function toOperation(name: string): OperationName | null {
  return OPERATIONS.has(name) ? (name as OperationName) : null;
}

function isPromiseAll(callee: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "all") return false;
  const object = skipWrappers(callee.expression);
  return ts.isIdentifier(object) && object.text === "Promise";
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

function findRole(context: Context, node: ts.FunctionLikeDeclaration): InnerFunctionRole {
  if (isBody(context, node)) return "body";
  for (let at: ts.Node = node.parent; !ts.isSourceFile(at); at = at.parent) {
    if (context.marks.get(at) === "use durable") break;
    if (isFunctionWithBody(at) && isBody(context, at)) return "body";
  }
  return isAsync(node) ? "durable" : "plain";
}

/** Handed to an operation, or marked "use step": a step runs it. */
function isBody(context: Context, node: ts.FunctionLikeDeclaration): boolean {
  if (context.marks.get(node) === "use step" || isOperationArgument(context, node)) return true;
  const holder = ts.isFunctionDeclaration(node) ? node : walkUpWrappers(node).parent;
  const name = ts.isFunctionDeclaration(holder) || ts.isVariableDeclaration(holder) ? holder.name : undefined;
  const binding = name && context.scopes.declared(name);
  if (!binding || binding.references.length === 0) return false;
  return binding.references.every((reference) => isOperationArgument(context, reference.node));
}

function isOperationArgument(context: Context, node: ts.Node): boolean {
  const outer = walkUpWrappers(node);
  const { parent } = outer;
  if (!ts.isCallExpression(parent) || !parent.arguments.some((argument) => argument === outer)) return false;
  const operation = operationOf(context, skipWrappers(parent.expression));
  return operation === "step" || operation === "waitForCallback" || operation === "waitForCondition";
}

function isInsideDurable({ marks }: Context, node: ts.Node): boolean {
  return ts.findAncestor(node.parent, (at) => marks.get(at) === "use durable") !== undefined;
}

function isAsync(node: ts.FunctionLikeDeclaration): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
}
