/**
 * Prints calls by what they mean.
 *
 *     await reserve(order)           $f.step(1, "reserve", [order])      and calls: { 1: ($a1) => reserve($a1) }
 *     const p = wait({ hours: 1 })   $f.at(2, wait({ hours: 1 }))
 *     await handlers[k](order)       ($1 = handlers, $f.call(3, "handlers[k]", $1[k], $1, [order]))
 *     Promise.all([...])             $all([...])
 *
 * Operands that had to be evaluated before an await come in as overrides.
 */
import { ts } from "ts-morph";
import { SYNC_OPERATIONS, type CallMeaning } from "../program.ts";
import { toCalleeName } from "../1-read/calleeName.ts";
import type { Code, Variable } from "../ir.ts";
import { skipWrappers, walkUpWrappers } from "../1-read/wrappers.ts";
import { toCalleeText } from "./calleeText.ts";
import { code, joinCode, read, text } from "./code.ts";
import { toSuperMember } from "./homes.ts";
import { temporary, numberOf, isMachine, type Lowering, type MachineLowering } from "./lowering.ts";
import { insideToCode, toCode, type Overrides } from "./toCode.ts";
import { notYet } from "./unit.ts";
import { bindCode, importCode } from "./values.ts";
import { closureCallCode } from "./closureCalls.ts";
import { optionalStartCode } from "./optionalStarts.ts";

export function isAwaited(call: ts.Node): boolean {
  return ts.isAwaitExpression(walkUpWrappers(call).parent);
}

/** True for a call that starts an operation, so that it has a number even when it is not awaited. */
export function startsOperation(meaning: CallMeaning): boolean {
  switch (meaning.kind) {
    case "operation":
      return !SYNC_OPERATIONS.has(meaning.operation);
    case "task":
    case "step":
    case "dynamic":
      return true;
    case "promiseAll":
    case "plain":
      return false;
  }
}

