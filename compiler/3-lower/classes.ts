/**
 * Classes that are made inside durable code. Like a closure, such a class is its code and what it captures; `extends` and
 * computed names are evaluated where it stands, in the language's order, and handed to its factory:
 *
 *     class Line extends Base { [await key()]() { return rate; } static made = log() }
 *     ->  Line = $fulfil_c1(rate, Base, $1)
 *         const $fulfil_c1 = $class(id, ($live, rate, $base, $k1) => class Line extends $base {
 *           [$k1]() { return rate; } static made = $live ? log() : undefined; });
 *
 * `$live` is false where a stored class is made again: its static fields come from the state, and its static blocks have
 * run. Async methods are durable; their shells hand on the captures. A class that cannot be lifted exactly stays as it is.
 */
import { ts } from "ts-morph";
import type { Code, LiftedClosure, Variable } from "../ir.ts";
import { isFunctionBoundary, isFunctionWithBody, type Binding } from "../1-read/scopes.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { isBoxed, toCapture } from "./closures.ts";
import { code, joinCode, readWhole, text } from "./code.ts";
import { findInferredName } from "./inferredName.ts";
import { lowerMachine } from "./lowerMachine.ts";
import { isMachine, type Lowering, type MachineLowering } from "./lowering.ts";
import { lowerOperands, type Operand } from "./operands.ts";
import { leadingParameters } from "./parameters.ts";
import { insideToCode, toCode, type Overrides } from "./toCode.ts";

/** The code that makes the class; null when it is printed where it stands. */
export function classCode(c: Lowering, node: ts.ClassLikeDeclaration, overrides: Overrides): Code | null {
  if (!canLift(c, node)) return null;
  const bindings = capturesOf(c, node);
  const known = c.closures.find((closure) => closure.node === node);
  const lifted = known ?? lift(c, node, bindings);
  if (known === undefined) c.closures.push(lifted);
  const captured = bindings.map((binding): Code => {
    const variable = c.variables.get(binding);
    return variable ? [readWhole(variable, node.getStart())] : [text(binding.name)];
  });
  const operands = operandsOf(node).map((operand): Code => {
    const value = overrides.get(operand.node) ?? toCode(c, operand.node);
    return operand.as === "key" ? code`${c.unit.words.toKey}(${value})` : value;
  });
  const made = code`${text(lifted.constant, node.getStart())}(${joinCode([...captured, ...operands], ", ")})`;
  const isNative = ts.isClassDeclaration(node) && node.name && !isManaged(c, node.name);
  return isNative ? code`let ${node.name.text} = ${made};` : made;
}

/** Evaluates `extends` and computed names, which may await, and makes the class. */
export function lowerClassValue(c: MachineLowering, node: ts.ClassLikeDeclaration): Code {
  if (!canLift(c, node)) return toCode(c, node);
  return toCode(c, node, lowerOperands(c, operandsOf(node)));
}

function isManaged(c: Lowering, name: ts.Identifier): boolean {
  const binding = c.unit.scopes.declared(name);
  return binding !== undefined && c.variables.has(binding);
}

export function canLift(c: Lowering, node: ts.Node): boolean {
  if (!isMachine(c) || !ts.isClassLike(node)) return false;
  const hasDecorators = [node, ...node.members].some(
    (at) => ts.canHaveDecorators(at) && (ts.getDecorators(at) ?? []).length > 0,
  );
  const isNested = ts.findAncestor(node.parent, (at) => at === c.fn || ts.isClassLike(at)) !== c.fn;
  if (hasDecorators || isNested || node.members.some(isObstacle)) return false;
  const bindings = capturesOf(c, node);
  if (bindings.some((binding) => !c.variables.has(binding) && isBoxed(c, binding))) return false;
  return node.members.every((member) => !hasDurable(c, member) || isSimpleMethod(c, member));
}

