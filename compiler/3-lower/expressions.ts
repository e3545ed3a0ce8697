/**
 * Lowers expressions that hold an await. `lowerValue` emits everything up to the last await inside and gives back code
 * for the rest, to be put where the value is used; nothing may be evaluated in between:
 *
 *     f(a, await b, c)      $1 = f; $2 = a; park on b; $3 = <settled>      and gives back  $1($2, $3, c)
 */
import { ts } from "ts-morph";
import type { BlockId, Code, Variable } from "../ir.ts";
import { isAssignmentOperator } from "../1-read/references.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { invariant } from "../invariant.ts";
import { isLogicalAssignment, lowerAssignment } from "./assignments.ts";
import { callCode, isAwaited } from "./calls.ts";
import { canLift, lowerClassValue } from "./classes.ts";
import { code, read } from "./code.ts";
import { findAsking } from "./deadZones.ts";
import { emit, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { jsxOperands } from "./jsx.ts";
import { lowerCall } from "./lowerCall.ts";
import { assign, numberOf, temporary, type MachineLowering } from "./lowering.ts";
import { lowerOperands, type Operand } from "./operands.ts";
import { lowerChain } from "./optionalChains.ts";
import { variableOf } from "./statements.ts";
import { lowerTagged } from "./taggedTemplates.ts";
import { insideToCode, toCode } from "./toCode.ts";
import { notYet } from "./unit.ts";
import { lowerYield } from "./yields.ts";

export function lowerValue(c: MachineLowering, node: ts.Expression): Code {
  if (!c.unit.awaits.has(node)) return toCode(c, node);
  if (ts.isAwaitExpression(node)) {
    const result = temporary(c, node);
    park(c, node, result);
    return [read(result, node.getStart())];
  }
  if (ts.isYieldExpression(node)) return [read(lowerYield(c, node), node.getStart())];
  if (ts.isBinaryExpression(node)) return lowerBinary(c, node);
  if (ts.isConditionalExpression(node)) return lowerConditional(c, node);
  if (ts.isOptionalChain(node)) return lowerChain(c, node);
  if (ts.isCallExpression(node)) return lowerCall(c, node);
  if (ts.isDeleteExpression(node)) return lowerDelete(c, node);
  if (ts.isTaggedTemplateExpression(node)) return lowerTagged(c, node);
  if (ts.isClassExpression(node) && canLift(c, node)) return lowerClassValue(c, node);
  const operands = operandsOf(node) ?? jsxOperands(c, node);
  if (operands === null) return refuse(c, node);
  return insideToCode(c, node, lowerOperands(c, operands));
}

/** The parts of an expression that are simply evaluated in order, before the expression itself does anything. */
function operandsOf(node: ts.Expression): readonly Operand[] | null {
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node))
    return referenceOperands(node.operand);
  if (ts.isTypeOfExpression(node) || ts.isVoidExpression(node)) return [{ node: node.expression }];
  if (skipWrappers(node) !== node) return [{ node: (node as ts.ParenthesizedExpression).expression }];
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
    return referenceOperands(node);
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.map(({ expression }) => ({ node: expression, as: "string" }));
  }
  if (ts.isArrayLiteralExpression(node))
    return node.elements.filter((element) => !ts.isOmittedExpression(element)).map(toElement);
  if (ts.isNewExpression(node)) return [{ node: node.expression }, ...(node.arguments ?? []).map(toElement)];
  if (ts.isObjectLiteralExpression(node)) return node.properties.flatMap(propertyOperands);
  return null;
}

export function toElement(node: ts.Expression): Operand {
  return ts.isSpreadElement(node) ? { node: node.expression, as: "spread" } : { node };
}

/** What is evaluated to reach a reference: nothing for a variable, object and key for a member. */
export function referenceOperands(node: ts.Expression): readonly Operand[] {
  const inner = skipWrappers(node);
  if (ts.isPropertyAccessExpression(inner)) return [{ node: inner.expression }];
  if (ts.isElementAccessExpression(inner))
    return [{ node: inner.expression }, { node: inner.argumentExpression }];
  return [{ node }];
}

