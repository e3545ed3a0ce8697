/** Loops that hold an await. `forOf.ts` has those over the elements of something. */
import { ts } from "ts-morph";
import { code, read, writeWhole } from "./code.ts";
import { declareBlockScoped } from "./declarations.ts";
import { emit, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { isUsing, lowerScope } from "./disposals.ts";
import { lowerEffect, lowerTest } from "./expressions.ts";
import type { MachineLowering } from "./lowering.ts";
import { lowerDeclarations, lowerStatement } from "./statements.ts";

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
  const { initializer } = node;
  declareBlockScoped(c, node);
  lowerScope(c, initializer && isUsing(initializer) ? [initializer] : [], () =>
    lowerForParts(c, node, labels),
  );
}

function lowerForParts(c: MachineLowering, node: ts.ForStatement, labels: Labels): void {
  const { draft } = c.machine;
  const { initializer, condition, incrementor } = node;
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

/** Lowers a loop's body, with where its `break` and `continue` lead. */
export function lowerLoopBody(
  c: MachineLowering,
  body: ts.Statement,
  exit: { readonly labels: Labels; readonly breakTo: number; readonly continueTo: number },
): void {
  c.machine.exits.push({ kind: "loop", ...exit });
  lowerStatement(c, body);
  c.machine.exits.pop();
}
