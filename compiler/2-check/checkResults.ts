/**
 * Checks that what steps, callbacks and child tasks answer can be recorded.
 *
 *     const response = await fetch(url);     // DC302 The result of 'fetch' cannot be recorded: it is a Response, ...
 */
import { ts } from "ts-morph";
import { toCalleeName } from "../1-read/calleeName.ts";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { CallMeaning, DurableProgram } from "../program.ts";
import { walkDurableCode } from "./durableCode.ts";
import { findUnstorable } from "./storability.ts";
import { reportUnstorable } from "./reportUnstorable.ts";

export function checkResults(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  const found: Diagnostic[] = [];
  for (const { functions, oracle } of program.modules) {
    for (const { node: durable } of functions) {
      walkDurableCode(durable, oracle, (node) => {
        if (ts.isCallExpression(node)) found.push(...checkCall(resolver, node, oracle.call(node)));
        return undefined;
      });
    }
  }
  return found;
}

function checkCall(resolver: Resolver, node: ts.CallExpression, meaning: CallMeaning): Diagnostic[] {
  const subject = toSubject(node, meaning);
  if (subject === null) return [];
  const type = resolver.checker.getAwaitedType(resolver.checker.getTypeAtLocation(node));
  if (type === undefined) return [];
  // What a child task made is durable code's own, its functions and promises too.
  const problem = findUnstorable(resolver, { type, isGiven: meaning.kind !== "task" });
  return problem === null ? [] : [reportUnstorable(problem, { kind: "result", name: subject, at: node })];
}

function toSubject(node: ts.CallExpression, meaning: CallMeaning): string | null {
  switch (meaning.kind) {
    case "step":
    case "dynamic":
      return `'${meaning.name}'`;
    case "task":
      return `'${toCalleeName(node.expression)}'`;
    case "operation": {
      if (meaning.operation !== "step" && meaning.operation !== "waitForCallback") return null;
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
