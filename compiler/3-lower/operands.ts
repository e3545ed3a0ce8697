/**
 * Evaluates operands in order, up to the last one that awaits. Whatever stands left of an await has its value before
 * the await, so it goes to a temporary, unless nothing can tell when it is read.
 */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { isFunctionWithBody } from "../1-read/scopes.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { canLift } from "./classes.ts";
import { code } from "./code.ts";
import { isReassigned } from "./findBoxes.ts";
import { lowerValue } from "./expressions.ts";
import { spill, type MachineLowering } from "./lowering.ts";
import { toPropertyName, type Overrides } from "./toCode.ts";
import { notYet } from "./unit.ts";

export interface Operand {
  readonly node: ts.Expression;
  /**
   * What evaluation does to the value, so that the temporary holds the result: a template converts to a string, a
   * computed key to a key, `...a` takes the elements, `...o` the properties; `{ a }` needs its name in front,
   * an element inside another braces around.
   */
  readonly as?: "element" | "string" | "key" | "spread" | "copy" | "shorthand" | "callee";
}

export function lowerOperands(
  c: MachineLowering,
  operands: readonly Operand[],
  upTo = operands.findLastIndex(({ node }) => c.unit.awaits.has(node)),
): Overrides {
  const overrides = new Map<ts.Node, Code>();
  operands.slice(0, upTo + 1).forEach((operand, index) => {
    const value = lowerValue(c, operand.node);
    const isLast = index === upTo && operand.as !== "key";
    const held = isLast || isStable(c, operand, value) ? value : hold(c, operand, value);
    overrides.set(operand.as === "shorthand" ? operand.node.parent : operand.node, toShape(operand, held));
  });
  return overrides;
}

function toShape({ node, as }: Operand, held: Code): Code {
  if (as === "element") return code`{${held}}`;
  return as === "shorthand" ? code`${toPropertyName(node.getText())}: ${held}` : held;
}

/** Evaluates an operand into a temporary, whether it awaits or not. */
export function hold(c: MachineLowering, operand: Operand, value: Code): Code {
  const { node, as } = operand;
  if (isAnonymousClass(node) && !canLift(c, skipWrappers(node))) {
    notYet(c.unit, node, {
      construct: "a nameless class left of an await",
      way: "Put the class into a variable first.",
    });
  }
  switch (as) {
    case "string":
      return spill(c, code`\`\${${value}}\``, node);
    case "key":
      return spill(c, code`${c.unit.words.toKey}(${value})`, node);
    case "spread":
      return spill(c, code`[...${value}]`, node);
    case "copy":
      return spill(c, code`{ ...${value} }`, node);
    default:
      return spill(c, value, node);
  }
}

/** A class would get the temporary's name. Functions are lifted with the name they have. */
function isAnonymousClass(node: ts.Expression): boolean {
  const inner = skipWrappers(node);
  return ts.isClassExpression(inner) && inner.name === undefined;
}

/** True if reading it later gives the same and does nothing else. */
export function isStable(c: MachineLowering, { node, as }: Operand, value: Code): boolean {
  const inner = skipWrappers(node);
  const isLiteral = ts.isLiteralExpression(inner) && !ts.isRegularExpressionLiteral(inner);
  if (as === "key") return isLiteral;
  if (as === "spread" || as === "copy") return false;
  const [piece] = value;
  const isTemporary = value.length === 1 && piece?.kind === "read" && piece.variable.kind === "temporary";
  if (as === "string") return isLiteral;
  return (
    isTemporary || isLiteral || isConstant(inner) || isFixedName(c, inner, as === "callee") || isLifted(inner)
  );
}

function isConstant({ kind }: ts.Expression): boolean {
  const { TrueKeyword, FalseKeyword, NullKeyword, ThisKeyword, SuperKeyword } = ts.SyntaxKind;
  return [TrueKeyword, FalseKeyword, NullKeyword, ThisKeyword, SuperKeyword].some(
    (constant) => kind === constant,
  );
}

/** Making a closure later makes the same closure: its captures are boxes or never change. */
function isLifted(node: ts.Expression): boolean {
  return isFunctionWithBody(node);
}

/** Globals that programs do not assign. */
const FIXED_GLOBALS: ReadonlySet<string> = new Set(
  "undefined NaN Infinity Math JSON Object Array String Number Boolean Symbol BigInt Date Promise Map Set Reflect Error console".split(
    " ",
  ),
);

function isFixedName(c: MachineLowering, node: ts.Expression, isCallee: boolean): boolean {
  if (!ts.isIdentifier(node)) return false;
  const binding = c.unit.scopes.reference(node)?.binding;
  if (!binding) return FIXED_GLOBALS.has(node.text);
  // An import is a live view of a variable elsewhere. For a callee that is taken as fixed: a function that its module
  // replaces while somebody awaits is rarer than the cost of writing function values into every state.
  if (binding.kind === "import") return isCallee;
  return !isReassigned(binding) && binding.kind !== "other" && !c.unit.deadZones.asking.has(node);
}
