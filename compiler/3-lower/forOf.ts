/**
 * `for-of` with an await in it. A cursor of the runtime holds the position; a region closes it when the body is left by
 * anything but its end. Taking the next element is outside the region: an iterator that throws is not closed.
 *
 *     for (const x of xs) await f(x);
 *
 *     $each1 = $cursor(xs, "xs")
 *     head: if (!$each1.next()) goto after          region { x = $each1.value; park on f(x); goto head }
 *     left: $each1.close(0), or (1) if an exception is on its way; then on
 */
import { ts } from "ts-morph";
import type { Code, Variable } from "../ir.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { holdReference } from "./assignments.ts";
import { lowerForAwait } from "./asyncLoops.ts";
import { toCalleeText, toIterableText } from "./calleeText.ts";
import { code, read } from "./code.ts";
import { declareBlockScoped, freshen, initialisePattern } from "./declarations.ts";
import { addVariable, emit, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { isUsing, lowerScope, usingCode } from "./disposals.ts";
import { destructure } from "./destructuring.ts";
import { lowerValue, referenceOperands } from "./expressions.ts";
import { assign, spill, type MachineLowering } from "./lowering.ts";
import { findPattern } from "./patterns.ts";
import { lowerClosing } from "./regions.ts";
import { lowerStatement } from "./statements.ts";
import { insideToCode, toCode } from "./toCode.ts";

export function lowerForOf(c: MachineLowering, node: ts.ForOfStatement, labels: readonly string[]): void {
  if (node.awaitModifier) return lowerForAwait(c, node, labels);
  const { initializer } = node;
  const { draft } = c.machine;
  // The head is evaluated where the loop's variables exist already, without a value.
  declareBlockScoped(c, node);
  const cursor =
    openListing(c, node.expression) ??
    openCursor(c, {
      origin: node.expression,
      iterable: lowerValue(c, node.expression),
      named: node.expression,
    });
  const at = initializer.getStart();
  const [head, body, after] = [openBlock(draft), openBlock(draft), openBlock(draft)];
  goInto(draft, head);
  endBlock(draft, { kind: "branch", test: code`${read(cursor, at)}.next()`, yes: body, no: after });
  enterBlock(draft, body);
  lowerClosing(c, {
    body: () => {
      const left = openBlock(draft);
      c.machine.exits.push({ kind: "loop", labels, breakTo: left, continueTo: head });
      lowerTurn(c, node, code`${read(cursor, at)}.value`);
      c.machine.exits.pop();
      endBlock(draft, { kind: "goto", to: head });
      enterBlock(draft, left);
    },
    close: (completion) => emit(draft, code`${read(cursor, at)}.close(${String(completion)});`),
  });
  goInto(draft, after);
}

const LISTINGS: ReadonlySet<string> = new Set(["entries", "keys", "values"]);

/** `for (... of items.entries())`: `$each1 = $listing(items, "entries", "items.entries")` */
function openListing(c: MachineLowering, node: ts.Expression): Variable | null {
  const call = skipWrappers(node);
  if (!ts.isCallExpression(call) || ts.isOptionalChain(call) || call.arguments.length > 0) return null;
  const callee = skipWrappers(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !LISTINGS.has(callee.name.text)) return null;
  const { expression: self, name } = callee;
  if (self.kind === ts.SyntaxKind.SuperKeyword || c.unit.module.oracle.call(call).kind !== "plain")
    return null;
  const described = `${JSON.stringify(name.text)}, ${JSON.stringify(toCalleeText(callee))}`;
  return addCursor(c, self, code`${c.unit.words.listing}(${lowerValue(c, self)}, ${described})`);
}

/** What a loop or an array pattern walks. */
interface Walked {
  readonly origin: ts.Node;
  readonly iterable: Code;
  /** The expression that names it in errors; null where there is none. */
  readonly named: ts.Expression | null;
}

/** `$each1 = $cursor(xs, "xs")` */
export function openCursor(c: MachineLowering, { origin, iterable, named }: Walked): Variable {
  const subject = named === null ? "" : `, ${JSON.stringify(toIterableText(named))}`;
  return addCursor(c, origin, code`${c.unit.words.cursor}(${iterable}${subject})`);
}

export function addCursor(c: MachineLowering, origin: ts.Node, value: Code): Variable {
  const { draft } = c.machine;
  const taken = draft.variables.filter(({ kind }) => kind === "cursor").length;
  const name = c.unit.words.free(`$each${taken + 1}`);
  const cursor = addVariable(draft, { name, kind: "cursor", origin });
  assign(c, cursor, value);
  return cursor;
}

/** The variables of the head get their value, and the body runs; what `using` in the head opened is closed behind it. */
export function lowerTurn(c: MachineLowering, node: ts.ForOfStatement, value: Code): void {
  const { initializer, statement } = node;
  lowerScope(c, isUsing(initializer) ? [initializer] : [], () => {
    bindElement(c, node, value);
    lowerStatement(c, statement);
  });
}

/** Gives the loop's variables, or the target in its head, their value for this turn. */
export function bindElement(c: MachineLowering, { initializer }: ts.ForInOrOfStatement, value: Code): void {
  if (ts.isVariableDeclarationList(initializer)) {
    freshen(c, initializer.parent);
    const [declaration] = initializer.declarations;
    if (declaration) initialisePattern(c, declaration.name, usingCode(c, initializer, value));
    return;
  }
  assignElement(c, initializer, value);
}

/** The target's object and key are evaluated anew in each turn, before the element is put there. */
function assignElement(c: MachineLowering, target: ts.Expression, value: Code): void {
  const { draft } = c.machine;
  const pattern = findPattern(target);
  if (pattern !== null && c.unit.awaits.has(pattern)) return destructure(c, pattern, spill(c, value, target));
  const inner = skipWrappers(target);
  // A cursor that is brought back has no element: what is assigned after an await is taken before it.
  const element = c.unit.awaits.has(inner) ? spill(c, value, target) : value;
  const overrides = c.unit.awaits.has(inner) ? holdReference(c, referenceOperands(inner)) : null;
  const printed = overrides === null ? toCode(c, inner) : insideToCode(c, inner, overrides);
  emit(draft, pattern === null ? code`${printed} = ${element};` : code`(${printed} = ${element});`);
}
