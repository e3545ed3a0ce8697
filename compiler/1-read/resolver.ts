import { posix } from "node:path";
import { ts } from "ts-morph";
import { OPERATION_METHODS, OPERATION_NAMES, RUNTIME_PACKAGE, type OperationName } from "../program.ts";
import type { Directive } from "./directiveSpelling.ts";
import { findDirectives, type Directives } from "./findDirectives.ts";
import { createOrigins, type Origin } from "./origin.ts";
import { skipWrappers } from "./wrappers.ts";

/**
 * Answers what a name in the program stands for. Everything that judges code by what it *is* asks here, and so goes by
 * declarations: an alias, a renamed import or `Math["random"]` is the same thing, a local called `fetch` is not.
 */
export interface Resolver {
  readonly checker: ts.TypeChecker;
  /** The symbol a name, a member access or an import stands for, seen through import aliases. */
  symbolOf(node: ts.Node): ts.Symbol | null;
  /** Like `symbolOf`, seen also through `const a = b`. */
  valueOf(expression: ts.Expression): ts.Symbol | null;
  /** Where a symbol comes from, or null for the project's own. */
  originOf(symbol: ts.Symbol): Origin | null;
  /** Where one declaration comes from, or null for the project's own. */
  originOfDeclaration(declaration: ts.Declaration): Origin | null;
  /** The project function, with its body, that an expression denotes for certain. */
  functionOf(expression: ts.Expression): ts.FunctionLikeDeclaration | null;
  /** The same for a symbol: its implementation among its declarations. */
  functionOfSymbol(symbol: ts.Symbol): ts.FunctionLikeDeclaration | null;
  /** The project class that a symbol denotes for certain. */
  classOfSymbol(symbol: ts.Symbol): ts.ClassLikeDeclaration | null;
  operationOf(expression: ts.Expression): OperationName | null;
  isProjectFile(file: ts.SourceFile): boolean;
  /** A file's path in ids and source names. */
  pathOf(file: ts.SourceFile): string;
  directivesOf(file: ts.SourceFile): Directives;
  markOf(node: ts.Node): Directive | null;
}

const OPERATIONS: ReadonlySet<string> = new Set(OPERATION_NAMES);

/** How many `const a = b` are followed: no author writes more, and a circular pair must end. */
const ALIASES_MAX = 20;

/**
 * The resolver of a program: one, however many checks ask for it, because what it has found out (directives, names of
 * packages, read from the disk) holds for all of them. A program never changes; its answers go when it goes.
 */
export function createResolver(program: ts.Program, root: string): Resolver {
  const known = resolvers.get(program);
  if (known?.root === root) return known.resolver;
  const resolver = makeResolver(program, root);
  resolvers.set(program, { root, resolver });
  return resolver;
}

const resolvers = new WeakMap<ts.Program, { readonly root: string; readonly resolver: Resolver }>();

/** Of a program of package code, in which all code counts as the project's own: it is there to be read on into. */
export function createPackageResolver(program: ts.Program): Resolver {
  const isProjectFile = (file: ts.SourceFile): boolean => !file.isDeclarationFile;
  return makeResolver(program, "", { ...createOrigins(program, ""), isProjectFile });
}

function makeResolver(program: ts.Program, root: string, origins = createOrigins(program, root)): Resolver {
  const checker = program.getTypeChecker();
  const directives = new Map<ts.SourceFile, Directives>();
  const lookup: Lookup = { checker, isProjectFile: origins.isProjectFile, symbols: new Map() };

  const originOf = (symbol: ts.Symbol): Origin | null => {
    const declaration = symbol.declarations?.[0];
    return declaration === undefined ? null : origins.find(declaration);
  };
  const directivesOf = (file: ts.SourceFile): Directives => {
    const known = directives.get(file);
    if (known !== undefined) return known;
    const found = findDirectives(file, toPath(root, file));
    directives.set(file, found);
    return found;
  };
  const functionOfSymbol = (symbol: ts.Symbol): ts.FunctionLikeDeclaration | null =>
    findFunction(lookup, symbol, ALIASES_MAX);

  return {
    checker,
    symbolOf: (node) => findSymbol(lookup, node),
    valueOf: (expression) => findValue(lookup, expression, ALIASES_MAX),
    originOf,
    originOfDeclaration: (declaration) => origins.find(declaration),
    functionOf(expression) {
      const inner = skipWrappers(expression);
      if (ts.isArrowFunction(inner) || ts.isFunctionExpression(inner)) return inner;
      const symbol = findSymbol(lookup, inner);
      return symbol === null ? null : functionOfSymbol(symbol);
    },
    functionOfSymbol,
    classOfSymbol: (symbol) => findClass(lookup, symbol),
    operationOf(expression) {
      const symbol = findValue(lookup, expression, ALIASES_MAX);
      const origin = symbol === null ? null : originOf(symbol);
      if (origin?.module !== RUNTIME_PACKAGE) return null;
      // A method of a context is the operation of its name.
      const name = origin.member.replace(/^DurableContext\./, "");
      return isOperation(name) ? name : (OPERATION_METHODS[name] ?? null);
    },
    isProjectFile: origins.isProjectFile,
    pathOf: (file) => toPath(root, file),
    directivesOf,
    markOf: (node) => directivesOf(node.getSourceFile()).marks.get(node) ?? null,
  };
}

