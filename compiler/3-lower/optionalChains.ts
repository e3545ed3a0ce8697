/**
 * Lowers optional chains with an await in a key or an argument: `a?.b(await c).d`. A link with `?.` ends the whole chain
 * with `undefined` when what stands before it is nullish; a call keeps the object before its member as `this`.
 */
import { ts } from "ts-morph";
import type { BlockId, Code, Variable } from "../ir.ts";
import { toCalleeName } from "../1-read/calleeName.ts";
import { walkUpWrappers } from "../1-read/wrappers.ts";
import { callCode, isAwaited, startsOperation } from "./calls.ts";
import { code, joinCode, read, text } from "./code.ts";
import { endBlock, enterBlock, goInto, openBlock } from "./draft.ts";
import { lowerValue, toElement } from "./expressions.ts";
import { assign, numberOf, spill, temporary, type MachineLowering } from "./lowering.ts";
import { lowerOperands } from "./operands.ts";
import { insideToCode, toCode, type Overrides } from "./toCode.ts";

/** What a link of the chain gave: its value, and the object it was read from. */
interface Link {
  readonly value: Code;
  readonly self: Code | null;
}

/** What is done with the chain, and what comes of it where the chain ends early. */
interface Use {
  readonly before: string;
  readonly nullish: string;
}

const VALUE: Use = { before: "", nullish: "undefined" };

export function lowerChain(c: MachineLowering, node: ts.OptionalChain, use = VALUE): Code {
  const { draft } = c.machine;
  const start = chainStart(node);
  // Only what stands before the chain awaits: the rest is one expression.
  if (onlyStartAwaits(c, node, start)) {
    return code`${use.before}${printed(c, node, lowerOperands(c, [{ node: start }]))}`;
  }
  const result = temporary(c, node);
  const [ended, after] = [openBlock(draft), openBlock(draft)];
  const { value } = lowerLink(c, node, { start, ended });
  assign(c, result, code`${use.before}${value}`);
  endBlock(draft, { kind: "goto", to: after });
  enterBlock(draft, ended);
  assign(c, result, [text(use.nullish)]);
  goInto(draft, after);
  return [read(result, node.getStart())];
}

/** The expression before the chain's first `?.`. */
function chainStart(node: ts.Expression): ts.Expression {
  let at = node;
  while (ts.isOptionalChain(at)) at = at.expression;
  return at;
}

function onlyStartAwaits(c: MachineLowering, node: ts.Expression, start: ts.Expression): boolean {
  let at = node;
  while (at !== start && ts.isOptionalChain(at)) {
    if (ts.isElementAccessExpression(at) && c.unit.awaits.has(at.argumentExpression)) return false;
    if (ts.isCallExpression(at) && at.arguments.some((argument) => c.unit.awaits.has(argument))) return false;
    at = at.expression;
  }
  return true;
}

interface Chain {
  readonly start: ts.Expression;
  readonly ended: BlockId;
}

function lowerLink(c: MachineLowering, node: ts.Expression, chain: Chain): Link {
  if (node === chain.start || !ts.isOptionalChain(node)) return lowerStart(c, node);
  if (ts.isNonNullExpression(node)) return lowerLink(c, node.expression, chain);
  const before = lowerLink(c, node.expression, chain);
  const object = temporary(c, node.expression);
  assign(c, object, before.value);
  if (node.questionDotToken) endIfNullish(c, object, chain);
  const at = node.getStart();
  if (ts.isPropertyAccessExpression(node)) {
    return {
      value: code`${read(object, at)}.${text(node.name.text, node.name.getStart())}`,
      self: [read(object, at)],
    };
  }
  if (ts.isElementAccessExpression(node)) {
    const key = lowerValue(c, node.argumentExpression);
    return { value: code`${read(object, at)}[${key}]`, self: [read(object, at)] };
  }
  return { value: callLink(c, node, { object, self: before.self }), self: null };
}

/** `(o.m)?.(x)` has `o` as `this`: the start of a chain can be a member too. */
function lowerStart(c: MachineLowering, node: ts.Expression): Link {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) {
    return { value: lowerValue(c, node), self: null };
  }
  if (node.expression.kind === ts.SyntaxKind.SuperKeyword) return { value: lowerValue(c, node), self: null };
  const self = spill(c, lowerValue(c, node.expression), node.expression);
  if (ts.isPropertyAccessExpression(node))
    return { value: insideToCode(c, node, new Map([[node.expression, self]])), self };
  return { value: code`${self}[${lowerValue(c, node.argumentExpression)}]`, self };
}

function endIfNullish(c: MachineLowering, object: Variable, { ended }: Chain): void {
  const { draft } = c.machine;
  const next = openBlock(draft);
  const value = read(object, -1);
  endBlock(draft, {
    kind: "branch",
    test: code`${value} === null || ${value} === undefined`,
    yes: ended,
    no: next,
  });
  enterBlock(draft, next);
}

function callLink(
  c: MachineLowering,
  node: ts.CallExpression,
  { object, self }: { readonly object: Variable; readonly self: Code | null },
): Code {
  const overrides = lowerOperands(c, node.arguments.map(toElement));
  const args = joinCode(
    node.arguments.map((argument) => toCode(c, argument, overrides)),
    ", ",
  );
  if (startsOperation(c.unit.module.oracle.call(node))) {
    const number = numberOf(c, isAwaited(node) ? walkUpWrappers(node).parent : node);
    const name = JSON.stringify(toCalleeName(node.expression));
    return code`${c.unit.words.frame}.call(${String(number)}, ${name}, ${read(object, node.getStart())}, ${self ?? "undefined"}, [${args}])`;
  }
  return code`${c.unit.words.invoke}(${read(object, node.getStart())}, ${self ?? "undefined"}, [${args}], ${JSON.stringify(node.expression.getText())})`;
}

function printed(c: MachineLowering, node: ts.OptionalChain, overrides: Overrides): Code {
  const started = ts.isCallExpression(node) ? callCode(c, node, overrides) : null;
  return started ?? insideToCode(c, node, overrides);
}