/** State that nothing outside the class could bring back. */
function isObstacle(member: ts.ClassElement): boolean {
  const isStatic = isStaticMember(member);
  const isPrivate = member.name !== undefined && ts.isPrivateIdentifier(member.name);
  const isAuto =
    ts.canHaveModifiers(member) &&
    (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AccessorKeyword);
  return isAuto || (isStatic && isPrivate && ts.isPropertyDeclaration(member));
}

function isStaticMember(member: ts.ClassElement): boolean {
  return (
    ts.canHaveModifiers(member) &&
    (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
  );
}

function hasDurable(c: Lowering, node: ts.Node): boolean {
  if (isFunctionWithBody(node) && c.unit.module.oracle.role(node) === "durable") return true;
  return ts.forEachChild(node, (child) => hasDurable(c, child) || undefined) ?? false;
}

/** An async method with a name, that needs nothing which only code in the class can reach. */
function isSimpleMethod(c: Lowering, member: ts.ClassElement): boolean {
  if (!ts.isMethodDeclaration(member) || c.unit.module.oracle.role(member) !== "durable") return false;
  if (ts.isPrivateIdentifier(member.name) || ts.isComputedPropertyName(member.name)) return false;
  if (member.asteriskToken) return false;
  const reaches = (node: ts.Node): boolean =>
    node.kind === ts.SyntaxKind.SuperKeyword ||
    ts.isPrivateIdentifier(node) ||
    (ts.forEachChild(node, (child) => reaches(child) || undefined) ?? false);
  return !reaches(member);
}

/** What members use of the functions around; the class's own name is its own. */
function capturesOf(c: Lowering, node: ts.ClassLikeDeclaration): readonly Binding[] {
  const found = new Set<Binding>();
  for (const member of node.members) {
    if (!isFunctionBoundary(member)) continue;
    for (const binding of c.unit.scopes.captures(member)) if (binding.scope.node !== node) found.add(binding);
  }
  return [...found].sort((a, b) => a.index - b.index);
}

/** In the order in which the language evaluates them. */
function operandsOf(node: ts.ClassLikeDeclaration): readonly Operand[] {
  const base = baseOf(node);
  const keys = keysOf(node).map((key): Operand => ({ node: key, as: "key" }));
  return base === null ? keys : [{ node: base }, ...keys];
}

function baseOf(node: ts.ClassLikeDeclaration): ts.Expression | null {
  const clause = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  return clause?.types[0]?.expression ?? null;
}

function keysOf(node: ts.ClassLikeDeclaration): readonly ts.Expression[] {
  return node.members.flatMap(({ name }) =>
    name && ts.isComputedPropertyName(name) ? [name.expression] : [],
  );
}

function lift(c: Lowering, node: ts.ClassLikeDeclaration, bindings: readonly Binding[]): LiftedClosure {
  const number = c.unit.closureNumbers.get(node) ?? 0;
  const { words } = c.unit;
  const captures = new Map(bindings.map((binding) => [binding, toCapture(c, binding)] as const));
  const base = baseOf(node);
  const keys = keysOf(node).map((_, index) => words.free(`${words.key}${index + 1}`));
  const inner: Lowering = { ...c, variables: captures, machine: null };
  return {
    kind: "class",
    id: `${c.unit.fn.id}.$c${number}`,
    constant: words.free(`${c.unit.constant}_c${number}`),
    node,
    captures: [...captures.values()],
    operands: [...(base === null ? [] : [words.base]), ...keys],
    inferredName: node.name === undefined ? findInferredName(node) : null,
    code: textOf(inner, node, { keys, methods: liftMethods(c, node) }),
    machine: null,
  };
}

interface Parts {
  readonly keys: readonly string[];
  readonly methods: ReadonlyMap<ts.Node, LiftedMethod>;
}

interface LiftedMethod {
  readonly constant: string;
  readonly captures: ReadonlyMap<Binding, Variable>;
}

/** The machines of async methods, which belong to the machine around. */
function liftMethods(c: Lowering, node: ts.ClassLikeDeclaration): Parts["methods"] {
  const methods = new Map<ts.Node, LiftedMethod>();
  for (const fn of node.members) {
    if (!ts.isMethodDeclaration(fn) || !isFunctionWithBody(fn) || fn.body === undefined) continue;
    if (c.unit.module.oracle.role(fn) !== "durable") continue;
    const number = c.unit.closureNumbers.get(fn) ?? 0;
    const bindings = [...c.unit.scopes.captures(fn)].sort((a, b) => a.index - b.index);
    const captures = new Map(bindings.map((binding) => [binding, toCapture(c, binding)] as const));
    const constant = c.unit.words.free(`${c.unit.constant}_${number}`);
    const id = `${c.unit.fn.id}.$${number}`;
    const name = fn.name.getText();
    const machine = lowerMachine(c.unit, { fn, id, name, constant: `${constant}m`, captures, seat: null });
    c.closures.push({
      kind: "method",
      id,
      constant,
      node: fn,
      captures: [...captures.values()],
      operands: [],
      inferredName: null,
      code: [],
      machine,
    });
    methods.set(fn, { constant, captures });
  }
  return methods;
}

/** The class's text, with what comes from outside in its place. */
function textOf(c: Lowering, node: ts.ClassLikeDeclaration, { keys, methods }: Parts): Code {
  const { words } = c.unit;
  const overrides = new Map<ts.Node, Code>((node.modifiers ?? []).map((modifier) => [modifier, []]));
  const base = baseOf(node);
  if (base !== null) overrides.set(base, [text(words.base, base.getStart())]);
  keysOf(node).forEach((key, index) => overrides.set(key, [text(keys[index] ?? "", key.getStart())]));
  for (const member of node.members) {
    const method = methods.get(member);
    if (method && ts.isMethodDeclaration(member)) overrides.set(member, methodCode(c, member, method));
    else if (ts.isClassStaticBlockDeclaration(member)) {
      overrides.set(member.body, code`{ if (${words.isLive}) ${toCode(c, member.body)} }`);
    } else if (ts.isPropertyDeclaration(member) && isStaticMember(member) && member.initializer) {
      const { initializer } = member;
      const isFunction = isFunctionWithBody(skipWrappers(initializer)) || ts.isClassExpression(initializer);
      const value = code`${words.isLive} ? (${toCode(c, initializer)}) : undefined`;
      if (!isFunction) overrides.set(initializer, value);
    }
  }
  const marks = [...methods].map(([member, method]) => markCode(c, member, method));
  const [first] = node.members;
  if (first !== undefined && marks.length > 0) {
    const own = overrides.get(first) ?? toCode(c, first, overrides);
    overrides.set(first, code`static { ${marks.flat()}}\n${own}`);
  }
  return insideToCode(c, node, overrides);
}

function markCode({ unit }: Lowering, member: ts.Node, { constant }: LiftedMethod): Code {
  if (!ts.isMethodDeclaration(member) || ts.isComputedPropertyName(member.name)) return [];
  const holder = isStaticMember(member) ? "this" : "this.prototype";
  return code`${unit.words.durable}(${holder}[${JSON.stringify(member.name.text)}], ${constant}m); `;
}

/** `m(a) { return $start($f_4m, this, arguments, $f_4(rate)); }` */
function methodCode(c: Lowering, fn: ts.MethodDeclaration, { constant, captures }: LiftedMethod): Code {
  const { words } = c.unit;
  const parameters = leadingParameters(fn, words.free).join(", ");
  const captured = [...captures.keys()].map((binding) => c.variables.get(binding)?.name ?? binding.name);
  const start = `${words.start}(${constant}m, this, arguments, ${constant}(${captured.join(", ")}))`;
  const modifier = isStaticMember(fn) ? "static " : "";
  return code`${modifier}${text(fn.name.getText(), fn.name.getStart())}(${parameters}) { return ${start}; }`;
}
