/** Lowers statements. A statement without an await is one instruction; the others are taken apart, one file a family. */
import { ts } from "ts-morph";
import { isAssignmentOperator } from "../1-read/references.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import type { Variable } from "../ir.ts";
import { canLift, lowerClassValue } from "./classes.ts";
import { code, text } from "./code.ts";
import { declareBlockScoped, initialise, initialisePattern, makePendingBoxes } from "./declarations.ts";
import { isUsing, lowerScope, usingCode, usingsOf } from "./disposals.ts";
import { emit, endBlock, enterBlock, goInto, leaveBlock, openBlock } from "./draft.ts";
import { leave, toLeave } from "./exits.ts";
import { lowerEffect, lowerInto, lowerTest, lowerValue } from "./expressions.ts";
import { lowerForIn } from "./forIn.ts";
import { lowerForOf } from "./forOf.ts";
import { lowerDo, lowerFor, lowerWhile } from "./loops.ts";
import type { MachineLowering } from "./lowering.ts";
import { lowerSwitch } from "./switches.ts";
import { toCode } from "./toCode.ts";
import { lowerTry } from "./tries.ts";
import { notYet } from "./unit.ts";
import { lowerAwaitedReturn } from "./yields.ts";

export function lowerStatements(c: MachineLowering, statements: readonly ts.Statement[]): void {
  statements.forEach((statement) => lowerStatement(c, statement));
}

/** `labels`: those that stand before the statement, for its own `continue`. */
export function lowerStatement(c: MachineLowering, node: ts.Statement, labels: readonly string[] = []): void {
  keepComments(c, node);
  makePendingBoxes(c, node);
  if (isVerbatim(c, node)) return emitVerbatim(c, node);
  lowerByKind(c, node, labels);
}

