/** Lowers assignments with an await: the target's object and key, and for `+=` its old value, are read before. */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { code, read, text } from "./code.ts";
import { askedCode, findAsking, keptCode } from "./deadZones.ts";
import { destructure } from "./destructuring.ts";
import { endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { lowerInto, lowerValue, referenceOperands, shortCircuit } from "./expressions.ts";
import { assign, spill, temporary, type MachineLowering } from "./lowering.ts";
import { hold, isStable, lowerOperands, type Operand } from "./operands.ts";
import { findPattern, type PatternNode } from "./patterns.ts";
import { insideToCode, toCode, type Overrides } from "./toCode.ts";
import { notYet } from "./unit.ts";

export function lowerAssignment(c: MachineLowering, node: ts.BinaryExpression): Code {
  const target = skipWrappers(node.left);
  const pattern = c.unit.awaits.has(target) ? findPattern(target) : null;
  if (pattern !== null) return lowerPattern(c, pattern, node.right);
  const isMember = ts.isPropertyAccessExpression(target) || ts.isElementAccessExpression(target);
  if (!isMember && c.unit.awaits.has(target)) return refuse(c, target);
  const asking = findAsking(c, target);
  if (asking !== null && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const value = spill(c, lowerValue(c, node.right), node.right);
    return code`${writeTarget(c, { target, overrides: new Map() })} = ${keptCode(c, asking, value)}`;
  }
  const reference: readonly Operand[] = isMember ? referenceOperands(target) : [];
  const { kind } = node.operatorToken;
  if (kind === ts.SyntaxKind.EqualsToken || !c.unit.awaits.has(node.right)) {
    return insideToCode(c, node, lowerOperands(c, [...reference, { node: node.right }]));
  }
  const overrides = holdReference(c, reference);
  const split: Split = { target, overrides, at: node.getStart() };
  return isLogicalAssignment(kind) ? lowerLogical(c, node, split) : lowerCompound(c, node, split);
}

/** `[a = await b] = value`: its own value is what was taken apart. */
function lowerPattern(c: MachineLowering, pattern: PatternNode, right: ts.Expression): Code {
  const value = spill(c, lowerValue(c, right), right);
  destructure(c, pattern, value);
  return value;
}

/** A target whose object and key have their values. */
interface Split {
  readonly target: ts.Expression;
  readonly overrides: Overrides;
  readonly at: number;
}

/** The key stays a value: V8 converts it at the read and at the write, and so does the emitted code. */
export function holdReference(c: MachineLowering, reference: readonly Operand[]): Overrides {
  const overrides = new Map<ts.Node, Code>();
  reference.forEach((operand) => {
    const value = lowerValue(c, operand.node);
    overrides.set(operand.node, isStable(c, operand, value) ? value : hold(c, operand, value));
  });
  return overrides;
}

/** `o.k += await v`: reads `o.k`, awaits, writes the sum. */
function lowerCompound(c: MachineLowering, node: ts.BinaryExpression, { target, overrides }: Split): Code {
  const before = spill(c, readTarget(c, { target, overrides }), target);
  const value = lowerValue(c, node.right);
  const operator = node.operatorToken.getText().slice(0, -1);
  return code`${writeTarget(c, { target, overrides })} = ${before} ${operator} (${value})`;
}

/** `o.k ??= await v`: writes only if the old value says so. */
function lowerLogical(c: MachineLowering, node: ts.BinaryExpression, { target, overrides, at }: Split): Code {
  const { draft } = c.machine;
  const result = temporary(c, node);
  assign(c, result, readTarget(c, { target, overrides }));
  const [right, after] = [openBlock(draft), openBlock(draft)];
  endBlock(draft, {
    kind: "branch",
    ...shortCircuit(node.operatorToken.kind, [read(result, at)], { right, after }),
  });
  enterBlock(draft, right);
  lowerInto(c, node.right, result);
  assign(c, result, code`(${writeTarget(c, { target, overrides })} = ${read(result, at)})`);
  goInto(draft, after);
  return [read(result, at)];
}

type Target = Pick<Split, "target" | "overrides">;

function readTarget(c: MachineLowering, { target, overrides }: Target): Code {
  if (!ts.isIdentifier(target)) return insideToCode(c, target, overrides);
  const binding = c.unit.scopes.reference(target)?.binding;
  const variable = binding && c.variables.get(binding);
  return variable
    ? askedCode(c, target, [read(variable, target.getStart())])
    : [text(target.text, target.getStart())];
}

function writeTarget(c: MachineLowering, { target, overrides }: Target): Code {
  if (!ts.isIdentifier(target)) return insideToCode(c, target, overrides);
  const binding = c.unit.scopes.reference(target)?.binding;
  const variable = binding && c.variables.get(binding);
  if (!variable) return toCode(c, target);
  return [{ kind: "write", variable, at: target.getStart(), sure: false }];
}

export function isLogicalAssignment(kind: ts.SyntaxKind): boolean {
  const { BarBarEqualsToken, AmpersandAmpersandEqualsToken, QuestionQuestionEqualsToken } = ts.SyntaxKind;
  return [BarBarEqualsToken, AmpersandAmpersandEqualsToken, QuestionQuestionEqualsToken].some(
    (known) => known === kind,
  );
}

function refuse(c: MachineLowering, node: ts.Node): Code {
  notYet(c.unit, node, {
    construct: "an await inside this assignment's target",
    way: "Await into a variable first.",
  });
  return [text("undefined")];
}
