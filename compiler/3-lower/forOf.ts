/**
 * `for-of` with an await in it. A cursor of the runtime holds the position; a region closes it when the body is left by
 * anything but its end. Taking the next element is outside the region: an iterator that throws is not closed.
 *
 *     for (const x of xs) await f(x);
 *
 *     $each1 = $cursor(xs, "xs")
 *     head: if (!$each1.next()) goto after          region { x = $each1.value; park on f(x); goto head }
 *     left: $each1.close($then1), then where the completion says
 */
import { ts } from "ts-morph";
import type { Code, Variable } from "../ir.ts";
import { lowerForAwait } from "./asyncLoops.ts";
import { toIterableText } from "./calleeText.ts";
import { code, read } from "./code.ts";
import { declareBlockScoped, initialisePattern } from "./declarations.ts";
import { addVariable, emit, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { lowerValue } from "./expressions.ts";
import { assign, type MachineLowering } from "./lowering.ts";
import { lowerLoopBody } from "./loops.ts";
import { lowerRegion } from "./regions.ts";
import { checkUsing } from "./statements.ts";
import { toCode } from "./toCode.ts";
import { notYet } from "./unit.ts";

export function lowerForOf(c: MachineLowering, node: ts.ForOfStatement, labels: readonly string[]): void {
  if (node.awaitModifier) return lowerForAwait(c, node, labels);
  const { initializer } = node;
  if (ts.isVariableDeclarationList(initializer)) checkUsing(c, initializer);
  const { draft } = c.machine;
  // The head is evaluated where the loop's variables exist already, without a value.
  declareBlockScoped(c, node);
  const cursor = openCursor(c, node.expression, lowerValue(c, node.expression));
  const at = initializer.getStart();
  const [head, body, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  goInto(draft, head);
  endBlock(draft, { kind: "branch", test: code`${read(cursor, at)}.next()`, yes: body, no: after });
  enterBlock(draft, body);
  lowerRegion(c, {
    body: () => {
      const left = openBlock(draft);
      bindElement(c, node, code`${read(cursor, at)}.value`);
      lowerLoopBody(c, node.statement, { labels, breakTo: left, continueTo: head });
      endBlock(draft, { kind: "goto", to: head });
      enterBlock(draft, left);
    },
    last: (exit) => emit(draft, code`${read(cursor, at)}.close(${read(exit.completion, at)});`),
  });
  goInto(draft, after);
}

/** `$each1 = $cursor(xs, "xs")`. `origin`: what is walked. */
export function openCursor(c: MachineLowering, origin: ts.Expression, iterable: Code): Variable {
  const { draft } = c.machine;
  const { words } = c.unit;
  const taken = draft.variables.filter(({ kind }) => kind === "cursor").length;
  const cursor = addVariable(draft, { name: words.free(`$each${taken + 1}`), kind: "cursor", origin });
  assign(c, cursor, code`${words.cursor}(${iterable}, ${JSON.stringify(toIterableText(origin))})`);
  return cursor;
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
