/** A `switch` that holds an await: its tests in order, one `===` each, then the clauses, falling through. */
import { ts } from "ts-morph";
import { code } from "./code.ts";
import { declareBlockScoped } from "./declarations.ts";
import { endBlock, enterBlock, openBlock } from "./draft.ts";
import { lowerValue } from "./expressions.ts";
import { spill, type MachineLowering } from "./lowering.ts";
import { lowerStatements } from "./statements.ts";

export function lowerSwitch(c: MachineLowering, node: ts.SwitchStatement, labels: readonly string[]): void {
  const { draft } = c.machine;
  const { clauses } = node.caseBlock;
  const value = spill(c, lowerValue(c, node.expression), node.expression);
  declareBlockScoped(c, node.caseBlock);
  const bodies = clauses.map(() => openBlock(draft));
  const after = openBlock(draft);
  clauses.forEach((clause, index) => {
    if (ts.isDefaultClause(clause)) return;
    const next = openBlock(draft);
    const test = code`${value} === (${lowerValue(c, clause.expression)})`;
    endBlock(draft, { kind: "branch", test, yes: bodies[index] ?? after, no: next });
    enterBlock(draft, next);
  });
  const fallback = clauses.findIndex(ts.isDefaultClause);
  endBlock(draft, { kind: "goto", to: bodies[fallback] ?? after });
  c.machine.exits.push({ kind: "switch", labels, breakTo: after });
  clauses.forEach((clause, index) => {
    enterBlock(draft, bodies[index] ?? after);
    lowerStatements(c, clause.statements);
    endBlock(draft, { kind: "goto", to: bodies[index + 1] ?? after });
  });
  c.machine.exits.pop();
  enterBlock(draft, after);
}
