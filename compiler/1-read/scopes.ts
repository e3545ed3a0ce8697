/**
 * Lexical scopes of one file, from the syntax alone.
 *
 * Lowering must know for every name which variable it is, who assigns it and which functions capture it. The type
 * checker knows the first only, and one-file compilation has no checker; so the rules of the language are written
 * down here, once: blocks, hoisting, parameters, catch, `this` and `arguments` (which are variables of the nearest
 * function that is no arrow, and are captured by arrows like any other).
 *
 * Simplification that nothing can observe: a function's parameters and body share one scope, and so do a catch
 * clause's parameter and its block's parent.
 */
import { ts } from "ts-morph";
import { accessOf, isReference, type Access } from "./references.ts";

/** Code that runs at another time than the code around it. */
export type FunctionBoundary =
  ts.FunctionLikeDeclaration | ts.PropertyDeclaration | ts.ClassStaticBlockDeclaration;

export type BindingKind =
  | "parameter"
  | "var"
  | "let"
  | "const"
  | "function"
  | "class"
  | "catch"
  | "import"
  /** The own name of a function or class expression, seen only inside it. */
  | "ownName"
  | "this"
  | "arguments"
  /** Enums and namespaces. */
  | "other";

export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly scope: Scope;
  /** The identifiers that declare it; more than one for `var x; var x`, none for `this`. */
  readonly declarations: ts.Identifier[];
  readonly references: Reference[];
  /** Position in order of declaration, over the file. */
  readonly index: number;
}

export interface Reference {
  /** An identifier, `this`, or `super`, which uses `this`. */
  readonly node: ts.Node;
  readonly access: Access;
  /** The function whose code it stands in; null at module level. */
  readonly within: FunctionBoundary | null;
  /** Null for globals. */
  readonly binding: Binding | null;
}

export interface Scope {
  readonly node: ts.Node;
  readonly parent: Scope | null;
  /** The function it belongs to; null at module level. */
  readonly owner: FunctionBoundary | null;
  readonly bindings: Map<string, Binding>;
}

export interface Scopes {
  /** What an identifier or `this` refers to; undefined when it is no reference. */
  reference(node: ts.Node): Reference | undefined;
  /** The variable that an identifier declares. */
  declared(node: ts.Node): Binding | undefined;
  scope(node: ts.Node): Scope | undefined;
  /** Variables of outer functions that a function (or one inside it) uses. Module bindings are no captures. */
  captures(fn: FunctionBoundary): ReadonlySet<Binding>;
  /** Every name that occurs in the file, so that new ones can be told apart. */
  readonly names: ReadonlySet<string>;
}

interface Analysis {
  readonly scopes: Map<ts.Node, Scope>;
  readonly declared: Map<ts.Node, Binding>;
  readonly references: Map<ts.Node, Reference>;
  readonly captures: Map<FunctionBoundary, Set<Binding>>;
  readonly names: Set<string>;
}

export function findScopes(file: ts.SourceFile): Scopes {
  const analysis: Analysis = {
    scopes: new Map(),
    declared: new Map(),
    references: new Map(),
    captures: new Map(),
    names: new Set(),
  };
  const moduleScope = openScope(analysis, file, null);
  declareIn(analysis, file, moduleScope);
  resolveIn(analysis, file, moduleScope);
  return {
    reference: (node) => analysis.references.get(node),
    declared: (node) => analysis.declared.get(node),
    scope: (node) => analysis.scopes.get(node),
    captures: (fn) => analysis.captures.get(fn) ?? new Set(),
    names: analysis.names,
  };
}

export function isFunctionBoundary(node: ts.Node): node is FunctionBoundary {
  return isFunctionWithBody(node) || ts.isPropertyDeclaration(node) || ts.isClassStaticBlockDeclaration(node);
}

export function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node)
  );
}

/** Types have no run-time names in them; a class's `extends` is an expression although the API files it under types. */
export function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExpressionWithTypeArguments(node)) {
    return !ts.isHeritageClause(node.parent) || node.parent.token === ts.SyntaxKind.ImplementsKeyword;
  }
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isTypeParameterDeclaration(node)
  );
}

