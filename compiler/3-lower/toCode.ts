/**
 * Prints a piece of the author's program as it was written, with what must change in it changed: references to
 * managed variables, closures (lifted to the module), calls that start an operation, `return` and `break` that leave it.
 *
 *     total += prices.map((p) => p * rate)[0]     ->     total += prices.map($f_1(rate))[0]
 *
 * `overrides` puts other code in the place of some nodes: operands that were evaluated before an await.
 * Relies on: no await of this function is left in what is printed, except inside an override.
 */
import { ts } from "ts-morph";
import type { Code, Piece, Variable } from "../ir.ts";
import { invariant } from "../invariant.ts";
import { isAssignmentOperator, isUpdate } from "../1-read/references.ts";
import { isFunctionBoundary, isFunctionWithBody, isTypeOnly, type Reference } from "../1-read/scopes.ts";
import { callCode, isPromiseMaker, isSymbolMaker } from "./calls.ts";
import { classCode } from "./classes.ts";
import { checkClassCaptures, closureCode } from "./closures.ts";
import { code, joinCode, text } from "./code.ts";
import { askedCode, deadCode, findAsking, isInClassHead, keptCode } from "./deadZones.ts";
import { newTargetCode, superCode } from "./homes.ts";
import { leaveText, staysInside } from "./exits.ts";
import { isMachine, type Lowering } from "./lowering.ts";
import { notYet } from "./unit.ts";

export type Overrides = ReadonlyMap<ts.Node, Code>;

const NONE: Overrides = new Map();

/** What is printed, and how far. */
interface Walk {
  readonly c: Lowering;
  readonly root: ts.Node;
  readonly overrides: Overrides;
  readonly pieces: Piece[];
  /** The author's text up to here is printed. */
  at: number;
}

export function toCode(c: Lowering, node: ts.Node, overrides: Overrides = NONE): Code {
  const walk: Walk = { c, root: node, overrides, pieces: [], at: node.getStart() };
  visit(walk, node);
  return finish(walk, node.end);
}

/** Like `toCode`, for a node whose own replacement is being made: only what is inside is replaced. */
export function insideToCode(c: Lowering, node: ts.Node, overrides: Overrides = NONE): Code {
  const walk: Walk = { c, root: node, overrides, pieces: [], at: node.getStart() };
  ts.forEachChild(node, (child) => visit(walk, child));
  return finish(walk, node.end);
}

function finish(walk: Walk, end: number): Code {
  copyTo(walk, end);
  return walk.pieces;
}

function copyTo(walk: Walk, end: number): void {
  if (end > walk.at) walk.pieces.push({ kind: "source", start: walk.at, end });
  walk.at = end;
}

function visit(walk: Walk, node: ts.Node): void {
  if (isTypeOnly(node)) return;
  const replacement = walk.overrides.get(node) ?? replace(walk, node);
  if (replacement === null) return ts.forEachChild(node, (child) => visit(walk, child));
  copyTo(walk, node.getStart());
  walk.pieces.push(...replacement);
  walk.at = node.end;
}

function replace({ c, root, overrides }: Walk, node: ts.Node): Code | null {
  if (ts.isIdentifier(node) || node.kind === ts.SyntaxKind.ThisKeyword) return nameCode(c, node);
  if (ts.isShorthandPropertyAssignment(node)) return shorthandCode(c, node);
  if (ts.isCallExpression(node)) return callCode(c, node, overrides);
  if (ts.isExpression(node)) {
    const assigned = assignmentCode(c, node, overrides);
    if (assigned !== null) return assigned;
  }
  if (isFunctionWithBody(node)) return closureCode(c, node, overrides);
  // A field's value and a static block run at another time, as functions do.
  if (isMachine(c) && isFunctionBoundary(node)) return insideToCode({ ...c, machine: null }, node, overrides);
  if (ts.isClassLike(node)) return classCode(c, node, overrides) ?? checkClassCaptures(c, node);
  if (isMachine(c)) {
    if (ts.isVariableDeclarationList(node)) return varCode(c, node, overrides);
    if (isLeave(node) && !staysInside(node, root)) {
      const value =
        ts.isReturnStatement(node) && node.expression ? toCode(c, node.expression, overrides) : null;
      return leaveText(c, node, { root, value });
    }
    // What is refused is still walked to its end, so that one run finds everything that is refused.
    const isRefused = c.unit.diagnostics.length > 0;
    invariant(
      isRefused || !(ts.isAwaitExpression(node) || ts.isYieldExpression(node)),
      `an await at ${node.getStart()} is printed as it was`,
    );
  }
  if (ts.isMetaProperty(node)) return newTargetCode(c, node);
  return node.kind === ts.SyntaxKind.SuperKeyword ? superCode(c, node) : null;
}

