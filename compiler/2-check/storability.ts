/**
 * Whether values of a type can be written down, as far as the type tells: what the values codec does, said in types.
 * Answers with the first part that cannot, and the path to it. What a type leaves open (`unknown`, `any`, a type
 * parameter) is left to the run, which postpones the snapshot and says why.
 *
 *     { lines: { client: WeakMap<...> }[] }     refused, at `.lines[].client`
 */
import { ts } from "ts-morph";
import { RUNTIME_PACKAGE } from "../program.ts";
import type { Resolver } from "../1-read/resolver.ts";
import {
  findRefusal,
  FOREIGN_GENERATOR,
  isGeneratorName,
  isStorableName,
  toPlatformRefusal,
  type Refusal,
} from "./platformTypes.ts";
import { findClassProblem, findInterfaceProblem, toClass } from "./storableClass.ts";

export interface Unstorable {
  /** `doubtful`: only some values of the type cannot be written. */
  readonly kind: "refused" | "doubtful" | "private";
  /** From the value to the part: `.lines[].client`, empty for the value itself. */
  readonly path: string;
  readonly what: string;
  readonly way: string;
}

export interface Judged {
  readonly type: ts.Type;
  /**
   * True for what ordinary code gave: functions and promises in it are not of durable code's making, so nobody knows
   * how to write them.
   */
  readonly isGiven: boolean;
}

/** Deeper parts, and more of them, are left to the run: types can be endless. */
const DEPTH_MAX = 8;
const TYPES_MAX = 500;

export function findUnstorable(resolver: Resolver, judged: Judged): Unstorable | null {
  return judge({ resolver, seen: new Set(), depth: 0, path: "" }, judged);
}

interface Visit {
  readonly resolver: Resolver;
  readonly seen: Set<ts.Type>;
  readonly depth: number;
  readonly path: string;
}

const PRIMITIVE =
  ts.TypeFlags.StringLike |
  ts.TypeFlags.NumberLike |
  ts.TypeFlags.BigIntLike |
  ts.TypeFlags.BooleanLike |
  ts.TypeFlags.EnumLike |
  ts.TypeFlags.ESSymbolLike |
  ts.TypeFlags.VoidLike |
  ts.TypeFlags.Null |
  ts.TypeFlags.Never;

/** `keyof T` and `T[K]` are open like `T`. */
const OPEN = ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Instantiable | ts.TypeFlags.NonPrimitive;

function judge(visit: Visit, { type, isGiven }: Judged): Unstorable | null {
  if ((type.flags & (OPEN | PRIMITIVE)) !== 0) return null;
  if (visit.seen.has(type) || visit.depth > DEPTH_MAX || visit.seen.size > TYPES_MAX) return null;
  visit.seen.add(type);
  if (isWrittenByRuntime(visit.resolver, type)) return null;
  if (type.isUnion()) return first(type.types, (part) => judge(visit, { type: part, isGiven }));
  // A branded primitive: `string & { brand: "Id" }`.
  if (type.isIntersection() && type.types.some(({ flags }) => (flags & PRIMITIVE) !== 0)) return null;
  // What a library's class is extended with does not make it storable: `Response & { json<T>(): Promise<T> }`.
  const refused = type.isIntersection() ? first(type.types, (part) => judgeRefused(visit, part)) : null;
  return refused ?? judgeObject(visit, { type, isGiven });
}

function judgeRefused(visit: Visit, type: ts.Type): Unstorable | null {
  const name = findLibraryName(visit.resolver, type);
  const refusal = name === null ? null : findRefusal(name);
  return refusal === null ? null : { kind: "refused", path: visit.path, ...refusal };
}

function judgeObject(visit: Visit, judged: Judged): Unstorable | null {
  const { type } = judged;
  const { checker } = visit.resolver;
  if (checker.isArrayType(type) || checker.isTupleType(type)) return judgeArguments(visit, judged, ["[]"]);
  if (isModule(type)) return null;
  const name = findLibraryName(visit.resolver, type);
  if (name !== null) return judgeLibrary(visit, judged, name);
  if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0)
    return judged.isGiven ? doubtful(visit, FOREIGN_FUNCTION) : null;
  const declared = toClass(type);
  if (declared === null) {
    const doubt = findInterfaceProblem(visit.resolver, type);
    return doubt === null ? judgeParts(visit, judged) : { ...doubt, path: visit.path };
  }
  const problem = findClassProblem(visit.resolver, type, declared);
  if (problem === "saved") return null;
  return problem === null ? judgeParts(visit, judged) : { ...problem, path: visit.path };
}

/** What the runtime hands out, and brings back itself. */
const RUNTIME_TYPES: ReadonlySet<string> = new Set([
  "BatchResult",
  "DurableContext",
  "DurableExecution",
  "Signals",
  "ContextPromises",
  "DurableLogger",
  "RetryStrategy",
  "WaitStrategy",
  "DurableAbortController",
  "DurableAbortSignal",
  "Opaque",
]);

function isWrittenByRuntime(resolver: Resolver, type: ts.Type): boolean {
  const symbol = type.aliasSymbol ?? (type.symbol as ts.Symbol | undefined);
  if (symbol === undefined || !RUNTIME_TYPES.has(symbol.name)) return false;
  return resolver.originOf(symbol)?.module === RUNTIME_PACKAGE;
}

