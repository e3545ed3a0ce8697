/** `for-in` with an await in it: a cursor of the runtime holds the keys that there were at the start. */
import { ts } from "ts-morph";
import { code, read } from "./code.ts";
import { declareBlockScoped } from "./declarations.ts";
import { endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { lowerValue } from "./expressions.ts";
import { addCursor, bindElement } from "./forOf.ts";
import type { MachineLowering } from "./lowering.ts";
import { lowerLoopBody } from "./loops.ts";

export function lowerForIn(c: MachineLowering, node: ts.ForInStatement, labels: readonly string[]): void {
  const { draft } = c.machine;
  declareBlockScoped(c, node);
  const value = lowerValue(c, node.expression);
  const cursor = addCursor(c, node.expression, code`${c.unit.words.keys}(${value})`);
  const at = node.initializer.getStart();
  const [head, body, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  goInto(draft, head);
  endBlock(draft, { kind: "branch", test: code`${read(cursor, at)}.next()`, yes: body, no: after });
  enterBlock(draft, body);
  bindElement(c, node, code`${read(cursor, at)}.value`);
  lowerLoopBody(c, node.statement, { labels, breakTo: after, continueTo: head });
  endBlock(draft, { kind: "goto", to: head });
  enterBlock(draft, after);
}