function isLeave(node: ts.Node): node is ts.ReturnStatement | ts.BreakOrContinueStatement {
  return ts.isReturnStatement(node) || ts.isBreakOrContinueStatement(node);
}

function nameCode(c: Lowering, node: ts.Node): Code | null {
  const reference = c.unit.scopes.reference(node);
  const binding = reference?.binding ?? null;
  if (reference === undefined) return null;
  if (binding === null && isSymbolMaker(c, node)) return [text(c.unit.words.symbol, node.getStart())];
  if (binding === null && isPromiseMaker(c, node)) return [text(c.unit.words.Promise, node.getStart())];
  if (binding === null)
    return node.kind === ts.SyntaxKind.ThisKeyword ? [text("undefined", node.getStart())] : null;
  if (isInClassHead(reference)) return deadCode(c, node);
  const variable = c.variables.get(binding);
  if (variable === undefined) return null;
  checkAsking(c, reference);
  checkConstant(c, reference);
  const found = askedCode(c, node, referenceCode(variable, reference));
  // `fact(n)` has no `this`; `fact.v(n)` would have the box.
  return variable.boxed && isCallee(node) ? code`(0, ${found})` : found;
}

function isCallee(node: ts.Node): boolean {
  const { parent } = node;
  return (ts.isCallExpression(parent) && parent.expression === node) || ts.isTaggedTemplateExpression(parent);
}

export function referenceCode(variable: Variable, { node, access }: Reference): Code {
  const at = node.getStart();
  if (access === "read") return [{ kind: "read", variable, at }];
  const write: Piece = { kind: "write", variable, at, sure: false };
  // Read and written by one name in the text: `x += 1`.
  return access === "both" ? [{ kind: "read", variable, at }, markWritten(write)] : [write];
}

/** `x++` prints its name once; the write is there for the analyses only. */
function markWritten(write: Extract<Piece, { kind: "write" }>): Piece {
  return { ...write, silent: true };
}

/** A target inside a pattern that its own declaration has not run for: there is no place to ask. */
function checkAsking(c: Lowering, { node, binding, access }: Reference): void {
  if (access === "read" || !c.unit.deadZones.asking.has(node)) return;
  notYet(c.unit, node, {
    construct: `an assignment to '${binding?.name}' that may run before its declaration`,
    way: `Declare '${binding?.name}' above, or give it a first value there.`,
  });
}

/** `x = v`, `x += v`, `x++` before the declaration of `x` ran: the value comes first in the first only. */
function assignmentCode(c: Lowering, node: ts.Expression, overrides: Overrides): Code | null {
  const assigned = assignedBy(node);
  const name = assigned && findAsking(c, assigned);
  const reference = name && c.unit.scopes.reference(name);
  const variable = reference?.binding && c.variables.get(reference.binding);
  if (!name || !reference || !variable) return null;
  const target = referenceCode(variable, reference);
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) {
    const whole = insideToCode(c, node, new Map([...overrides, [name, target]]));
    return code`(${askedCode(c, name, [{ kind: "read", variable, at: name.getStart() }])}, ${whole})`;
  }
  return code`${target} = ${keptCode(c, name, toCode(c, node.right, overrides))}`;
}

/** Native code throws when it gets there; a slot would take the value. */
function checkConstant(c: Lowering, { node, binding, access }: Reference): void {
  if (access === "read" || binding?.kind !== "const") return;
  notYet(c.unit, node, {
    construct: `an assignment to the constant '${binding.name}'`,
    way: "Declare it with 'let'.",
  });
}

function assignedBy(node: ts.Expression): ts.Expression | null {
  if (ts.isBinaryExpression(node)) return isAssignmentOperator(node.operatorToken.kind) ? node.left : null;
  const isUnary = ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node);
  return isUnary && isUpdate(node) ? node.operand : null;
}

