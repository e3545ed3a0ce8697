/**
 * Reports what a step's body must not do. It runs again when it fails, and is not run at all once it is recorded, so
 * that what it changes around itself is done twice, or never (DC209). And it is ordinary code, in which no operation has
 * an execution to belong to (DC215).
 *
 *     let total = 0;
 *     await step("sum", async () => { total += await load(id); });   // DC209 after a restart, total is 0
 *     await step("late", async () => { await wait("1h"); });         // DC215
 */
import { ts } from "ts-morph";
import { isReference } from "../1-read/references.ts";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { note, report } from "../diagnostics/report.ts";
import { RUNS_BODY, type DurableProgram, type Oracle } from "../program.ts";
import { isInside, isTypeOnly, walkDurableCode, walkStepBodies } from "./durableCode.ts";
import { findMutation } from "./findMutation.ts";
import { findOperationInside } from "./findOperationInside.ts";

export function checkStepBodies(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  return program.modules.flatMap(({ functions, oracle }) =>
    functions.flatMap(({ node: region }) => {
      const found: Diagnostic[] = [];
      walkStepBodies(region, oracle, (body) => found.push(...checkBody(resolver, body, region)));
      return [...found, ...checkNamedBodies(resolver, oracle, region)];
    }),
  );
}

function checkBody(resolver: Resolver, body: ts.FunctionLikeDeclaration, region: ts.Node): Diagnostic[] {
  const found: Diagnostic[] = [];
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    if (ts.isIdentifier(node) && isReference(node) && isCaptured(resolver, node, { body, region })) {
      const mutation = findMutation(resolver, node);
      if (mutation !== null) found.push(report("DC209", node, { variable: node.text }));
    }
    const operation = ts.isCallExpression(node) ? resolver.operationOf(node.expression) : null;
    if (operation !== null && ts.isCallExpression(node))
      found.push(report("DC215", node.expression, { operation, where: "is called" }));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(body, visit);
  return found;
}

/** A variable of the durable function around the body. What is at the top of a module is not part of any state. */
function isCaptured(
  resolver: Resolver,
  node: ts.Identifier,
  { body, region }: { readonly body: ts.Node; readonly region: ts.Node },
): boolean {
  const declaration = resolver.symbolOf(node)?.valueDeclaration;
  return declaration !== undefined && isInside(declaration, region) && !isInside(declaration, body);
}

/** `step("x", helper)`: a body that stands elsewhere. */
function checkNamedBodies(resolver: Resolver, oracle: Oracle, region: ts.Node): Diagnostic[] {
  const found: Diagnostic[] = [];
  walkDurableCode(region, oracle, (node) => {
    if (!ts.isCallExpression(node) || !RUNS_BODY.has(resolver.operationOf(node.expression) ?? ""))
      return undefined;
    for (const argument of node.arguments) {
      const fn = resolver.functionOf(argument);
      if (fn === null || skipWrappers(argument) === fn || isInside(fn, region)) continue;
      const inside = findOperationInside(resolver, fn);
      if (inside === null) continue;
      const notes = [note(`'${inside.operation}' is called here.`, inside.node)];
      const where = `is called by '${argument.getText()}'`;
      found.push(report("DC215", argument, { operation: inside.operation, where, notes }));
    }
    return undefined;
  });
  return found;
}
