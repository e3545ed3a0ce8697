/**
 * Calls that start work inside a function that is no durable one: there is no frame of its own, so the words find the
 * one that runs when the function is called.
 *
 *     orders.map((order) => reserve(order))      ->      (order) => $step($fulfil, -1, "reserve", [order])
 *
 * Where no frame runs (the function was handed to a step, or is called back by foreign code) the call is an ordinary one.
 */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { argumentsCode, bodyCode, toCallee, type Callee, type Start } from "./calls.ts";
import { code, text } from "./code.ts";
import type { Lowering } from "./lowering.ts";
import { toCode } from "./toCode.ts";
import { notYet } from "./unit.ts";

export function closureCallCode(
  c: Lowering,
  call: ts.CallExpression,
  { meaning, overrides }: Omit<Start, "meaning"> & { readonly meaning: Start["meaning"] | null },
): Code | null {
  if (meaning === null) return null;
  const callee = toCallee(c, call);
  const isSuper = callee.kind === "member" && callee.receiver.kind === ts.SyntaxKind.SuperKeyword;
  if (ts.isOptionalChain(call) || isSuper) {
    notYet(c.unit, call, {
      construct: `the call of '${meaning.name}' with '${isSuper ? "super" : "?."}' inside a function that is not async`,
      way: "Make the function around it async.",
    });
    return null;
  }
  const name = JSON.stringify(meaning.name);
  const args = argumentsCode(c, call, overrides);
  if (meaning.kind === "step" && callee.kind === "static") {
    const number = nextNumber(c);
    c.around.calls.push({ checkpoint: number, code: bodyCode(c, call, callee) });
    const options = meaning.optioned ? code`, ${toCode(c, call.expression)}.step` : [];
    const head = `${c.unit.words.stepHere}(${c.around.constant}, ${number}, ${name}, [`;
    return code`${text(head, call.getStart())}${args}]${options})`;
  }
  const target = targetCode(c, call, callee);
  return code`${text(`${c.unit.words.callHere}(${name}, `, call.getStart())}${target}, [${args}])`;
}

/** Function and `this`, evaluated before the arguments. */
function targetCode(c: Lowering, call: ts.CallExpression, callee: Callee): Code {
  if (callee.kind !== "member") return code`${toCode(c, call.expression)}, undefined`;
  const { node, receiver } = callee;
  const key = ts.isElementAccessExpression(node)
    ? toCode(c, node.argumentExpression)
    : JSON.stringify(node.name.text);
  if (ts.isPropertyAccessExpression(node) && ts.isPrivateIdentifier(node.name)) {
    notYet(c.unit, node, {
      construct: "the call of a private method inside a function that is not async",
      way: "Make the function around it async.",
    });
  }
  return code`...${c.unit.words.memberOf}(${toCode(c, receiver)}, ${key})`;
}

function nextNumber({ around }: Lowering): number {
  return -1 - around.calls.filter(({ checkpoint }) => checkpoint < 0).length;
}