function openScope(analysis: Analysis, node: ts.Node, parent: Scope | null): Scope {
  const owner = isFunctionBoundary(node) ? node : (parent?.owner ?? null);
  const scope: Scope = { node, parent, owner, bindings: new Map() };
  analysis.scopes.set(node, scope);
  return scope;
}

function opensScope(node: ts.Node): boolean {
  if (ts.isBlock(node)) return !isFunctionBoundary(node.parent);
  return (
    isFunctionBoundary(node) ||
    ts.isForStatement(node) ||
    ts.isForInStatement(node) ||
    ts.isForOfStatement(node) ||
    ts.isCaseBlock(node) ||
    ts.isCatchClause(node) ||
    ts.isClassLike(node) ||
    ts.isModuleBlock(node)
  );
}

/** First walk: makes the scopes and puts every declaration into the right one. */
function declareIn(analysis: Analysis, node: ts.Node, scope: Scope): void {
  if (isTypeOnly(node)) return;
  if (ts.isIdentifier(node)) analysis.names.add(node.text);
  declareNode(analysis, node, scope);
  const inner = node !== scope.node && opensScope(node) ? openScope(analysis, node, scope) : scope;
  if (inner !== scope) declareOwnName(analysis, node, inner);
  ts.forEachChild(node, (child) => declareIn(analysis, child, inner));
}

/** A class declaration's name is declared twice: around it, and, never assigned, inside. */
function declareOwnName(analysis: Analysis, node: ts.Node, inner: Scope): void {
  if ((ts.isFunctionExpression(node) || ts.isClassExpression(node)) && node.name) {
    declare(analysis, node.name, { kind: "ownName", scope: inner });
  }
  if (ts.isClassDeclaration(node) && node.name) {
    addBinding(analysis, node.name.text, { kind: "ownName", scope: inner });
  }
}

function declareNode(analysis: Analysis, node: ts.Node, scope: Scope): void {
  if (ts.isVariableDeclaration(node)) declareVariable(analysis, node, scope);
  else if (ts.isParameter(node)) declarePattern(analysis, node.name, { kind: "parameter", scope });
  else if (ts.isFunctionDeclaration(node) && node.name) {
    declare(analysis, node.name, { kind: "function", scope });
  } else if (ts.isClassDeclaration(node) && node.name) declare(analysis, node.name, { kind: "class", scope });
  else if (ts.isEnumDeclaration(node)) declare(analysis, node.name, { kind: "other", scope });
  else if (ts.isModuleDeclaration(node) && ts.isIdentifier(node.name)) {
    declare(analysis, node.name, { kind: "other", scope });
  } else if (
    (ts.isImportClause(node) ||
      ts.isImportSpecifier(node) ||
      ts.isNamespaceImport(node) ||
      ts.isImportEqualsDeclaration(node)) &&
    node.name
  ) {
    declare(analysis, node.name, { kind: "import", scope });
  }
}

function declareVariable(analysis: Analysis, node: ts.VariableDeclaration, scope: Scope): void {
  if (ts.isCatchClause(node.parent)) return declarePattern(analysis, node.name, { kind: "catch", scope });
  const { flags } = node.parent;
  if ((flags & ts.NodeFlags.BlockScoped) === 0) {
    return declarePattern(analysis, node.name, { kind: "var", scope: functionScope(scope) });
  }
  declarePattern(analysis, node.name, { kind: (flags & ts.NodeFlags.Let) !== 0 ? "let" : "const", scope });
}

function functionScope(scope: Scope): Scope {
  let at = scope;
  while (at.parent !== null && !isFunctionBoundary(at.node) && !ts.isModuleBlock(at.node)) at = at.parent;
  return at;
}

interface Target {
  readonly kind: BindingKind;
  readonly scope: Scope;
}

