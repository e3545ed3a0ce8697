/**
 * Rules about the shape of durable code:
 *
 *     await Promise.race([step(...), new Promise(...)]);     // DC219 who wins is not recorded for the second
 *     client.anything();                                     // DC220 `client` is `any`: nobody knows what it does
 *     await step("a", f); await step("a", g);                // DC221 two steps of one name
 *     for (;;) { seen.push(await next()); }                  // DC222 the state grows for ever
 *     return 1; await step("unlock", f);                     // DC225 never runs
 */
import { ts } from "ts-morph";
import { toCalleeName } from "../1-read/calleeName.ts";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { note, report } from "../diagnostics/report.ts";
import type { DurableProgram, Oracle } from "../program.ts";
import { walkDurableCode } from "./durableCode.ts";
import { findGrowth } from "./findGrowth.ts";
import { findUnreachable } from "./findUnreachable.ts";

export function checkFlow(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  const found: Diagnostic[] = [];
  for (const { functions, oracle } of program.modules)
    for (const { node: region } of functions) {
      const steps: NamedStep[] = [];
      walkDurableCode(region, oracle, (node) => {
        if (ts.isCallExpression(node)) {
          found.push(...checkRace(resolver, node), ...checkUnresolved(resolver, oracle, node));
          steps.push(...toNamedStep(resolver, node));
        }
        found.push(...checkReached(oracle, node));
        for (const at of findGrowth(resolver, node)) found.push(report("DC222", at, { variable: at.text }));
        return undefined;
      });
      found.push(...findSameNames(steps));
    }
  return found;
}

function checkRace(resolver: Resolver, node: ts.CallExpression): Diagnostic[] {
  const symbol = resolver.valueOf(node.expression);
  const origin = symbol === null ? null : resolver.originOf(symbol);
  const combinator = /^PromiseConstructor\.(race|any)$/.exec(origin?.member ?? "")?.[1];
  const [list] = node.arguments;
  const values = list === undefined ? list : skipWrappers(list);
  if (origin?.module !== "language" || combinator === undefined) return [];
  if (values === undefined || !ts.isArrayLiteralExpression(values)) return [];
  return values.elements
    .filter((value) => isForeign(resolver, skipWrappers(value)))
    .map((value) => report("DC219", value, { combinator }));
}

/** A promise that durable code did not start: one made by hand, or given to it. */
function isForeign(resolver: Resolver, value: ts.Expression): boolean {
  if (ts.isNewExpression(value)) return resolver.valueOf(value.expression)?.name === "Promise";
  const declaration = resolver.symbolOf(value)?.valueDeclaration;
  if (declaration === undefined) return false;
  const { checker } = resolver;
  if (checker.getTypeAtLocation(value).symbol?.name !== "Promise") return false;
  if (ts.isParameter(declaration) || ts.isPropertySignature(declaration)) return true;
  const made = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  return made !== undefined && ts.isNewExpression(skipWrappers(made));
}

/** A call of `any`. One that is awaited is recorded whatever it does. */
function checkUnresolved(resolver: Resolver, oracle: Oracle, node: ts.CallExpression): Diagnostic[] {
  if (oracle.call(node).kind !== "plain") return [];
  const callee = skipWrappers(node.expression);
  if (callee.kind === ts.SyntaxKind.ImportKeyword || callee.kind === ts.SyntaxKind.SuperKeyword) return [];
  // With its wrappers: a cast is a type given by hand, and taken at its word.
  if ((resolver.checker.getTypeAtLocation(node.expression).flags & ts.TypeFlags.Any) === 0) return [];
  const symbol = resolver.valueOf(callee);
  if (symbol !== null && resolver.originOf(symbol) !== null) return [];
  const text = callee.getText().replaceAll(/\s+/g, " ");
  return [report("DC220", callee, { callee: text.length > 40 ? `${text.slice(0, 37)}...` : text })];
}

function checkReached(oracle: Oracle, node: ts.Node): Diagnostic[] {
  const unreachable = findUnreachable(node, oracle);
  if (unreachable === null) return [];
  const { call, exit } = unreachable;
  return [report("DC225", call, { what: `'${toCalleeName(call.expression)}'`, exit })];
}

interface NamedStep {
  readonly name: string;
  readonly at: ts.Node;
}

function toNamedStep(resolver: Resolver, node: ts.CallExpression): NamedStep[] {
  const operation = resolver.operationOf(node.expression);
  const [name] = node.arguments;
  const isNamed = operation === "step" || operation === "transaction" || operation === "waitForCallback";
  return isNamed && name !== undefined && ts.isStringLiteralLike(name) ? [{ name: name.text, at: name }] : [];
}

function findSameNames(steps: readonly NamedStep[]): Diagnostic[] {
  return steps.flatMap(({ name, at }, index) => {
    const before = steps.slice(0, index).find((other) => other.name === name && !isEither(other.at, at));
    if (before === undefined) return [];
    return [report("DC221", at, { name, notes: [note(`The other '${name}' is here.`, before.at)] })];
  });
}

/** True for two branches of which at most one runs: they may well be the same step, reached in two ways. */
function isEither(a: ts.Node, b: ts.Node): boolean {
  const common = ts.findAncestor(a, (at) => at.pos <= b.pos && b.end <= at.end);
  if (common === undefined) return false;
  if (ts.isIfStatement(common)) return !isIn(common.expression, a) && !isIn(common.expression, b);
  if (ts.isConditionalExpression(common)) return !isIn(common.condition, a) && !isIn(common.condition, b);
  return ts.isCaseBlock(common) || ts.isTryStatement(common);
}

function isIn(outer: ts.Node, node: ts.Node): boolean {
  return outer.pos <= node.pos && node.end <= outer.end;
}