/** What `import()` gives: imported again where the state is read. */
function isModule(type: ts.Type): boolean {
  const symbol = type.symbol as ts.Symbol | undefined;
  if (symbol === undefined || (symbol.flags & ts.SymbolFlags.ValueModule) === 0) return false;
  // A class can be a namespace too.
  return (symbol.flags & ts.SymbolFlags.Class) === 0;
}

/** The name of a type of the language or a platform. */
function findLibraryName(resolver: Resolver, type: ts.Type): string | null {
  const symbol = type.symbol as ts.Symbol | undefined;
  if (symbol === undefined || (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) === 0)
    return null;
  const origin = resolver.originOf(symbol);
  if (origin === null) return null;
  const isLibrary = origin.module === "language" || origin.module === "platform";
  if (isLibrary) return origin.member;
  // Node's classes are declared in its modules (`stream`, `net`); packages are judged as classes.
  const isNode = symbol.declarations?.[0]?.getSourceFile().fileName.includes("/@types/node/") === true;
  return isNode ? origin.member : null;
}

function judgeLibrary(visit: Visit, judged: Judged, name: string): Unstorable | null {
  if (name === "Promise" || name === "PromiseLike")
    return judged.isGiven ? doubtful(visit, FOREIGN_PROMISE) : null;
  if (name === "Function" || name === "CallableFunction")
    return judged.isGiven ? doubtful(visit, FOREIGN_FUNCTION) : null;
  if (isGeneratorName(name))
    return judged.isGiven ? { kind: "refused", path: visit.path, ...FOREIGN_GENERATOR } : null;
  const refusal = findRefusal(name);
  if (refusal !== null) return { kind: "refused", path: visit.path, ...refusal };
  if (name === "Map" || name === "ReadonlyMap")
    return judgeArguments(visit, judged, [".keys()", ".values()"]);
  if (name === "Set" || name === "ReadonlySet") return judgeArguments(visit, judged, [".values()"]);
  if (isStorableName(name) || name.endsWith("Error")) return null;
  // An interface with a value of the same name is a class: `interface Response` and `var Response`.
  const isClassLike = (judged.type.symbol.flags & ts.SymbolFlags.Value) !== 0;
  if (isClassLike && judged.type.getProperties().some(isMethod))
    return { kind: "refused", path: visit.path, ...toPlatformRefusal(name) };
  return judgeParts(visit, judged);
}

/** The type arguments of an array or a collection, which are what it holds. */
function judgeArguments(
  visit: Visit,
  { type, isGiven }: Judged,
  steps: readonly string[],
): Unstorable | null {
  const parts = visit.resolver.checker.getTypeArguments(type as ts.TypeReference);
  return first(parts, (part, index) =>
    judge(below(visit, steps[index] ?? steps.at(-1) ?? ""), { type: part, isGiven }),
  );
}

function judgeParts(visit: Visit, { type, isGiven }: Judged): Unstorable | null {
  const { checker } = visit.resolver;
  const properties = checker.getPropertiesOfType(type);
  const found = first(properties, (property) => {
    if (isMethod(property) || (property.flags & ts.SymbolFlags.Accessor) !== 0) return null;
    if (isDurableField(visit.resolver, property)) return null;
    return judge(below(visit, `.${property.name}`), {
      type: checker.getTypeOfSymbol(property),
      isGiven: isGiven || isField(property),
    });
  });
  if (found !== null) return found;
  return first(checker.getIndexInfosOfType(type), ({ type: part }) =>
    judge(below(visit, "[]"), { type: part, isGiven }),
  );
}

/** A function in a class's field belongs to the instance, and was made by the class: durable code did not see it made. */
function isField(property: ts.Symbol): boolean {
  const declaration = property.declarations?.[0];
  return declaration !== undefined && (ts.isPropertyDeclaration(declaration) || ts.isParameter(declaration));
}

/** A durable function in a field is made by a factory that states know. */
function isDurableField(resolver: Resolver, property: ts.Symbol): boolean {
  const fn = isField(property) ? resolver.functionOfSymbol(property) : null;
  return fn !== null && resolver.markOf(fn) === "use durable";
}

/** Methods are on the prototype; the class brings them back. */
function isMethod(property: ts.Symbol): boolean {
  return (property.flags & ts.SymbolFlags.Method) !== 0;
}

function below(visit: Visit, step: string): Visit {
  return { ...visit, depth: visit.depth + 1, path: visit.path + step };
}

const FOREIGN_FUNCTION: Refusal = {
  what: "a function that was not made by this durable function",
  way: "Import the function instead, or keep what it would answer.",
};

const FOREIGN_PROMISE: Refusal = {
  what: "a promise of work that was not started by this durable function",
  way: "Await it before, or start its work here.",
};

function doubtful({ path }: Visit, refusal: Refusal): Unstorable {
  return { kind: "doubtful", path, ...refusal };
}

function first<Item>(
  items: readonly Item[],
  find: (item: Item, index: number) => Unstorable | null,
): Unstorable | null {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== null) return found;
  }
  return null;
}
