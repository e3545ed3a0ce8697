/** Loops that hold an await. */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { code, read, writeWhole } from "./code.ts";
import { declareBlockScoped, initialisePattern } from "./declarations.ts";
import { addVariable, emit, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { lowerForAwait } from "./asyncLoops.ts";
import { lowerEffect, lowerTest, lowerValue } from "./expressions.ts";
import { assign, type MachineLowering } from "./lowering.ts";
import { checkUsing, lowerDeclarations, lowerStatement } from "./statements.ts";
import { toCode } from "./toCode.ts";
import { notYet } from "./unit.ts";

type Labels = readonly string[];

export function lowerWhile(c: MachineLowering, node: ts.WhileStatement, labels: Labels): void {
  const { draft } = c.machine;
  const [head, body, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  goInto(draft, head);
  lowerTest(c, node.expression, { yes: body, no: after });
  enterBlock(draft, body);
  lowerLoopBody(c, node.statement, { labels, breakTo: after, continueTo: head });
  endBlock(draft, { kind: "goto", to: head });
  enterBlock(draft, after);
}

export function lowerDo(c: MachineLowering, node: ts.DoStatement, labels: Labels): void {
  const { draft } = c.machine;
  const [body, test, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  goInto(draft, body);
  lowerLoopBody(c, node.statement, { labels, breakTo: after, continueTo: test });
  goInto(draft, test);
  lowerTest(c, node.expression, { yes: body, no: after });
  enterBlock(draft, after);
}

export function lowerFor(c: MachineLowering, node: ts.ForStatement, labels: Labels): void {
  const { draft } = c.machine;
  const { initializer, condition, incrementor } = node;
  declareBlockScoped(c, node);
  if (initializer && ts.isVariableDeclarationList(initializer)) lowerDeclarations(c, initializer);
  else if (initializer) lowerEffect(c, initializer);
  const [head, body, next, after] = [openBlock(draft), openBlock(draft), openBlock(draft), openBlock(draft)];
  copyBoxes(c, node);
  goInto(draft, head);
  if (condition) lowerTest(c, condition, { yes: body, no: after });
  else endBlock(draft, { kind: "goto", to: body });
  enterBlock(draft, body);
  lowerLoopBody(c, node.statement, { labels, breakTo: after, continueTo: next });
  goInto(draft, next);
  copyBoxes(c, node);
  if (incrementor) lowerEffect(c, incrementor);
  endBlock(draft, { kind: "goto", to: head });
  enterBlock(draft, after);
}

/** Each turn of `for (let i ...)` has variables of its own, which start with the values of the turn before. */
function copyBoxes(c: MachineLowering, node: ts.ForStatement): void {
  for (const binding of c.unit.scopes.scope(node)?.bindings.values() ?? []) {
    const variable = c.variables.get(binding);
    if (!variable?.boxed || binding.kind !== "let") continue;
    const fresh = code`${writeWhole(variable, -1)} = ${c.unit.words.box}(${read(variable, -1)});`;
    emit(c.machine.draft, fresh, [variable]);
  }
}

export function lowerForOf(c: MachineLowering, node: ts.ForOfStatement, labels: Labels): void {
  if (node.awaitModifier) return lowerForAwait(c, node, labels);
  if (!c.unit.module.oracle.isArray(node.expression)) {
    notYet(c.unit, node.expression, {
      construct: "a for-of over something that is not an array, with an await or a shared variable in it",
      way: "Make an array of it: for (const x of [...values]).",
    });
  }
  const { initializer } = node;
  if (ts.isVariableDeclarationList(initializer)) checkUsing(c, initializer);
  const { draft } = c.machine;
  // The head is evaluated where the loop's variables exist already, without a value.
  declareBlockScoped(c, node);
  const iterable = lowerValue(c, node.expression);
  const taken = draft.variables.filter(({ kind }) => kind === "cursor").length;
  const cursor = addVariable(draft, {
    name: c.unit.words.free(`$each${taken + 1}`),
    kind: "cursor",
    origin: node.expression,
  });
  assign(c, cursor, code`${c.unit.words.cursor}(${iterable})`);
  const [head, body, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  const at = node.initializer.getStart();
  goInto(draft, head);
  endBlock(draft, { kind: "branch", test: code`${read(cursor, at)}.next()`, yes: body, no: after });
  enterBlock(draft, body);
  bindElement(c, node, code`${read(cursor, at)}.value`);
  lowerLoopBody(c, node.statement, { labels, breakTo: after, continueTo: head });
  endBlock(draft, { kind: "goto", to: head });
  enterBlock(draft, after);
}

/** Gives the loop's variables, or the target in its head, their value for this turn. */
export function bindElement(c: MachineLowering, { initializer }: ts.ForOfStatement, value: Code): void {
  if (ts.isVariableDeclarationList(initializer)) {
    const [declaration] = initializer.declarations;
    if (declaration) initialisePattern(c, declaration.name, value);
    return;
  }
  if (c.unit.awaits.has(initializer)) {
    return notYet(c.unit, initializer, {
      construct: "an await in the target of for-of",
      way: "Use a variable there.",
    });
  }
  const assignment = code`${toCode(c, initializer)} = ${value}`;
  emit(
    c.machine.draft,
    ts.isObjectLiteralExpression(initializer) ? code`(${assignment});` : code`${assignment};`,
  );
}

function lowerLoopBody(
  c: MachineLowering,
  body: ts.Statement,
  exit: { readonly labels: Labels; readonly breakTo: number; readonly continueTo: number },
): void {
  c.machine.exits.push({ kind: "loop", ...exit });
  lowerStatement(c, body);
  c.machine.exits.pop();
}
