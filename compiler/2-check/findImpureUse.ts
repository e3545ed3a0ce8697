/**
 * Judges one node: does it stand for something that answers differently each time? Decided by the declaration it
 * resolves to, so that `Math["random"]`, `const { random } = Math`, `import { env as e }`, an alias kept in another
 * module and `globalThis.fetch` are all found, and a parameter called `fetch` is not.
 */
import { ts } from "ts-morph";
import type { Origin } from "../1-read/origin.ts";
import { isReference } from "../1-read/references.ts";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import type { Config } from "../config.ts";
import { createImpureTable, toDisplayName, type ImpureFamily, type ImpureTable, type Use } from "./impure.ts";
import { createListed, type Listed } from "./listed.ts";
import type { PackageProgram } from "./packageCode.ts";

export interface ImpureUse {
  readonly family: ImpureFamily;
  readonly node: ts.Node;
  /** What it is, as people call it: `Date.now`. */
  readonly name: string;
}

export interface ImpureSearch {
  readonly resolver: Resolver;
  readonly table: ImpureTable;
  readonly listed: Listed;
  readonly program: ts.Program;
  /** True inside the code of a package, where less is an alarm. */
  readonly isPackage: boolean;
}

export function createSearch(program: ts.Program, root: string, config: Config): ImpureSearch {
  return {
    resolver: createResolver(program, root),
    table: createImpureTable(),
    listed: createListed(config, root),
    program,
    isPackage: false,
  };
}

/** The same search, for the code of a package. */
export function toPackageSearch(search: ImpureSearch, { program, resolver }: PackageProgram): ImpureSearch {
  return { ...search, program, resolver, isPackage: true };
}

/** `region` is the code being judged: an alias made inside it was found where it was made. */
export function findImpureUse(search: ImpureSearch, node: ts.Node, region: ts.Node): ImpureUse | null {
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) return findCallUse(search, node);
  if (ts.isBindingElement(node)) return findPatternUse(search, node);
  if (!isUsePlace(node)) return null;
  const origin = findOrigin(search, node, region);
  return origin === null ? findListedUse(search, node) : toUse(search, { node, ...origin });
}

/** A function of the project that the configuration names. */
function findListedUse({ resolver, listed }: ImpureSearch, node: ts.Expression): ImpureUse | null {
  const symbol = resolver.symbolOf(node);
  const declaration = symbol?.valueDeclaration;
  if (declaration === undefined || !listed.hasDeclaration("impure", declaration)) return null;
  return { family: "listed", node, name: node.getText() };
}

interface Found {
  readonly origin: Origin;
  readonly isCallable: boolean;
}

/** `Date()`, `new Date()` (but not `new Date(0)`), `new WebSocket(url)`, `formatter.format()`. */
function findCallUse(search: ImpureSearch, node: ts.NewExpression | ts.CallExpression): ImpureUse | null {
  const { resolver } = search;
  const argumentCount = node.arguments?.length ?? 0;
  const declaration = resolver.checker.getResolvedSignature(node)?.declaration;
  const signature = declaration === undefined ? null : resolver.originOfDeclaration(declaration);
  if (signature?.module === "language") {
    const isClock =
      signature.member === "DateConstructor"
        ? ts.isCallExpression(node) || argumentCount === 0
        : signature.member.startsWith("Intl.DateTimeFormat.format") && argumentCount === 0;
    const name = signature.member === "DateConstructor" ? toDateText(node) : "Intl.DateTimeFormat.format";
    if (
      isClock &&
      !search.listed.hasOrigin("pure", { module: "language", member: name.replace(/^new |\(\)$/g, "") })
    )
      return { family: "clock", node, name };
  }
  if (!ts.isNewExpression(node)) return null;
  const symbol = resolver.valueOf(node.expression);
  const origin = symbol === null ? null : resolver.originOf(symbol);
  const family =
    origin === null ? null : findFamily(search, origin, { use: "construction", isCallable: true });
  return origin === null || family === null ? null : { family, node, name: `new ${toDisplayName(origin)}` };
}

function toDateText(node: ts.NewExpression | ts.CallExpression): string {
  return ts.isNewExpression(node) ? "new Date()" : "Date()";
}

/** `{ random }` and `{ random: draw }` in `const { random } = Math`. */
function findPatternUse(search: ImpureSearch, node: ts.BindingElement): ImpureUse | null {
  if (!ts.isObjectBindingPattern(node.parent) || node.dotDotDotToken !== undefined) return null;
  const name = node.propertyName ?? node.name;
  if (!ts.isIdentifier(name) && !ts.isStringLiteral(name)) return null;
  const type = search.resolver.checker.getTypeAtLocation(node.parent);
  const symbol = search.resolver.checker.getPropertyOfType(type, name.text);
  if (symbol === undefined) return null;
  const origin = search.resolver.originOf(symbol);
  return origin === null
    ? null
    : toUse(search, { node: name, origin, isCallable: isCallable(search.resolver, symbol) });
}

