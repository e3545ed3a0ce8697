/**
 * The oracle that asks the type checker. What a call inside a durable function is:
 *
 * | callee | meaning |
 * |---|---|
 * | declared by `@durablec/runtime` under an operation's name | `operation` |
 * | the intrinsic `Promise.all` | `promiseAll` |
 * | a project function marked "use durable", or compiled before; an async function written inside durable code | `task` |
 * | any other function reached by names from module scope (`reserve`, `db.orders.find`) that returns a promise | `step` |
 * | a value: parameter, local, `let`, result of a call, member of such; an awaited call of type `any` | `dynamic` |
 * | everything else, and the language's own combinators (`Promise.race`, `.then`, `Array.fromAsync`) | `plain` |
 *
 * The line between `step` and `dynamic` is what emitted code needs: the body of a `step` is a function of the module,
 * so its callee must mean the same there; and a value may turn out to be a durable function, which only the run shows.
 */
import { ts } from "ts-morph";
import {
  RUNS_BODY,
  RUNTIME_PACKAGE,
  type CallMeaning,
  type InnerFunctionRole,
  type Oracle,
} from "../program.ts";
import { findConstEnumUses } from "./constEnums.ts";
import { createCompiledFunctions, type CompiledFunctions } from "./compiledFunctions.ts";
import { toCalleeName } from "./calleeName.ts";
import { toImportedName } from "./importedName.ts";
import type { Resolver } from "./resolver.ts";
import { toPromiseKind } from "./promiseKind.ts";
import { isServiceOption } from "./services.ts";
import { skipWrappers, walkUpWrappers } from "./wrappers.ts";

const PLAIN: CallMeaning = { kind: "plain" };

export function createTypedOracle(resolver: Resolver, options: ts.CompilerOptions): Oracle {
  const compiled = createCompiledFunctions();
  const roles = new Map<ts.Node, InnerFunctionRole>();
  // Every check asks for every call, and each answer takes the type checker several questions.
  const meanings = new Map<ts.Node, CallMeaning>();
  const role = (node: ts.FunctionLikeDeclaration): InnerFunctionRole => {
    const known = roles.get(node);
    if (known !== undefined) return known;
    const found = findRole(resolver, node);
    roles.set(node, found);
    return found;
  };
  return {
    role,
    call(node) {
      const known = meanings.get(node);
      if (known !== undefined) return known;
      const found = isCompiledBefore(resolver, compiled, node)
        ? ({ kind: "task" } as const)
        : findMeaning(resolver, node, role);
      meanings.set(node, found);
      return found;
    },
    typeText: (node) => toTypeText(resolver.checker, node),
    valueName: (node) => findValueName(resolver, node),
    isTypeExport: (node) => isTypeExport(resolver.checker, node),
    constantUses: (file) => findConstEnumUses(file, resolver.checker, options),
  };
}

/** A project's function is known by the file that declares it, whatever it came through; others as they are imported. */
function findValueName(resolver: Resolver, node: ts.Identifier | ts.PropertyAccessExpression): string | null {
  const { checker } = resolver;
  const type = checker.getTypeAtLocation(node);
  const isCallable = (type.flags & ts.TypeFlags.Any) !== 0 || type.getCallSignatures().length > 0;
  if (!isCallable && !isServiceOption(node)) return null;
  const symbol = resolver.symbolOf(node);
  const declaration = symbol?.valueDeclaration;
  if (symbol === null || declaration === undefined) return null;
  const file = declaration.getSourceFile();
  if (resolver.isProjectFile(file)) return `${resolver.pathOf(file)}#${symbol.name}`;
  const root = ts.isIdentifier(node) ? node : node.expression;
  const imported = checker.getSymbolAtLocation(root)?.declarations?.[0];
  if (imported === undefined) return null;
  return toImportedName(imported, { node, path: resolver.pathOf(node.getSourceFile()) });
}

function isTypeExport(checker: ts.TypeChecker, node: ts.ExportSpecifier): boolean {
  const exported = checker.getExportSpecifierLocalTargetSymbol(node);
  if (exported === undefined) return false;
  const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  return (target.flags & ts.SymbolFlags.Value) === 0 && (target.flags & ts.SymbolFlags.Type) !== 0;
}

function isCompiledBefore(
  resolver: Resolver,
  compiled: CompiledFunctions,
  { expression }: ts.CallExpression,
): boolean {
  const declaration = resolver.valueOf(skipWrappers(expression))?.declarations?.[0];
  return declaration !== undefined && compiled.has(declaration);
}

type RoleOf = (node: ts.FunctionLikeDeclaration) => InnerFunctionRole;