function propertyOperands(property: ts.ObjectLiteralElementLike): readonly Operand[] {
  const { name } = property;
  const key: readonly Operand[] =
    name && ts.isComputedPropertyName(name) ? [{ node: name.expression, as: "key" }] : [];
  if (ts.isSpreadAssignment(property)) return [{ node: property.expression, as: "copy" }];
  if (ts.isPropertyAssignment(property)) return [...key, { node: property.initializer }];
  // `{ a }` reads `a` in its place; methods and accessors only have a name to evaluate.
  return ts.isShorthandPropertyAssignment(property) ? [{ node: property.name, as: "shorthand" }] : key;
}

function refuse(c: MachineLowering, node: ts.Expression): Code {
  notYet(c.unit, node, {
    construct: "an await inside this expression",
    way: "Await into a variable first, then use the variable here.",
  });
  return [{ kind: "text", text: "undefined" }];
}

/** Parks on what `node` awaits; the settled value goes to `result`. */
export function park(c: MachineLowering, node: ts.AwaitExpression, result: Variable | null): void {
  const { draft } = c.machine;
  const value = awaitedCode(c, node);
  const resume = openBlock(draft);
  endBlock(draft, { kind: "await", value, checkpoint: numberOf(c, node), resume, result });
  enterBlock(draft, resume);
}

function awaitedCode(c: MachineLowering, { expression }: ts.AwaitExpression): Code {
  const awaited = skipWrappers(expression);
  if (c.unit.awaits.has(expression) || !ts.isCallExpression(awaited)) return lowerValue(c, expression);
  invariant(isAwaited(awaited), "an awaited call is not taken for one");
  return callCode(c, awaited, new Map()) ?? insideToCode(c, awaited);
}

/** Evaluates for a variable without a box: `x = await f()` settles straight into it. */
export function lowerInto(c: MachineLowering, node: ts.Expression, variable: Variable): void {
  const inner = skipWrappers(node);
  if (ts.isAwaitExpression(inner)) return park(c, inner, variable);
  assign(c, variable, lowerValue(c, node));
}

/** Evaluates for the effect alone. */
export function lowerEffect(c: MachineLowering, node: ts.Expression): void {
  const inner = skipWrappers(node);
  if (ts.isAwaitExpression(inner)) return park(c, inner, null);

  let assigned: readonly Variable[] = [];

  if (ts.isYieldExpression(inner)) return void lowerYield(c, inner);

  if (ts.isBinaryExpression(inner) && c.unit.awaits.has(inner)) {
    const { left, right, operatorToken } = inner;
    if (operatorToken.kind === ts.SyntaxKind.CommaToken) {
      lowerEffect(c, left);
      return lowerEffect(c, right);
    }
    const variable = isAssignmentOperator(operatorToken.kind) ? variableOf(c, left) : null;
    if (variable && !variable.boxed && findAsking(c, left) === null) {
      if (operatorToken.kind === ts.SyntaxKind.EqualsToken) return lowerInto(c, right, variable);
      // The old value of `x += await f()` is in a temporary: `x` itself need not be kept over the await.
      if (!isLogicalAssignment(operatorToken.kind)) assigned = [variable];
    }
  }
  emit(c.machine.draft, code`${guardStart(inner, lowerValue(c, node))};`, assigned);
}

/** `{ a } = b` would start a block, `function () {}()` a declaration. */
function guardStart(node: ts.Expression, value: Code): Code {
  return ts.isBinaryExpression(node) && ts.isObjectLiteralExpression(node.left) ? code`(${value})` : value;
}

export interface Branches {
  readonly yes: BlockId;
  readonly no: BlockId;
}