function declarePattern(analysis: Analysis, name: ts.BindingName, target: Target): void {
  if (ts.isIdentifier(name)) {
    if (name.text !== "this") declare(analysis, name, target);
    return;
  }
  for (const element of name.elements) {
    if (ts.isBindingElement(element)) declarePattern(analysis, element.name, target);
  }
}

function declare(analysis: Analysis, name: ts.Identifier, target: Target): void {
  const known = target.scope.bindings.get(name.text);
  // `var` beside a parameter or another `var` of that name is the same variable; the rest cannot be written twice.
  const binding =
    known !== undefined && known.kind !== "ownName" ? known : addBinding(analysis, name.text, target);
  binding.declarations.push(name);
  analysis.declared.set(name, binding);
}

function addBinding(analysis: Analysis, name: string, { kind, scope }: Target): Binding {
  const index = analysis.declared.size;
  const binding: Binding = { name, kind, scope, declarations: [], references: [], index };
  scope.bindings.set(name, binding);
  return binding;
}

/** Second walk: finds the variable of every name. */
function resolveIn(analysis: Analysis, node: ts.Node, scope: Scope): void {
  if (isTypeOnly(node)) return;
  if (ts.isIdentifier(node) ? isReference(node) : isThis(node)) {
    addReference(analysis, node, scope);
  }
  const inner = analysis.scopes.get(node) ?? scope;
  ts.forEachChild(node, (child) => resolveIn(analysis, child, isOutside(node, child) ? scope : inner));
}

/** `super.x` uses `this` too. */
function isThis({ kind }: ts.Node): boolean {
  return kind === ts.SyntaxKind.ThisKeyword || kind === ts.SyntaxKind.SuperKeyword;
}

/** What stands in a function's node but runs where the function is made: a computed name, decorators. */
function isOutside(node: ts.Node, child: ts.Node): boolean {
  return isFunctionBoundary(node) && (ts.isDecorator(child) || ("name" in node && child === node.name));
}

function addReference(analysis: Analysis, node: ts.Node, scope: Scope): void {
  const name = ts.isIdentifier(node) ? node.text : "this";
  const isImplicit = name === "this" || name === "arguments";
  const found = isImplicit ? implicitBinding(analysis, name, scope) : lookUp(scope, name, node);
  const access = ts.isIdentifier(node) ? accessOf(node) : "read";
  const reference: Reference = { node, access, within: scope.owner, binding: found };
  analysis.references.set(node, reference);
  if (found === null) return;
  found.references.push(reference);
  addCaptures(analysis, found, scope);
}

function lookUp(scope: Scope, name: string, from: ts.Node): Binding | null {
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    const binding = at.bindings.get(name);
    if (binding !== undefined && !isBehind(binding, from)) return binding;
  }
  return null;
}

/** A parameter list does not see the variables of the body: `async (get = () => x) => { const x = 1; }`. */
function isBehind({ kind, declarations, scope: { node } }: Binding, from: ts.Node): boolean {
  if (kind === "parameter" || !isFunctionBoundary(node) || !("body" in node)) return false;
  const start = node.body?.pos ?? 0;
  return from.end <= start && from.pos >= node.pos && declarations.every(({ pos }) => pos >= start);
}

/** `this` and `arguments` become variables of their function when first used. */
function implicitBinding(analysis: Analysis, name: "this" | "arguments", scope: Scope): Binding | null {
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    if (isFunctionBoundary(at.node) && !ts.isArrowFunction(at.node)) {
      return at.bindings.get(name) ?? addBinding(analysis, name, { kind: name, scope: at });
    }
  }
  return null;
}

function addCaptures(analysis: Analysis, binding: Binding, from: Scope): void {
  if (binding.scope.owner === null) return;
  for (let at: Scope | null = from; at !== null && at.owner !== binding.scope.owner; at = at.parent) {
    if (at.owner === null) continue;
    const captured = analysis.captures.get(at.owner) ?? new Set();
    analysis.captures.set(at.owner, captured.add(binding));
  }
}
