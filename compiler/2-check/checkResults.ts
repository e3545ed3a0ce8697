/**
 * Checks that what steps, callbacks and child tasks answer can be recorded.
 *
 *     const response = await fetch(url);     // DC302 The result of 'fetch' cannot be recorded: it is a Response, ...
 */
import { ts } from "ts-morph";
import { toCalleeName } from "../1-read/calleeName.ts";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { CallMeaning, DurableFunction, DurableProgram, OperationName } from "../program.ts";
import { walkDurableCode } from "./durableCode.ts";
import { findUnstorable } from "./storability.ts";
import { reportUnstorable } from "./reportUnstorable.ts";

export function checkResults(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  const found: Diagnostic[] = [];
  for (const { functions, oracle } of program.modules) {
    for (const durable of functions) {
      found.push(...checkOwn(resolver, durable));
      walkDurableCode(durable.node, oracle, (node) => {
        if (ts.isCallExpression(node)) found.push(...checkCall(resolver, node, oracle.call(node)));
        return undefined;
      });
    }
  }
  return found;
}

/** What a durable function answers is recorded when it ends, whoever started it. */
function checkOwn({ checker, ...rest }: Resolver, { name, node }: DurableFunction): Diagnostic[] {
  const signature = checker.getSignatureFromDeclaration(node);
  // A generator's values go one by one to whom it serves.
  if (signature === undefined || node.asteriskToken !== undefined) return [];
  const type = checker.getAwaitedType(checker.getReturnTypeOfSignature(signature));
  const problem = type === undefined ? null : findUnstorable({ checker, ...rest }, { type, isGiven: false });
  if (problem === null || problem.kind === "doubtful") return [];
  return [
    reportUnstorable(problem, { kind: "result", name: `'${name}'`, at: node.type ?? node.name ?? node }),
  ];
}

function checkCall(resolver: Resolver, node: ts.CallExpression, meaning: CallMeaning): Diagnostic[] {
  const subject = toSubject(resolver, node, meaning);
  if (subject === null) return [];
  const type = resolver.checker.getAwaitedType(resolver.checker.getTypeAtLocation(node));
  if (type === undefined) return [];
  // What durable code made is its own, its functions and promises too.
  const isOwn =
    meaning.kind === "task" || (meaning.kind === "operation" && OWN_RESULTS.has(meaning.operation));
  for (const part of toPayloads(resolver, type, meaning)) {
    const problem = findUnstorable(resolver, { type: part, isGiven: !isOwn });
    if (problem !== null) return [reportUnstorable(problem, { kind: "result", name: subject, at: node })];
  }
  return [];
}

/** Operations whose functions are durable code. */
const OWN_RESULTS: ReadonlySet<OperationName> = new Set<OperationName>([
  "runInChildContext",
  "parallel",
  "map",
  "withRetry",
]);

const RECORDED: ReadonlySet<OperationName> = new Set<OperationName>([
  ...OWN_RESULTS,
  "step",
  "transaction",
  "createCallback",
  "waitForCallback",
  "waitForCondition",
]);

/** What is recorded of an answer: the items of a batch, and what the promise of a callback gives. */
function toPayloads({ checker }: Resolver, type: ts.Type, meaning: CallMeaning): readonly ts.Type[] {
  const operation = meaning.kind === "operation" ? meaning.operation : null;
  const parts = (): readonly ts.Type[] =>
    type.aliasTypeArguments ??
    ((type as ts.TypeReference).target === undefined
      ? []
      : checker.getTypeArguments(type as ts.TypeReference));
  if (operation === "map" || operation === "parallel") return parts();
  if (operation !== "createCallback") return [type];
  const payload = parts()[0];
  const awaited = payload === undefined ? undefined : checker.getAwaitedType(payload);
  return awaited === undefined ? [] : [awaited];
}

function toSubject(resolver: Resolver, node: ts.CallExpression, meaning: CallMeaning): string | null {
  switch (meaning.kind) {
    case "step":
    case "dynamic":
      return `'${meaning.name}'`;
    case "task": {
      const fn = resolver.functionOf(node.expression);
      // One that is marked is judged where it stands.
      const isMarked = fn !== null && resolver.markOf(fn) === "use durable";
      return isMarked ? null : `'${toCalleeName(node.expression)}'`;
    }
    case "operation": {
      if (!RECORDED.has(meaning.operation)) return null;
      const [name] = node.arguments;
      return name !== undefined && ts.isStringLiteralLike(name)
        ? `'${name.text}'`
        : `this ${meaning.operation}`;
    }
    case "promiseAll":
    case "plain":
      return null;
  }
}