function findMeaning(resolver: Resolver, node: ts.CallExpression, role: RoleOf): CallMeaning {
  const callee = skipWrappers(node.expression);
  if (callee.kind === ts.SyntaxKind.SuperKeyword || callee.kind === ts.SyntaxKind.ImportKeyword) return PLAIN;
  const operation = resolver.operationOf(callee);
  if (operation !== null) return { kind: "operation", operation };
  if (isPromiseAll(resolver, callee)) return { kind: "promiseAll" };
  const known = resolver.functionOf(callee);
  const mark = known === null ? null : resolver.markOf(known);
  // A generator function gives its object at once; nothing runs until that is asked.
  if (known?.asteriskToken && mark === "use durable") return PLAIN;
  if (known !== null && mark === "use durable") {
    return isReplaceable(resolver, callee, known)
      ? { kind: "task", open: toCalleeName(callee) }
      : { kind: "task" };
  }
  const isLocal = known !== null && isInsideDurable(resolver, known);
  if (isLocal && role(known) === "durable") return known.asteriskToken ? PLAIN : { kind: "task" };
  if (!startsWork(resolver, node) || isCombinator(resolver, callee)) return PLAIN;
  // An operation asked for in place belongs to the task that runs; inside a step's body it would be refused.
  if (isLocal && role(known) === "plain" && callsOperation(resolver, known)) return PLAIN;
  const name = toCalleeName(callee);
  if (!isLocal && isKnown(resolver, callee) && isModulePath(resolver, callee))
    return { kind: "step", name, optioned: mark === "use step" };
  return { kind: "dynamic", name };
}

/** A member of a class that a subclass or an instance can have another of: not a private one, nor `Orders.load`. */
function isReplaceable(
  resolver: Resolver,
  callee: ts.Expression,
  known: ts.FunctionLikeDeclaration,
): boolean {
  const member = ts.isMethodDeclaration(known) ? known : walkUpWrappers(known).parent;
  if (!ts.isMethodDeclaration(member) && !ts.isPropertyDeclaration(member)) return false;
  if (!ts.isClassLike(member.parent) || ts.isPrivateIdentifier(member.name)) return false;
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return false;
  if (callee.expression.kind === ts.SyntaxKind.SuperKeyword) return false;
  return resolver.symbolOf(callee.expression)?.valueDeclaration !== member.parent;
}

/** Whether the call gives a promise that has to be recorded. */
function startsWork(resolver: Resolver, node: ts.CallExpression): boolean {
  const outer = walkUpWrappers(node);
  const isAwaited = ts.isAwaitExpression(outer.parent);
  const kind = toPromiseKind(resolver.checker, resolver.checker.getTypeAtLocation(node));
  switch (kind) {
    case "none":
      return false;
    case "promise":
      return isAwaited || !isBuilderLink(outer);
    // A query builder is a thenable that is passed around while it is built: `db("orders").where(...)`. Only the
    // await starts its work, and only there it is a step.
    case "thenable":
    case "unknown":
      return isAwaited;
  }
}

/** `execa("x").stdout`: a promise that is used for its own members, not for its value. */
function isBuilderLink(outer: ts.Node): boolean {
  const { parent } = outer;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== outer) return false;
  return !["then", "catch", "finally"].includes(parent.name.text);
}

/** The language's own functions that give a promise combine promises given to them; they do no work of their own. */
function isCombinator(resolver: Resolver, callee: ts.Expression): boolean {
  const symbol = resolver.valueOf(callee);
  const origin = symbol === null ? null : resolver.originOf(symbol);
  // `ctx.promise.all` is the same in the context form.
  if (origin?.module === RUNTIME_PACKAGE) return origin.member.startsWith("ContextPromises.");
  if (origin?.module !== "language") return false;
  // `reserve.call(null, order)` gives back what the project's function gives.
  return !/^(?:CallableFunction|Function|Reflect)\./.test(origin.member);
}

function isPromiseAll(resolver: Resolver, callee: ts.Expression): boolean {
  const symbol = resolver.valueOf(callee);
  const origin = symbol === null ? null : resolver.originOf(symbol);
  if (origin?.module !== "language" || origin.member !== "PromiseConstructor.all") return false;
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return false;
  // A subclass inherits `all` and makes promises of its own class with it.
  const receiver = resolver.valueOf(callee.expression);
  return receiver !== null && resolver.originOf(receiver)?.member === "Promise";
}

