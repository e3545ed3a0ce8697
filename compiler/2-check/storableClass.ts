/** Whether instances of a class can be written: by whose class it is, what it extends, and what it hides. */
import { ts } from "ts-morph";
import type { Origin } from "../1-read/origin.ts";
import type { Resolver } from "../1-read/resolver.ts";
import { isStorableName } from "./platformTypes.ts";

export interface ClassProblem {
  readonly kind: "refused" | "doubtful" | "private";
  readonly what: string;
  readonly way: string;
}

/** The class a type is an instance of, or null for other types. */
export function toClass(type: ts.Type): ts.ClassLikeDeclaration | null {
  const declaration = (type.symbol as ts.Symbol | undefined)?.valueDeclaration;
  const isInstance =
    declaration !== undefined && ts.isClassLike(declaration) && type.getConstructSignatures().length === 0;
  return isInstance ? declaration : null;
}

/** `saved`: the class writes itself, with `[durable.save]` and `[durable.load]`. */
export function findClassProblem(
  resolver: Resolver,
  type: ts.Type,
  declared: ts.ClassLikeDeclaration,
): ClassProblem | "saved" | null {
  const name = declared.name?.text ?? "a class without a name";
  const chain = findChain(resolver, declared);
  if (chain.classes.some(hasHooks)) return "saved";
  const foreign = resolver.originOf(type.symbol);
  if (foreign !== null) return isError(chain) ? null : toForeignProblem(type, name, foreign);
  if (chain.base !== null && !isStorableBase(chain.base))
    return {
      kind: "refused",
      what: `an instance of '${name}', which extends '${chain.base.member}' of another package`,
      way: `Keep its data in a class of its own, or make the '${name}' inside the step that uses it.`,
    };
  const hiding = chain.classes.find(hasPrivateNames);
  if (hiding === undefined) return null;
  return { kind: "private", what: hiding.name?.text ?? name, way: "" };
}

interface Chain {
  /** The class and the project classes it extends, nearest first. */
  readonly classes: readonly ts.ClassLikeDeclaration[];
  /** What the last of them extends, if that is not the project's. */
  readonly base: Origin | null;
}

function findChain(resolver: Resolver, declared: ts.ClassLikeDeclaration): Chain {
  const classes = new Set<ts.ClassLikeDeclaration>([declared]);
  for (const at of classes) {
    const clause = at.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
    const expression = clause?.types[0]?.expression;
    if (expression === undefined) break;
    const symbol = resolver.valueOf(expression);
    const origin = symbol === null ? null : resolver.originOf(symbol);
    const base = symbol?.valueDeclaration;
    if (base !== undefined && ts.isClassLike(base)) classes.add(base);
    if (origin !== null) return { classes: [...classes], base: origin };
  }
  return { classes: [...classes], base: null };
}

function isError({ classes, base }: Chain): boolean {
  return (
    base?.member.endsWith("Error") === true ||
    classes.some(({ name }) => name?.text.endsWith("Error") === true)
  );
}

function isStorableBase({ module, member }: Origin): boolean {
  if (member.endsWith("Error")) return true;
  return (
    (module === "language" || module === "platform") && isStorableName(member.replace(/Constructor$/, ""))
  );
}

/** Nobody registers the classes of packages, so nothing can make their instances again. */
function toForeignProblem(type: ts.Type, name: string, { module }: Origin): ClassProblem {
  const hasMethods = type.getProperties().some(({ flags }) => (flags & ts.SymbolFlags.Method) !== 0);
  return {
    // Without methods, plain data has the same type; with them, only an instance has it.
    kind: hasMethods ? "refused" : "doubtful",
    what: `an instance of '${name}' of the package '${module}'`,
    way: `Make the '${name}' inside the step that uses it, and return plain data.`,
  };
}

/**
 * What a package describes by an interface with methods (a logger, a connection, a date of `moment`) is an instance of
 * some class of it. One that the project describes may be an instance of the project's own.
 */
export function findInterfaceProblem(resolver: Resolver, type: ts.Type): ClassProblem | null {
  const symbol = type.symbol as ts.Symbol | undefined;
  if (symbol === undefined || (symbol.flags & ts.SymbolFlags.Interface) === 0) return null;
  const origin = resolver.originOf(symbol);
  if (origin === null) return null;
  const problem = toForeignProblem(type, symbol.name, origin);
  return problem.kind === "refused" ? { ...problem, kind: "doubtful" } : null;
}

function hasPrivateNames(declared: ts.ClassLikeDeclaration): boolean {
  return declared.members.some(({ name }) => name !== undefined && ts.isPrivateIdentifier(name));
}

/** `[durable.save]()`, by the name people give the symbol: its own type is only known where the runtime is resolved. */
function hasHooks(declared: ts.ClassLikeDeclaration): boolean {
  const isHook = (word: string) => (member: ts.ClassElement) =>
    member.name !== undefined &&
    ts.isComputedPropertyName(member.name) &&
    member.name.expression.getText().toLowerCase().includes(word);
  return declared.members.some(isHook("save")) && declared.members.some(isHook("load"));
}
