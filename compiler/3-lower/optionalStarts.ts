/**
 * A call behind `?.` that starts work: what stands before the `?.` is evaluated once, and nothing starts if it is nullish.
 *
 *     await client?.charge(order)     ->     ($1 = client) === null || $1 === undefined ? undefined
 *                                              : $f.call(1, "client.charge", $1.charge, $1, [order])
 */
import { ts } from "ts-morph";
import type { Code, Variable } from "../ir.ts";
import { skipWrappers, walkUpWrappers } from "../1-read/wrappers.ts";
import { argumentsCode, isAwaited } from "./calls.ts";
import { code, read, text } from "./code.ts";
import { numberOf, temporary, type MachineLowering } from "./lowering.ts";
import { toCode, type Overrides } from "./toCode.ts";
import { notYet } from "./unit.ts";

interface Optional {
  readonly name: string;
  readonly overrides: Overrides;
}

export function optionalStartCode(
  c: MachineLowering,
  call: ts.CallExpression,
  { name, overrides }: Optional,
): Code {
  const callee = skipWrappers(call.expression);
  const isMember = ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee);
  const before = isMember ? callee.expression : callee;
  const goesOn = ts.isOptionalChain(walkUpWrappers(call).parent) && !isAwaited(call);
  // In `a?.b.m()` an `a` that is missing ends the chain, a `b` that is missing is an error.
  const isInside = isMember && ts.isOptionalChain(before) && callee.questionDotToken === undefined;
  if (goesOn || isInside || isSuper(before)) {
    notYet(c.unit, call, {
      construct: "a call that starts work in the middle of an optional chain",
      way: "Put what stands before it into a variable first.",
    });
  }
  const number = String(numberOf(c, isAwaited(call) ? walkUpWrappers(call).parent : call));
  const args = argumentsCode(c, call, overrides);
  const start = (fn: Code, self: Code): Code =>
    code`${text(`${c.unit.words.frame}.call(`, call.getStart())}${number}, ${JSON.stringify(name)}, ${fn}, ${self}, [${args}])`;
  const object = temporary(c, before);
  const objectSet = code`(${write(object, before)} = ${toCode(c, before, overrides)})`;
  const self = [read(object, before.getStart())];
  if (!isMember) return code`(${unlessNullish(objectSet, self, start(self, [text("undefined")]))})`;
  const member = ts.isPropertyAccessExpression(callee)
    ? code`${self}.${text(callee.name.text, callee.name.getStart())}`
    : code`${self}[${toCode(c, callee.argumentExpression, overrides)}]`;
  if (!call.questionDotToken) return code`(${unlessNullish(objectSet, self, start(member, self))})`;
  const fn = temporary(c, callee);
  const fnSet = code`(${write(fn, callee)} = ${member})`;
  const called = unlessNullish(
    fnSet,
    [read(fn, callee.getStart())],
    start([read(fn, callee.getStart())], self),
  );
  if (callee.questionDotToken) return code`(${unlessNullish(objectSet, self, called)})`;
  return code`(${objectSet}, ${called})`;
}

function unlessNullish(set: Code, value: Code, then: Code): Code {
  return code`${set} === null || ${value} === undefined ? undefined : ${then}`;
}

function write(variable: Variable, node: ts.Node): Code[number] {
  return { kind: "write", variable, at: node.getStart(), sure: true };
}

function isSuper({ kind }: ts.Node): boolean {
  return kind === ts.SyntaxKind.SuperKeyword;
}