/** The code of a call, or null when it is printed as any other expression. */
export function callCode(c: Lowering, call: ts.CallExpression, overrides: Overrides): Code | null {
  if (!c.lifts && !isMachine(c)) return null;
  const meaning = c.unit.module.oracle.call(call);
  const combinator = meaning.kind === "promiseAll" ? "all" : combinatorOf(c, call);
  if (combinator !== null) return code`${c.unit.words[combinator]}(${argumentsCode(c, call, overrides)})`;
  const printed =
    superCallCode(c, call, overrides) ?? importCode(c, call, overrides) ?? bindCode(c, call, overrides);
  if (!startsOperation(meaning)) return printed;
  if (!isMachine(c) || c.machine.generator === "sync")
    return closureCallCode(c, call, { meaning: toStarted(meaning), overrides }) ?? printed;
  const started = ts.isOptionalChain(call) ? toStartedOptional(meaning, call) : toStarted(meaning);
  if (started !== null) return startCode(c, call, { meaning: started, overrides });
  if (isAwaited(call)) return printed;
  const number = numberOf(c, call);
  return code`${text(`${c.unit.words.frame}.at(`, call.getStart())}${String(number)}, ${printed ?? insideToCode(c, call, overrides)})`;
}

/** What is started by a word of the frame. A method that may have been replaced is looked at when it is called. */
export function toStarted(meaning: CallMeaning): Start["meaning"] | null {
  if (meaning.kind === "step" || meaning.kind === "dynamic") return meaning;
  if (meaning.kind !== "task" || meaning.open === undefined) return null;
  return { kind: "dynamic", name: meaning.open };
}

/** Behind `?.`, every start is a word of the frame. */
function toStartedOptional(meaning: CallMeaning, call: ts.CallExpression): Start["meaning"] | null {
  return toStarted(meaning) ?? { kind: "dynamic", name: toCalleeName(call.expression) };
}

/** `super.m(x)` has `this` as its `this`; null for other calls, and where `super` stays as it is. */
function superCallCode(c: Lowering, call: ts.CallExpression, overrides: Overrides): Code | null {
  const member = toSuperMember(c, call);
  if (member === null) return null;
  if (ts.isOptionalChain(call)) {
    notYet(c.unit, call, {
      construct: "an optional call of 'super'",
      way: "Test with 'if' first, then call.",
    });
  }
  const { callee, self } = member;
  const args = argumentsCode(c, call, overrides);
  const fn = toCode(c, callee, overrides);
  return code`${c.unit.words.invoke}(${fn}, ${self}, [${args}], ${JSON.stringify(toCalleeText(callee))})`;
}

/** `Promise.race` and its kin, of the global `Promise`: the runtime has them in a form that a state can hold. */
export function combinatorOf(c: Lowering, call: ts.CallExpression): "allSettled" | "any" | "race" | null {
  const callee = skipWrappers(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || ts.isOptionalChain(call)) return null;
  const object = skipWrappers(callee.expression);
  const isGlobal =
    ts.isIdentifier(object) && object.text === "Promise" && !c.unit.scopes.reference(object)?.binding;
  const { text: name } = callee.name;
  return isGlobal && (name === "allSettled" || name === "any" || name === "race") ? name : null;
}

const MAKERS: ReadonlySet<string> = new Set(["resolve", "reject", "withResolvers"]);

/** The global `Promise` of `new Promise(...)` and `Promise.resolve(...)`: the runtime makes promises that a state can hold. */
export function isPromiseMaker(c: Lowering, node: ts.Node): boolean {
  if (!ts.isIdentifier(node) || node.text !== "Promise" || (!c.lifts && !isMachine(c))) return false;
  const { parent } = walkUpWrappers(node);
  if (ts.isNewExpression(parent)) return skipWrappers(parent.expression) === node;
  if (!ts.isPropertyAccessExpression(parent) || !MAKERS.has(parent.name.text)) return false;
  const callee = walkUpWrappers(parent);
  return ts.isCallExpression(callee.parent) && callee.parent.expression === callee;
}

/** The global `Symbol` of `Symbol()`: a symbol that nobody but the state has, so that a restart may make it again. */
export function isSymbolMaker(c: Lowering, node: ts.Node): boolean {
  if (!ts.isIdentifier(node) || node.text !== "Symbol" || (!c.lifts && !isMachine(c))) return false;
  const callee = walkUpWrappers(node);
  return ts.isCallExpression(callee.parent) && callee.parent.expression === callee;
}

/** How a step's or dynamic call's function is reached. */
export type Callee =
  /** By a name of the module: the body can be a thunk. */
  | { readonly kind: "static" }
  /** A member of a value. */
  | {
      readonly kind: "member";
      readonly node: ts.PropertyAccessExpression | ts.ElementAccessExpression;
      readonly receiver: ts.Expression;
    }
  /** A value. */
  | { readonly kind: "value" };

export function toCallee(c: Lowering, call: ts.CallExpression): Callee {
  const node = skipWrappers(call.expression);
  if (isModulePath(c, node)) return { kind: "static" };
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    return { kind: "member", node, receiver: node.expression };
  }
  return { kind: "value" };
}

function isModulePath(c: Lowering, node: ts.Expression): boolean {
  const inner = skipWrappers(node);
  if (ts.isPropertyAccessExpression(inner)) return isModulePath(c, inner.expression);
  if (!ts.isIdentifier(inner)) return false;
  const binding = c.unit.scopes.reference(inner)?.binding ?? null;
  return binding === null || binding.scope.owner === null;
}

export interface Start {
  readonly meaning: Extract<CallMeaning, { kind: "step" | "dynamic" }>;
  readonly overrides: Overrides;
}