/** Names and member accesses that are read as values. */
function isUsePlace(node: ts.Node): node is ts.Expression {
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return !isTested(node);
  if (!ts.isIdentifier(node) || !isReference(node)) return false;
  return !isTested(node) && !ts.isExportSpecifier(node.parent);
}

/** `typeof fetch === "function"` asks whether it is there, not what it answers. */
function isTested(node: ts.Node): boolean {
  return ts.isTypeOfExpression(node.parent);
}

function findOrigin(search: ImpureSearch, node: ts.Expression, region: ts.Node): Found | null {
  const { resolver } = search;
  const symbol = resolver.symbolOf(node);
  if (symbol === null) return null;
  const declaration = symbol.valueDeclaration;
  const own = resolver.originOf(symbol);
  if (own !== null) {
    const found = { origin: own, isCallable: isCallable(resolver, symbol) };
    // A package's own variable may be another name of something: `var nativeRandom = Math.random`.
    const isCode = declaration !== undefined && resolver.isProjectFile(declaration.getSourceFile());
    if (!isCode || findFamily(search, own, { use: "reference", isCallable: true }) !== null) return found;
  }
  if (declaration === undefined || isInside(declaration, region)) return null;
  const value = resolver.valueOf(node);
  const ofValue = value === null || value === symbol ? null : resolver.originOf(value);
  if (value !== null && ofValue !== null) return { origin: ofValue, isCallable: isCallable(resolver, value) };
  return isInferred(declaration) ? findSignatureOrigin(resolver, node) : null;
}

/** The declaration of the one function that a variable of inferred type can hold: `const { random } = Math`. */
function findSignatureOrigin(resolver: Resolver, node: ts.Expression): Found | null {
  const [signature] = resolver.checker.getTypeAtLocation(node).getCallSignatures();
  const declaration = signature?.declaration;
  const origin = declaration === undefined ? null : resolver.originOfDeclaration(declaration);
  return origin === null ? null : { origin, isCallable: true };
}

/** With a type of its own (`clock: typeof Date.now`) a variable may hold anything of that type, a fake clock too. */
function isInferred(declaration: ts.Declaration): boolean {
  if (ts.isBindingElement(declaration) || ts.isPropertyAssignment(declaration)) return true;
  if (!ts.isVariableDeclaration(declaration) || declaration.type !== undefined) return false;
  return declaration.initializer !== undefined && !ts.isCallExpression(skipWrappers(declaration.initializer));
}

function findFamily(
  { table, listed }: ImpureSearch,
  origin: Origin,
  { use, isCallable }: { readonly use: Use; readonly isCallable: boolean },
): ImpureFamily | null {
  if (listed.hasOrigin("pure", origin)) return null;
  return listed.hasOrigin("impure", origin) ? "listed" : table.find(origin, use, isCallable);
}

function toUse(search: ImpureSearch, found: Found & { readonly node: ts.Node }): ImpureUse | null {
  const { node, origin } = found;
  const family = findFamily(search, origin, { use: "reference", isCallable: found.isCallable });
  if (family === null || (family === "effects" && isOwnTarget(search.resolver, node))) return null;
  return { family, node, name: toDisplayName(origin) };
}

/** `const events = new EventTarget()` inside a function: nobody else can listen unless it was handed on. */
function isOwnTarget(resolver: Resolver, node: ts.Node): boolean {
  if (!ts.isPropertyAccessExpression(node)) return false;
  const declaration = resolver.symbolOf(node.expression)?.valueDeclaration;
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return false;
  const { initializer } = declaration;
  const isMade = initializer !== undefined && ts.isNewExpression(skipWrappers(initializer));
  return isMade && ts.findAncestor(declaration, ts.isFunctionLike) !== undefined;
}

/** Also `const statSync: StatSyncFn`, which is how some of Node's functions are declared. */
function isCallable({ checker }: Resolver, symbol: ts.Symbol): boolean {
  if ((symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Method)) !== 0) return true;
  if ((symbol.flags & ts.SymbolFlags.Variable) === 0) return false;
  return checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0;
}

function isInside(node: ts.Node, region: ts.Node): boolean {
  return node.getSourceFile() === region.getSourceFile() && node.pos >= region.pos && node.end <= region.end;
}
