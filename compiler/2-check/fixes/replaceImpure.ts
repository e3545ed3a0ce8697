import { ts } from "ts-morph";
import { walkUpWrappers } from "../../1-read/wrappers.ts";
import type { DiagnosticEdit, DiagnosticFix } from "../../diagnostic.ts";
import type { OperationName } from "../../program.ts";
import { findImpureUse, type ImpureSearch } from "../findImpureUse.ts";
import { isInParameter } from "./findNode.ts";
import { toRuntimeName } from "./runtimeName.ts";

const REPLACEMENTS: Readonly<Record<string, OperationName>> = {
  "Date.now": "now",
  "new Date()": "now",
  "Date()": "now",
  "Math.random": "random",
  "crypto.randomUUID": "uuid",
  "uuid.v4": "uuid",
};

/**
 * `Date.now()` becomes `now()`. Only where the thing is called: an alias or a reference handed on would have to be
 * followed to all that uses it. Not in a default parameter, which runs before there is an execution to ask.
 */
export function replaceImpure(search: ImpureSearch, node: ts.Node): DiagnosticFix | null {
  const use = findImpureUse(search, node, node);
  const operation = use === null ? undefined : REPLACEMENTS[use.name];
  if (use === null || operation === undefined || isInParameter(node)) return null;
  const name = toRuntimeName(search.resolver.checker, node, operation);
  if (name === null) return null;
  const edit = toEdit(search.resolver.checker, node, { name: name.text, operation });
  if (edit === null) return null;
  return { title: `Use ${operation}() of the runtime`, edits: [...name.edits, edit], safe: true };
}

interface Replacement {
  readonly name: string;
  readonly operation: OperationName;
}

function toEdit(
  checker: ts.TypeChecker,
  node: ts.Node,
  { name, operation }: Replacement,
): DiagnosticEdit | null {
  if (ts.isNewExpression(node)) return toDateEdit(node, name);
  const { fileName } = node.getSourceFile();
  if (ts.isCallExpression(node))
    return { file: fileName, start: node.getStart(), end: node.end, text: `new Date(${name}()).toString()` };
  const call = walkUpWrappers(node).parent;
  if (!ts.isCallExpression(call) || call.expression !== walkUpWrappers(node) || call.arguments.length > 0)
    return null;
  if (operation === "uuid" && !acceptsString(checker, call)) return null;
  return { file: fileName, start: call.expression.getStart(), end: call.expression.end, text: name };
}

/** `new Date`, `new Day()`: made of the execution's time instead of nothing. */
function toDateEdit(node: ts.NewExpression, name: string): DiagnosticEdit {
  const hasParentheses = node.arguments !== undefined;
  const at = hasParentheses ? node.end - 1 : node.end;
  const text = hasParentheses ? `${name}()` : `(${name}())`;
  return { file: node.getSourceFile().fileName, start: at, end: at, text };
}

/** `crypto.randomUUID()` has a template type; where that is asked for, a string is refused. */
function acceptsString(checker: ts.TypeChecker, call: ts.CallExpression): boolean {
  const expected = checker.getContextualType(call);
  return expected === undefined || checker.isTypeAssignableTo(checker.getStringType(), expected);
}