/** False for a function that is only a value of the project's: which one it is shows at run time. */
function isKnown(resolver: Resolver, callee: ts.Expression): boolean {
  if (resolver.functionOf(callee) !== null) return true;
  const symbol = resolver.valueOf(callee);
  if (symbol === null) return false;
  const isMethod = (symbol.flags & (ts.SymbolFlags.Method | ts.SymbolFlags.Function)) !== 0;
  return isMethod || resolver.originOf(symbol) !== null;
}

/** A chain of names that starts at a global, an import or a declaration at the top of a module. */
function isModulePath(resolver: Resolver, callee: ts.Expression): boolean {
  const inner = skipWrappers(callee);
  if (ts.isPropertyAccessExpression(inner)) return isModulePath(resolver, inner.expression);
  if (ts.isElementAccessExpression(inner))
    return ts.isStringLiteralLike(inner.argumentExpression) && isModulePath(resolver, inner.expression);
  if (!ts.isIdentifier(inner)) return false;
  const declaration = resolver.checker.getSymbolAtLocation(inner)?.declarations?.[0];
  return declaration === undefined || ts.findAncestor(declaration.parent, ts.isFunctionLike) === undefined;
}

function callsOperation(resolver: Resolver, node: ts.Node): boolean {
  const found = ts.forEachChild(node, (child): true | undefined => {
    if (ts.isCallExpression(child)) {
      if (resolver.operationOf(child.expression) !== null) return true;
      const known = resolver.functionOf(child.expression);
      if (known !== null && resolver.markOf(known) === "use durable") return true;
    }
    return callsOperation(resolver, child) ? true : undefined;
  });
  return found === true;
}

function findRole(resolver: Resolver, node: ts.FunctionLikeDeclaration): InnerFunctionRole {
  if (isBody(resolver, node)) return "body";
  for (let at: ts.Node = node.parent; !ts.isSourceFile(at); at = at.parent) {
    if (!isFunctionWithBody(at)) continue;
    if (resolver.markOf(at) === "use durable") break;
    if (isBody(resolver, at)) return "body";
  }
  return isAsync(node) ? "durable" : "plain";
}

/** True for code that a step runs: handed to an operation, or marked "use step". */
function isBody(resolver: Resolver, node: ts.FunctionLikeDeclaration): boolean {
  if (resolver.markOf(node) === "use step") return true;
  return isOperationArgument(resolver, node) || isOnlyPassedToOperations(resolver, node);
}

function isOperationArgument(resolver: Resolver, node: ts.Node): boolean {
  const outer = walkUpWrappers(node);
  const { parent } = outer;
  if (!ts.isCallExpression(parent) || !parent.arguments.some((argument) => argument === outer)) return false;
  const operation = resolver.operationOf(parent.expression);
  return operation !== null && RUNS_BODY.has(operation);
}

/** `const ask = async () => {...}; await step("ask", ask)`: a body with a name, if it is used for nothing else. */
function isOnlyPassedToOperations(resolver: Resolver, node: ts.FunctionLikeDeclaration): boolean {
  const name = toLocalName(node);
  const scope = name === null ? undefined : ts.findAncestor(node.parent, isFunctionWithBody);
  const symbol = name === null ? undefined : resolver.checker.getSymbolAtLocation(name);
  if (name === null || scope === undefined || symbol === undefined) return false;
  const uses = findUses(resolver.checker, { scope, symbol, name });
  return uses.length > 0 && uses.every((use) => isOperationArgument(resolver, use));
}

function toLocalName(node: ts.FunctionLikeDeclaration): ts.Identifier | null {
  if (ts.isFunctionDeclaration(node)) return node.name ?? null;
  const { parent } = walkUpWrappers(node);
  return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name : null;
}

function findUses(
  checker: ts.TypeChecker,
  of: { readonly scope: ts.Node; readonly symbol: ts.Symbol; readonly name: ts.Identifier },
): ts.Node[] {
  const uses: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node !== of.name && node.text === of.name.text) {
      const symbol = ts.isShorthandPropertyAssignment(node.parent)
        ? checker.getShorthandAssignmentValueSymbol(node.parent)
        : checker.getSymbolAtLocation(node);
      if (symbol === of.symbol) uses.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(of.scope);
  return uses;
}

function isInsideDurable(resolver: Resolver, node: ts.FunctionLikeDeclaration): boolean {
  return ts.findAncestor(node.parent, (at) => resolver.markOf(at) === "use durable") !== undefined;
}

function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

function isAsync(node: ts.FunctionLikeDeclaration): boolean {
  if (!ts.canHaveModifiers(node)) return false;
  return (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
}

function toTypeText(checker: ts.TypeChecker, node: ts.Node): string {
  const type = checker.getTypeAtLocation(node);
  return checker.typeToString(type, node, ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope);
}