/** Evaluates a condition and goes one way or the other. */
export function lowerTest(c: MachineLowering, node: ts.Expression, { yes, no }: Branches): void {
  const { draft } = c.machine;
  const inner = skipWrappers(node);
  if (ts.isPrefixUnaryExpression(inner) && inner.operator === ts.SyntaxKind.ExclamationToken) {
    return lowerTest(c, inner.operand, { yes: no, no: yes });
  }
  if (c.unit.awaits.has(inner) && ts.isBinaryExpression(inner) && isLogical(inner.operatorToken.kind)) {
    const right = openBlock(draft);
    const isAnd = inner.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken;
    lowerTest(c, inner.left, isAnd ? { yes: right, no } : { yes, no: right });
    enterBlock(draft, right);
    return lowerTest(c, inner.right, { yes, no });
  }
  endBlock(draft, { kind: "branch", test: lowerValue(c, node), yes, no });
}

function isLogical(kind: ts.SyntaxKind): boolean {
  return kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken;
}

function lowerBinary(c: MachineLowering, node: ts.BinaryExpression): Code {
  const { kind } = node.operatorToken;
  if (isAssignmentOperator(kind)) return lowerAssignment(c, node);
  if (kind === ts.SyntaxKind.CommaToken) {
    lowerEffect(c, node.left);
    return lowerValue(c, node.right);
  }
  if (isLogical(kind) || kind === ts.SyntaxKind.QuestionQuestionToken) return lowerShortCircuit(c, node);
  return insideToCode(c, node, lowerOperands(c, [{ node: node.left }, { node: node.right }]));
}

/** `a && await b`: the left value is the result unless it lets the right one be evaluated. */
function lowerShortCircuit(c: MachineLowering, node: ts.BinaryExpression): Code {
  if (!c.unit.awaits.has(node.right)) return insideToCode(c, node, lowerOperands(c, [{ node: node.left }]));
  const { draft } = c.machine;
  const result = temporary(c, node);
  const at = node.getStart();
  lowerInto(c, node.left, result);
  const [right, after] = [openBlock(draft), openBlock(draft)];
  endBlock(draft, {
    kind: "branch",
    ...shortCircuit(node.operatorToken.kind, [read(result, at)], { right, after }),
  });
  enterBlock(draft, right);
  lowerInto(c, node.right, result);
  goInto(draft, after);
  return [read(result, at)];
}

interface ShortCircuit {
  readonly right: BlockId;
  readonly after: BlockId;
}

/** Whether `left` lets the right side be evaluated. Also for `&&=` and its kin. */
export function shortCircuit(
  kind: ts.SyntaxKind,
  left: Code,
  { right, after }: ShortCircuit,
): { readonly test: Code } & Branches {
  switch (kind) {
    case ts.SyntaxKind.AmpersandAmpersandToken:
    case ts.SyntaxKind.AmpersandAmpersandEqualsToken:
      return { test: left, yes: right, no: after };
    case ts.SyntaxKind.BarBarToken:
    case ts.SyntaxKind.BarBarEqualsToken:
      return { test: left, yes: after, no: right };
    default:
      return { test: code`${left} === null || ${left} === undefined`, yes: right, no: after };
  }
}

function lowerConditional(c: MachineLowering, node: ts.ConditionalExpression): Code {
  const { draft } = c.machine;
  const branchesAwait = c.unit.awaits.has(node.whenTrue) || c.unit.awaits.has(node.whenFalse);
  if (!branchesAwait) return insideToCode(c, node, lowerOperands(c, [{ node: node.condition }]));
  const result = temporary(c, node);
  const [yes, no, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  lowerTest(c, node.condition, { yes, no });
  enterBlock(draft, yes);
  lowerInto(c, node.whenTrue, result);
  endBlock(draft, { kind: "goto", to: after });
  enterBlock(draft, no);
  lowerInto(c, node.whenFalse, result);
  goInto(draft, after);
  return [read(result, node.getStart())];
}

function lowerDelete(c: MachineLowering, node: ts.DeleteExpression): Code {
  const inner = skipWrappers(node.expression);
  if (ts.isOptionalChain(inner)) return lowerChain(c, inner, { before: "delete ", nullish: "true" });
  return insideToCode(c, node, lowerOperands(c, referenceOperands(inner)));
}