function isVerbatim(c: MachineLowering, node: ts.Statement): boolean {
  if (c.unit.awaits.has(node) || c.unit.mustLower.has(node)) return false;
  return !(
    ts.isVariableStatement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isReturnStatement(node) ||
    ts.isThrowStatement(node) ||
    ts.isBreakOrContinueStatement(node) ||
    ts.isExpressionStatement(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEmptyStatement(node)
  );
}

function emitVerbatim(c: MachineLowering, node: ts.Statement): void {
  const isClosed = endsWithBlock(node) || node.getText().endsWith(";");
  emit(c.machine.draft, isClosed ? toCode(c, node) : code`${toCode(c, node)};`);
}

/** Without a semicolon of its own, a statement would go on in the next one: `if (a) f()` and then `({ b } = $s)`. */
function endsWithBlock(node: ts.Statement): boolean {
  if (ts.isIfStatement(node)) return endsWithBlock(node.elseStatement ?? node.thenStatement);
  if (ts.isLabeledStatement(node)) return endsWithBlock(node.statement);
  if (ts.isIterationStatement(node, false)) return !ts.isDoStatement(node) && endsWithBlock(node.statement);
  return ts.isBlock(node) || ts.isSwitchStatement(node) || ts.isTryStatement(node);
}

function lowerByKind(c: MachineLowering, node: ts.Statement, labels: readonly string[]): void {
  if (ts.isExpressionStatement(node)) return lowerExpressionStatement(c, node.expression);
  if (ts.isVariableStatement(node)) return lowerDeclarations(c, node.declarationList);
  if (ts.isReturnStatement(node)) return lowerReturn(c, node);
  if (ts.isThrowStatement(node)) return lowerThrow(c, node);
  if (ts.isBreakOrContinueStatement(node)) return leave(c, toLeave(node));
  if (ts.isBlock(node)) return lowerBlock(c, node);
  if (ts.isIfStatement(node)) return lowerIf(c, node);
  if (ts.isWhileStatement(node)) return lowerWhile(c, node, labels);
  if (ts.isDoStatement(node)) return lowerDo(c, node, labels);
  if (ts.isForStatement(node)) return lowerFor(c, node, labels);
  if (ts.isForOfStatement(node)) return lowerForOf(c, node, labels);
  if (ts.isForInStatement(node)) return lowerForIn(c, node, labels);
  if (ts.isSwitchStatement(node)) return lowerSwitch(c, node, labels);
  if (ts.isTryStatement(node)) return lowerTry(c, node);
  if (ts.isLabeledStatement(node)) return lowerLabelled(c, node, labels);
  if (ts.isClassDeclaration(node)) return lowerClass(c, node);
  if (ts.isFunctionDeclaration(node) || ts.isEmptyStatement(node)) return;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
  refuse(c, node);
}

function refuse(c: MachineLowering, node: ts.Statement): void {
  notYet(c.unit, node, { construct: "an await inside this statement", way: "Move the await out of it." });
}

/** Comments above a statement, and behind it on its line, stand above its first instruction. */
function keepComments(c: MachineLowering, node: ts.Statement): void {
  const { text: source } = c.unit.module.file;
  const leading = ts.getLeadingCommentRanges(source, node.pos) ?? [];
  const trailing = ts.getTrailingCommentRanges(source, node.end) ?? [];
  for (const { pos, end } of [...leading, ...trailing]) {
    emit(c.machine.draft, [{ kind: "source", start: pos, end }]);
  }
}

function lowerExpressionStatement(c: MachineLowering, node: ts.Expression): void {
  if (c.unit.awaits.has(node)) return lowerEffect(c, node);
  emit(c.machine.draft, code`${toCode(c, node)};`, assignedBy(c, node));
}

/** `x = value;` surely ends with `x` assigned, whatever `value` reads. */
function assignedBy(c: MachineLowering, node: ts.Expression): readonly Variable[] {
  const inner = skipWrappers(node);
  if (!ts.isBinaryExpression(inner) || !isAssignmentOperator(inner.operatorToken.kind)) return [];
  if (inner.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return [];
  const variable = variableOf(c, inner.left);
  return variable && !variable.boxed ? [variable] : [];
}

export function variableOf(c: MachineLowering, node: ts.Expression): Variable | null {
  const binding = c.unit.scopes.reference(skipWrappers(node))?.binding;
  return (binding && c.variables.get(binding)) ?? null;
}

export function lowerDeclarations(c: MachineLowering, list: ts.VariableDeclarationList): void {
  list.declarations.forEach((declaration) => lowerDeclaration(c, declaration));
}

function lowerDeclaration(c: MachineLowering, { name, initializer, parent }: ts.VariableDeclaration): void {
  const binding = ts.isIdentifier(name) ? c.unit.scopes.declared(name) : undefined;
  const variable = binding && c.variables.get(binding);
  if (initializer === undefined) {
    // Fresh in each turn of a loop; a `var` keeps what it has.
    if (variable && binding?.kind !== "var" && binding?.kind !== "parameter")
      initialise(c, variable, [text("undefined")]);
    return;
  }
  if (isUsing(parent)) return initialisePattern(c, name, usingCode(c, parent, lowerValue(c, initializer)));
  if (variable && !variable.boxed) return lowerInto(c, initializer, variable);
  initialisePattern(c, name, lowerValue(c, initializer));
}

function lowerReturn(c: MachineLowering, node: ts.ReturnStatement): void {
  const { expression } = node;
  const isAwaited = expression !== undefined && c.machine.generator === "async";
  const value = isAwaited ? lowerAwaitedReturn(c, node, expression) : expression && lowerValue(c, expression);
  leave(c, { kind: "return" }, value ?? null);
}

function lowerThrow(c: MachineLowering, { expression }: ts.ThrowStatement): void {
  leaveBlock(c.machine.draft, { kind: "throw", value: lowerValue(c, expression) });
}

export function lowerBlock(c: MachineLowering, node: ts.Block): void {
  declareBlockScoped(c, node);
  lowerScope(c, usingsOf(node.statements), () => lowerStatements(c, node.statements));
}

function lowerIf(c: MachineLowering, node: ts.IfStatement): void {
  const { draft } = c.machine;
  const yes = openBlock(draft);
  const no = node.elseStatement ? openBlock(draft) : null;
  const after = openBlock(draft);
  lowerTest(c, node.expression, { yes, no: no ?? after });
  enterBlock(draft, yes);
  lowerStatement(c, node.thenStatement);
  if (no !== null && node.elseStatement) {
    endBlock(draft, { kind: "goto", to: after });
    enterBlock(draft, no);
    lowerStatement(c, node.elseStatement);
  }
  goInto(draft, after);
}

function lowerLabelled(c: MachineLowering, node: ts.LabeledStatement, labels: readonly string[]): void {
  const all = [...labels, node.label.text];
  const { statement } = node;
  if (
    ts.isLabeledStatement(statement) ||
    ts.isIterationStatement(statement, false) ||
    ts.isSwitchStatement(statement)
  ) {
    return lowerByKind(c, statement, all);
  }
  const after = openBlock(c.machine.draft);
  c.machine.exits.push({ kind: "label", labels: all, breakTo: after });
  lowerStatement(c, statement);
  c.machine.exits.pop();
  goInto(c.machine.draft, after);
}

function lowerClass(c: MachineLowering, node: ts.ClassDeclaration): void {
  const binding = node.name && c.unit.scopes.declared(node.name);
  const variable = binding && c.variables.get(binding);
  if (!variable || (c.unit.awaits.has(node) && !canLift(c, node))) {
    return notYet(c.unit, node, {
      construct: "this class in a function",
      way: "Move the class to the module.",
    });
  }
  initialise(c, variable, lowerClassValue(c, node));
}