function startCode(c: MachineLowering, call: ts.CallExpression, { meaning, overrides }: Start): Code {
  if (ts.isOptionalChain(call)) return optionalStartCode(c, call, { name: meaning.name, overrides });
  const callee = toCallee(c, call);
  const ofSuper = toSuperMember(c, call);
  const number = numberOf(c, isAwaited(call) ? walkUpWrappers(call).parent : call);
  if (ofSuper !== null) {
    const operands = new Map([...overrides, [call, overrides.get(call) ?? ofSuper.self] as const]);
    return dynamicCode(c, call, {
      number,
      name: meaning.name,
      callee: { kind: "value" },
      overrides: operands,
    });
  }
  if (meaning.kind === "dynamic" || callee.kind === "value") {
    return dynamicCode(c, call, { number, name: meaning.name, callee, overrides });
  }
  const args = argumentsCode(c, call, overrides);
  const head = text(
    `${c.unit.words.frame}.step(${number}, ${JSON.stringify(meaning.name)}, `,
    call.getStart(),
  );
  c.machine.calls.push({ checkpoint: number, code: bodyCode(c, call, callee) });
  if (callee.kind === "static") {
    const options = meaning.optioned ? code`, ${toCode(c, call.expression)}.step` : [];
    return code`${head}[${args}]${options})`;
  }
  const { node } = callee;
  const receiver = toCode(c, callee.receiver, overrides);
  const key = ts.isElementAccessExpression(node)
    ? code`, ${toCode(c, node.argumentExpression, overrides)}`
    : [];
  return code`${head}[${receiver}${key}${args.length > 0 ? ", " : ""}${args}])`;
}

/** What runs when the step runs: `($o, $a1, $a2) => $o.send($a1, $a2)`. */
export function bodyCode(c: Lowering, call: ts.CallExpression, callee: Callee): Code {
  const { self, key } = c.unit.words;
  const passed = passedArguments(c, call);
  const list = joinCode(passed, ", ");
  if (callee.kind !== "member") return code`(${list}) => ${toCode(c, call.expression)}(${list})`;
  const { node } = callee;
  if (ts.isElementAccessExpression(node))
    return code`(${joinCode([[text(self)], [text(key)], ...passed], ", ")}) => ${self}[${key}](${list})`;
  const name = text(node.name.text, node.name.getStart());
  return code`(${joinCode([[text(self)], ...passed], ", ")}) => ${self}.${name}(${list})`;
}

/** One name for each argument, or a rest where the text does not tell how many there are. */
function passedArguments({ unit: { words } }: Lowering, call: ts.CallExpression): readonly Code[] {
  if (call.arguments.some(ts.isSpreadElement)) return [code`...${words.args}`];
  return call.arguments.map((_, index) => [text(words.free(`${words.args}${index + 1}`))]);
}

interface Dynamic {
  readonly number: number;
  readonly name: string;
  readonly callee: Callee;
  readonly overrides: Overrides;
}

/** `$f.call(n, name, fn, self, [args])`, with the receiver evaluated once. */
function dynamicCode(
  c: MachineLowering,
  call: ts.CallExpression,
  { number, name, callee, overrides }: Dynamic,
): Code {
  const head = text(`${c.unit.words.frame}.call(${number}, ${JSON.stringify(name)}, `, call.getStart());
  const args = argumentsCode(c, call, overrides);
  if (callee.kind !== "member" || overrides.has(call.expression)) {
    const self = overrides.get(call) ?? [text("undefined")];
    return code`${head}${toCode(c, call.expression, overrides)}, ${self}, [${args}])`;
  }
  const held = temporary(c, callee.receiver);
  const at = call.getStart();
  const fn = memberCode(c, { node: callee.node, self: held, overrides });
  const set: Code = [{ kind: "write", variable: held, at, sure: true }];
  return code`(${set} = ${toCode(c, callee.receiver, overrides)}, ${head}${fn}, ${read(held, at)}, [${args}]))`;
}

interface Member {
  readonly node: ts.PropertyAccessExpression | ts.ElementAccessExpression;
  readonly self: Variable;
  readonly overrides: Overrides;
}

function memberCode(c: Lowering, { node, self, overrides }: Member): Code {
  const object = read(self, node.getStart());
  if (ts.isElementAccessExpression(node))
    return code`${object}[${toCode(c, node.argumentExpression, overrides)}]`;
  return code`${object}.${text(node.name.text, node.name.getStart())}`;
}

export function argumentsCode(
  c: Lowering,
  call: ts.CallExpression | ts.NewExpression,
  overrides: Overrides,
): Code {
  return joinCode(
    (call.arguments ?? []).map((argument) => toCode(c, argument, overrides)),
    ", ",
  );
}
