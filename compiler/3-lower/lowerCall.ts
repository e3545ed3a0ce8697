/** Lowers calls with an await in the callee or the arguments: function and `this` are read before the arguments. */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import {
  argumentsCode,
  callCode,
  combinatorOf,
  isAwaited,
  startsOperation,
  toCallee,
  toStarted,
} from "./calls.ts";
import { code } from "./code.ts";
import { referenceOperands, toElement } from "./expressions.ts";
import { numberOf, spill, type MachineLowering } from "./lowering.ts";
import { hold, isStable, lowerOperands, type Operand } from "./operands.ts";
import { insideToCode, toCode, type Overrides } from "./toCode.ts";
import { toCalleeText } from "./calleeText.ts";
import { toSuperMember } from "./homes.ts";

export function lowerCall(c: MachineLowering, call: ts.CallExpression): Code {
  const meaning = c.unit.module.oracle.call(call);
  const callee = skipWrappers(call.expression);
  const args = call.arguments.map(toElement);
  if (callee.kind === ts.SyntaxKind.SuperKeyword || callee.kind === ts.SyntaxKind.ImportKeyword) {
    return printCall(c, call, lowerOperands(c, args));
  }
  if (meaning.kind === "promiseAll" || combinatorOf(c, call) !== null)
    return printCall(c, call, lowerOperands(c, args));
  const isStatic = toCallee(c, call).kind === "static";
  if (meaning.kind === "step" && isStatic) return printCall(c, call, lowerOperands(c, args));
  if (meaning.kind === "step" && ts.isPropertyAccessExpression(callee)) {
    return printCall(c, call, lowerOperands(c, [{ node: callee.expression }, ...args]));
  }
  if (meaning.kind === "step" && ts.isElementAccessExpression(callee)) {
    return printCall(c, call, lowerOperands(c, [...referenceOperands(callee), ...args]));
  }
  const argsAwait = args.some(({ node }) => c.unit.awaits.has(node));
  const isMember = ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee);
  if (isMember && argsAwait) return lowerMethod(c, call, { callee, args });
  const operands: readonly Operand[] = isMember
    ? referenceOperands(callee)
    : [{ node: call.expression, as: "callee" }];
  return printCall(c, call, lowerOperands(c, [...operands, ...args]));
}

function printCall(c: MachineLowering, call: ts.CallExpression, overrides: Overrides): Code {
  return callCode(c, call, overrides) ?? insideToCode(c, call, overrides);
}

interface Method {
  readonly callee: ts.PropertyAccessExpression | ts.ElementAccessExpression;
  readonly args: readonly Operand[];
}

/** `o.m(await x)`: evaluates `o`, then `o.m`, then the arguments, and calls with `this` = `o`. */
function lowerMethod(c: MachineLowering, call: ts.CallExpression, { callee, args }: Method): Code {
  const { fn, self } = holdMethod(c, call, callee);
  const overrides = lowerOperands(c, args);
  const meaning = c.unit.module.oracle.call(call);
  if (toStarted(meaning)?.kind === "dynamic") {
    const operands = new Map([...overrides, [call.expression, fn] as const, [call, self] as const]);
    return callCode(c, call, operands) ?? [];
  }
  const list = argumentsCode(c, call, overrides);
  const described = JSON.stringify(toCalleeText(callee));
  const invoked = code`${c.unit.words.invoke}(${fn}, ${self}, [${list}], ${described})`;
  if (!startsOperation(meaning) || isAwaited(call)) return invoked;
  return code`${c.unit.words.frame}.at(${String(numberOf(c, call))}, ${invoked})`;
}

/** A method, and the object it will be called on. */
export function holdMethod(
  c: MachineLowering,
  call: ts.CallExpression | ts.TaggedTemplateExpression,
  callee: Method["callee"],
): { readonly fn: Code; readonly self: Code } {
  const [object, key] = referenceOperands(callee);
  const ofSuper = ts.isCallExpression(call) ? toSuperMember(c, call) : null;
  const self = ofSuper?.self ?? (object ? held(c, object) : []);
  const reached = new Map<ts.Node, Code>(ofSuper === null ? [[callee.expression, self]] : []);
  if (key) reached.set(key.node, held(c, key));
  return { fn: spill(c, insideToCode(c, callee, reached), callee), self };
}

function held(c: MachineLowering, operand: Operand): Code {
  const value = c.unit.awaits.has(operand.node)
    ? (lowerOperands(c, [operand]).get(operand.node) ?? [])
    : toCode(c, operand.node);
  return isStable(c, operand, value) ? value : hold(c, operand, value);
}
