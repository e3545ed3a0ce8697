/**
 * Takes a destructuring pattern apart that holds an await: each element is a step of its own, in the language's order
 * (key, target's object and key, value, default, assignment). An array pattern has a cursor, and a region that closes it.
 *
 *     const { a = await f(), ...rest } = o     $1 = o.a; if ($1 === undefined) $1 = <await f()>; a = $1
 *                                              rest = $omit(o, ["a"])
 *
 * What holds no await is printed as written, a nested pattern too.
 */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { holdReference } from "./assignments.ts";
import { toCalleeText } from "./calleeText.ts";
import { code, joinCode, read, text } from "./code.ts";
import { initialisePattern } from "./declarations.ts";
import { emit, endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { lowerInto, lowerValue, referenceOperands } from "./expressions.ts";
import { openCursor } from "./forOf.ts";
import { toNamedCode } from "./inferredName.ts";
import { assign, spill, temporary, type MachineLowering } from "./lowering.ts";
import { hold, isStable } from "./operands.ts";
import { toPattern, type Element, type Pattern, type PatternNode, type Target } from "./patterns.ts";
import { lowerClosing } from "./regions.ts";
import { insideToCode, toCode } from "./toCode.ts";
import { notYet } from "./unit.ts";

/** `value`: what is taken apart, evaluated already; reading it again gives the same. */
export function destructure(c: MachineLowering, node: PatternNode, value: Code): void {
  if (!c.unit.awaits.has(node)) return printPattern(c, node, value);
  const pattern = toPattern(node);
  if (pattern.kind === "array") return takeElements(c, node, { pattern, value });
  takeProperties(c, node, { pattern, value });
}

function printPattern(c: MachineLowering, node: PatternNode, value: Code): void {
  if (ts.isObjectBindingPattern(node) || ts.isArrayBindingPattern(node))
    return initialisePattern(c, node, value);
  emit(c.machine.draft, code`(${toCode(c, node)} = ${value});`);
}

interface Taken<K extends Pattern["kind"]> {
  readonly pattern: Extract<Pattern, { kind: K }>;
  readonly value: Code;
}

function takeElements(c: MachineLowering, node: PatternNode, { pattern, value }: Taken<"array">): void {
  const { draft } = c.machine;
  const at = node.getStart();
  const cursor = openCursor(c, { origin: node, iterable: value, named: valueOf(node) });
  const element = code`${read(cursor, at)}.next() ? ${read(cursor, at)}.value : undefined`;
  lowerClosing(c, {
    body: () => {
      for (const part of pattern.elements) {
        if (part === null) emit(draft, code`${read(cursor, at)}.next();`);
        else take(c, part, part.isRest ? code`${read(cursor, at)}.rest()` : element);
      }
    },
    close: (completion) => emit(draft, code`${read(cursor, at)}.close(${String(completion)});`),
  });
}

function takeProperties(c: MachineLowering, node: PatternNode, { pattern, value }: Taken<"object">): void {
  if (needsCheck(pattern)) {
    const named = valueOf(node);
    const subject = named === null ? "" : `, ${JSON.stringify(toCalleeText(named))}`;
    emit(c.machine.draft, code`${c.unit.words.coercible}(${value}${subject});`);
  }
  const keys: Code[] = [];
  for (const part of pattern.elements) {
    if (part.key === null) {
      take(c, part, code`${c.unit.words.omit}(${value}, [${joinCode(keys, ", ")}])`);
      continue;
    }
    const { key, member } = toMember(c, part.key);
    keys.push(key);
    take(c, part, code`${value}${member}`);
  }
}

/** Whether something else comes before the first property is read, which would throw for `null` by itself. */
function needsCheck({ elements: [first] }: Taken<"object">["pattern"]): boolean {
  if (first === undefined || first.key === null || ts.isComputedPropertyName(first.key)) return true;
  return first.target.kind === "reference" && !ts.isIdentifier(first.target.node);
}

/** The expression whose value is taken apart, where it stands beside the pattern. */
function valueOf({ parent }: PatternNode): ts.Expression | null {
  if (ts.isVariableDeclaration(parent)) return parent.initializer ?? null;
  const isWhole = ts.isBinaryExpression(parent) && !ts.isArrayLiteralExpression(parent.parent);
  return isWhole && !ts.isPropertyAssignment(parent.parent) ? parent.right : null;
}

/** A property's key, for the list of those that `...rest` leaves out, and the access to it. */
function toMember(c: MachineLowering, name: ts.PropertyName): { readonly key: Code; readonly member: Code } {
  if (ts.isComputedPropertyName(name)) {
    const operand = { node: name.expression, as: "key" } as const;
    const value = lowerValue(c, name.expression);
    const key = isStable(c, operand, value) ? value : hold(c, operand, value);
    return { key, member: code`[${key}]` };
  }
  if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)) {
    return { key: [text(JSON.stringify(name.text))], member: [text(`.${name.text}`, name.getStart())] };
  }
  return { key: [text(name.getText())], member: code`[${text(name.getText(), name.getStart())}]` };
}

/** One element. The target's object and key come before the value, a pattern inside comes after it. */
function take(c: MachineLowering, { target, initial }: Element, fetched: Code): void {
  const put = toPut(c, target);
  if (initial === null && target.kind !== "pattern") return put(fetched);
  const held = temporary(c, target.node);
  const at = target.node.getStart();
  assign(c, held, fetched);
  if (initial === null) return put([read(held, at)]);
  if (!c.unit.awaits.has(initial)) {
    const value = code`${read(held, at)} === undefined ? ${defaultCode(c, target, initial)} : ${read(held, at)}`;
    return put(target.kind === "pattern" ? spill(c, value, initial) : value);
  }
  const { draft } = c.machine;
  const [missing, after] = [openBlock(draft), openBlock(draft)];
  endBlock(draft, { kind: "branch", test: code`${read(held, at)} === undefined`, yes: missing, no: after });
  enterBlock(draft, missing);
  lowerInto(c, initial, held);
  goInto(draft, after);
  put([read(held, at)]);
}

/** Functions are lifted with the name they get here; a class stays, and must not get the temporary's. */
function defaultCode(c: MachineLowering, { node }: Target, initial: ts.Expression): Code {
  const inner = skipWrappers(initial);
  const isNameless = ts.isClassExpression(inner) && inner.name === undefined;
  const value = toCode(c, initial);
  return isNameless && ts.isIdentifier(node) ? toNamedCode(value, node.text) : code`(${value})`;
}

/** Evaluates what has to be before the value is there, and says how to assign it. */
function toPut(c: MachineLowering, target: Target): (value: Code) => void {
  if (target.kind === "pattern") return (value) => destructure(c, target.node, value);
  if (target.kind === "name") return (value) => initialisePattern(c, target.node, value);
  const { node } = target;
  const { draft } = c.machine;
  if (ts.isIdentifier(node)) return (value) => emit(draft, code`${toCode(c, node)} = ${value};`);
  if (isSuper(node)) {
    notYet(c.unit, node, { construct: "a member of 'super' in a pattern", way: "Assign it by itself." });
  }
  const overrides = holdReference(c, referenceOperands(node));
  return (value) => emit(draft, code`${insideToCode(c, node, overrides)} = ${value};`);
}

function isSuper(node: ts.Expression): boolean {
  const isMember = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  return isMember && node.expression.kind === ts.SyntaxKind.SuperKeyword;
}