/** A file's path in ids and source names: relative to the project's root, forward slashes. */
export function toPath(root: string, file: ts.SourceFile): string {
  return posix.relative(root, file.fileName);
}

interface Lookup {
  readonly checker: ts.TypeChecker;
  /** By name. TypeScript finds the type of what stands left of a dot again for each question. */
  readonly symbols: Map<ts.Node, ts.Symbol | null>;
  isProjectFile(file: ts.SourceFile): boolean;
}

function isOperation(name: string): name is OperationName {
  return OPERATIONS.has(name);
}

function findSymbol(lookup: Lookup, node: ts.Node): ts.Symbol | null {
  const name = toName(node);
  if (name === null) return null;
  const known = lookup.symbols.get(name);
  if (known !== undefined) return known;
  const found = askForSymbol(lookup.checker, name);
  lookup.symbols.set(name, found);
  return found;
}

function askForSymbol(checker: ts.TypeChecker, name: ts.Node): ts.Symbol | null {
  const symbol = ts.isShorthandPropertyAssignment(name.parent)
    ? checker.getShorthandAssignmentValueSymbol(name.parent)
    : checker.getSymbolAtLocation(name);
  if (symbol === undefined) return null;
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** The part of an expression that names it: `random` in `Math.random`, `"random"` in `Math["random"]`. */
function toName(node: ts.Node): ts.Node | null {
  const inner = ts.isExpression(node) ? skipWrappers(node) : node;
  if (ts.isPropertyAccessExpression(inner)) return inner.name;
  if (ts.isElementAccessExpression(inner))
    return ts.isStringLiteralLike(inner.argumentExpression) ? inner.argumentExpression : null;
  return ts.isIdentifier(inner) || ts.isPrivateIdentifier(inner) || ts.isStringLiteralLike(inner)
    ? inner
    : null;
}

function findValue(lookup: Lookup, expression: ts.Expression, aliasesLeft: number): ts.Symbol | null {
  const symbol = findSymbol(lookup, expression);
  if (symbol === null) return null;
  const value = findConstantValue(symbol);
  if (value === null || aliasesLeft === 0 || toName(value) === null) return symbol;
  return findValue(lookup, value, aliasesLeft - 1) ?? symbol;
}

/** The expression a `const` stands for. A pattern (`const { a } = b`) has no such expression of its own. */
function findConstantValue(symbol: ts.Symbol): ts.Expression | null {
  const declaration = symbol.valueDeclaration;
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return null;
  const isConstant = (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
  if (!isConstant || declaration.initializer === undefined || !ts.isIdentifier(declaration.name)) return null;
  return skipWrappers(declaration.initializer);
}

function findFunction(
  lookup: Lookup,
  symbol: ts.Symbol,
  aliasesLeft: number,
): ts.FunctionLikeDeclaration | null {
  for (const declaration of symbol.declarations ?? []) {
    if (!lookup.isProjectFile(declaration.getSourceFile())) continue;
    if (ts.isFunctionLike(declaration) && "body" in declaration && declaration.body !== undefined)
      return declaration;
  }
  const value = findConstantValue(symbol) ?? findPropertyValue(symbol);
  if (value === null) return null;
  if (ts.isArrowFunction(value) || ts.isFunctionExpression(value))
    return lookup.isProjectFile(value.getSourceFile()) ? value : null;
  const next = aliasesLeft === 0 ? null : findSymbol(lookup, value);
  return next === null ? null : findFunction(lookup, next, aliasesLeft - 1);
}

function findClass(lookup: Lookup, symbol: ts.Symbol): ts.ClassLikeDeclaration | null {
  const declaration = symbol.valueDeclaration;
  if (declaration === undefined || !lookup.isProjectFile(declaration.getSourceFile())) return null;
  if (ts.isClassLike(declaration)) return declaration;
  const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  const inner = value === undefined ? undefined : skipWrappers(value);
  return inner !== undefined && ts.isClassExpression(inner) ? inner : null;
}

/** The value of a property of an object literal: `charge` in `const services = { charge }`. */
function findPropertyValue(symbol: ts.Symbol): ts.Expression | null {
  const declaration = symbol.valueDeclaration;
  if (declaration === undefined) return null;
  // CommonJS: `exports.makeId = makeId` declares it.
  const assigned = ts.isPropertyAccessExpression(declaration) ? declaration.parent : declaration;
  if (ts.isBinaryExpression(assigned)) return skipWrappers(assigned.right);
  if (ts.isPropertyAssignment(declaration)) return skipWrappers(declaration.initializer);
  if (ts.isPropertyDeclaration(declaration) && declaration.initializer !== undefined)
    return skipWrappers(declaration.initializer);
  // The name of a shorthand resolves to the variable it names.
  return ts.isShorthandPropertyAssignment(declaration) ? declaration.name : null;
}