/** `{ order }` keeps its short form where the variable prints under its own name. */
function shorthandCode(c: Lowering, node: ts.ShorthandPropertyAssignment): Code | null {
  const binding = c.unit.scopes.reference(node.name)?.binding;
  const variable = binding ? c.variables.get(binding) : undefined;
  const keepsForm = variable?.name === node.name.text && !variable.boxed;
  if (variable === undefined || (keepsForm && !c.unit.deadZones.asking.has(node.name))) return null;
  const value = nameCode(c, node.name) ?? [];
  const initial = node.objectAssignmentInitializer;
  return code`${toPropertyName(node.name.text)}: ${value}${initial ? code` = ${toCode(c, initial)}` : []}`;
}

/** `{ __proto__ }` is a property like any other, `{ __proto__: x }` is the prototype. */
export function toPropertyName(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : name;
}

/** A `var` inside a verbatim statement: the variable is the machine's, so only its assignments stay. */
function varCode(c: Lowering, node: ts.VariableDeclarationList, overrides: Overrides): Code | null {
  if ((node.flags & ts.NodeFlags.BlockScoped) !== 0) return null;
  const inHead = ts.isForInStatement(node.parent) || ts.isForOfStatement(node.parent);
  const parts = node.declarations
    .filter(({ initializer }) => initializer !== undefined || inHead)
    .map((declaration): Code => {
      const target = patternCode(c, declaration.name, false);
      const value = declaration.initializer && toCode(c, declaration.initializer, overrides);
      const assignment = value ? code`${target} = ${value}` : target;
      return !inHead && ts.isObjectBindingPattern(declaration.name) ? code`(${assignment})` : assignment;
    });
  return [
    ...separatorOf(node),
    ...(parts.length === 0 ? [text("undefined")] : joinCode(parts, ", ")),
    ...endOf(node),
  ];
}

/** Without `var`, a pattern would continue the line above, if that has no semicolon. */
function separatorOf({ parent, declarations }: ts.VariableDeclarationList): Code {
  const isPattern = declarations.some(({ name }) => !ts.isIdentifier(name));
  const inList = ts.isVariableStatement(parent) && isStatementList(parent.parent);
  return isPattern && inList ? [text(";")] : [];
}

function isStatementList(node: ts.Node): boolean {
  return ts.isBlock(node) || ts.isCaseOrDefaultClause(node);
}

/** And the line below would continue this one. */
function endOf({ parent }: ts.VariableDeclarationList): Code {
  return ts.isVariableStatement(parent) && !parent.getText().endsWith(";") ? [text(";")] : [];
}

/** A binding pattern as an assignment pattern: `{ a, b: [c = 1] }` to `{ a, b: [c.v = 1] }`. `sure`: a declaration. */
export function patternCode(c: Lowering, name: ts.BindingName, sure: boolean): Code {
  if (ts.isIdentifier(name)) {
    const binding = c.unit.scopes.declared(name);
    const variable = binding && c.variables.get(binding);
    invariant(variable !== undefined, `${name.text} is declared, but is no variable of the machine`);
    return [{ kind: "write", variable, at: name.getStart(), sure }];
  }
  const elements = name.elements.map((element): Code => {
    if (ts.isOmittedExpression(element)) return [];
    const target = patternCode(c, element.name, sure);
    const initial = element.initializer ? code` = ${toCode(c, element.initializer)}` : [];
    if (element.dotDotDotToken) return code`...${target}`;
    if (ts.isArrayBindingPattern(name)) return code`${target}${initial}`;
    return code`${propertyCode(c, element)}: ${target}${initial}`;
  });
  const inner = elements.flatMap((element, index) => (index === 0 ? element : [text(", "), ...element]));
  if (ts.isObjectBindingPattern(name)) return code`{ ${inner} }`;
  // A hole at the end needs its comma.
  const last = name.elements.at(-1);
  return code`[${inner}${last && ts.isOmittedExpression(last) ? "," : ""}]`;
}

function propertyCode(c: Lowering, element: ts.BindingElement): Code {
  if (element.propertyName) return toCode(c, element.propertyName);
  return [{ kind: "source", start: element.name.getStart(), end: element.name.end }];
}
