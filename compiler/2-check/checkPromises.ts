/**
 * Finds durable work that nobody waits for, and work that would not be recorded because of where its callback goes.
 *
 *     wait("1h");                                  // DC210 the promise is dropped
 *     void audit(order);                           // DC211 dropped on purpose
 *     await Promise.all(ids.map(reserve));         // DC212 the steps are started where nothing records them
 *     ids.forEach(async (id) => { ... });          // DC213 forEach does not wait
 *     await retry(async () => charge(order));      // DC214 a durable function inside a step
 *
 * What a call starts is the oracle's to say. A promise that is stored, passed on or returned is taken to be awaited by
 * whoever has it then: following it further would guess.
 */
import { ts } from "ts-morph";
import { toCalleeName } from "../1-read/calleeName.ts";
import { toPromiseKind } from "../1-read/promiseKind.ts";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import { SYNC_OPERATIONS, type CallMeaning, type DurableProgram, type Oracle } from "../program.ts";
import { isAsync, walkDurableCode } from "./durableCode.ts";
import { findDrop, hasNoUse } from "./findDrop.ts";

export function checkPromises(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  return program.modules.flatMap(({ functions, oracle }) =>
    functions.flatMap(({ node }) => checkFunction({ resolver, oracle, region: node })),
  );
}

interface Context {
  readonly resolver: Resolver;
  readonly oracle: Oracle;
  readonly region: ts.Node;
}

function checkFunction(context: Context): Diagnostic[] {
  const found: Diagnostic[] = [];
  walkDurableCode(context.region, context.oracle, (node) => {
    if (!ts.isCallExpression(node)) return undefined;
    const meaning = context.oracle.call(node);
    found.push(...checkDropped(context, node, meaning), ...checkCallbacks(context, node, meaning));
    return undefined;
  });
  return found;
}

function checkDropped(context: Context, node: ts.CallExpression, meaning: CallMeaning): Diagnostic[] {
  const what = toStarted(node, meaning);
  if (what === null) return [];
  const drop = findDrop(context.resolver.checker, node, context.region);
  if (drop === null) return [];
  return [report(drop === "mistake" ? "DC210" : "DC211", node, { what })];
}

/** What a call starts, in words, or null if it starts nothing that has to be awaited. */
function toStarted(node: ts.CallExpression, meaning: CallMeaning): string | null {
  switch (meaning.kind) {
    case "operation":
      return SYNC_OPERATIONS.has(meaning.operation) ? null : `this ${meaning.operation}`;
    case "task":
      return `durable function '${toCalleeName(node.expression)}'`;
    case "step":
    case "dynamic":
      return `'${meaning.name}'`;
    case "promiseAll":
      return "this Promise.all";
    case "plain":
      return null;
  }
}

function checkCallbacks(context: Context, node: ts.CallExpression, meaning: CallMeaning): Diagnostic[] {
  switch (meaning.kind) {
    case "step":
    case "dynamic":
      return checkStepArguments(context, node);
    case "plain":
      return node.arguments.flatMap((argument) => [
        ...checkHandedOver(context, node, argument),
        ...checkIgnored(context, node, argument),
      ]);
    case "operation":
    case "task":
    case "promiseAll":
      return [];
  }
}

/** An implicit step runs to its end; what it is given cannot be suspended inside it. */
function checkStepArguments({ oracle, resolver }: Context, node: ts.CallExpression): Diagnostic[] {
  return node.arguments.flatMap((argument) => {
    const fn = resolver.functionOf(argument);
    if (fn === null || !isAsync(fn)) return [];
    const isDurable = resolver.markOf(fn) === "use durable" || isWrittenHere(fn, argument, oracle);
    return isDurable ? [report("DC214", argument, { callee: toCalleeName(node.expression) })] : [];
  });
}

/** An async function of this durable function, in place or by its name. */
function isWrittenHere(fn: ts.FunctionLikeDeclaration, argument: ts.Expression, oracle: Oracle): boolean {
  if (skipWrappers(argument) === fn) return oracle.role(fn) === "durable";
  const outer = ts.findAncestor(argument, ts.isFunctionLike);
  return outer !== undefined && isInside(fn, outer) && oracle.role(fn) === "durable";
}

/** `ids.map(reserve)`: the language calls `reserve` as written, where no step records it. */
function checkHandedOver(context: Context, node: ts.CallExpression, argument: ts.Expression): Diagnostic[] {
  const { resolver, oracle } = context;
  const inner = skipWrappers(argument);
  if (!ts.isIdentifier(inner) && !ts.isPropertyAccessExpression(inner)) return [];
  const callee = resolver.valueOf(node.expression);
  if (callee === null || resolver.originOf(callee)?.module !== "language") return [];
  const symbol = resolver.valueOf(inner);
  const isOwn =
    symbol === null ||
    resolver.operationOf(inner) !== null ||
    resolver.originOf(symbol)?.module === "language";
  const fn = resolver.functionOf(inner);
  const isDurable =
    fn !== null &&
    (resolver.markOf(fn) === "use durable" ||
      (isInside(fn, context.region) && oracle.role(fn) === "durable"));
  if (isOwn || isDurable || !givesPromise(resolver, inner)) return [];
  const name = toCalleeName(inner);
  return [
    report("DC212", inner, { what: `'${name}'`, how: `is called by '${toCalleeName(node.expression)}'` }),
  ];
}

function givesPromise({ checker }: Resolver, fn: ts.Expression): boolean {
  const [signature] = checker.getTypeAtLocation(fn).getCallSignatures();
  return (
    signature !== undefined &&
    toPromiseKind(checker, checker.getReturnTypeOfSignature(signature)) === "promise"
  );
}

/** `ids.forEach(async (id) => ...)`: a callback whose result the callee has no use for. */
function checkIgnored(
  { resolver, oracle }: Context,
  node: ts.CallExpression,
  argument: ts.Expression,
): Diagnostic[] {
  const fn = skipWrappers(argument);
  if ((!ts.isArrowFunction(fn) && !ts.isFunctionExpression(fn)) || !isAsync(fn)) return [];
  if (oracle.role(fn) !== "durable" || !startsWork(fn, oracle)) return [];
  const isIgnored = hasNoUse(resolver.checker, fn);
  return isIgnored ? [report("DC213", fn, { callee: toCalleeName(node.expression) })] : [];
}

/** True if the function awaits or starts anything: one that does not ends before its caller could wait. */
function startsWork(fn: ts.FunctionLikeDeclaration, oracle: Oracle): boolean {
  let found = false;
  walkDurableCode(fn, oracle, (node) => {
    found ||=
      ts.isAwaitExpression(node) ||
      (ts.isCallExpression(node) && toStarted(node, oracle.call(node)) !== null);
    return !found;
  });
  return found;
}

function isInside(node: ts.Node, outer: ts.Node): boolean {
  return node.getSourceFile() === outer.getSourceFile() && node.pos >= outer.pos && node.end <= outer.end;
}
