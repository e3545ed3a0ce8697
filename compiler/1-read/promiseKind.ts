import { ts } from "ts-morph";

/**
 * What a type says about being a promise. `promise`: the language's own or a subclass, or a union with one.
 * `thenable`: something else with a `then`. `unknown`: `any`, `unknown`, an open type parameter.
 */
export type PromiseKind = "promise" | "thenable" | "none" | "unknown";

export function toPromiseKind(checker: ts.TypeChecker, type: ts.Type): PromiseKind {
  if ((type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0) return "unknown";
  if (type.isUnion()) return toStrongest(type.types.map((part) => toPromiseKind(checker, part)));
  if ((type.flags & ts.TypeFlags.TypeParameter) !== 0) {
    const constraint = checker.getBaseConstraintOfType(type);
    return constraint === undefined ? "unknown" : toPromiseKind(checker, constraint);
  }
  const then = checker.getPropertyOfType(type, "then");
  if (then === undefined) return "none";
  const isCallable = checker.getTypeOfSymbol(then).getCallSignatures().length > 0;
  if (!isCallable) return "none";
  return isPromise(checker, type) ? "promise" : "thenable";
}

function isPromise(checker: ts.TypeChecker, type: ts.Type): boolean {
  if (type.isIntersection()) return type.types.some((part) => isPromise(checker, part));
  if (type.symbol?.name === "Promise") return true;
  const bases = type.isClassOrInterface() ? checker.getBaseTypes(type) : [];
  const target = isReference(type) && type.target !== type ? [type.target as ts.Type] : [];
  return [...bases, ...target].some((base) => isPromise(checker, base));
}

function isReference(type: ts.Type): type is ts.TypeReference {
  return "target" in type;
}

function toStrongest(kinds: readonly PromiseKind[]): PromiseKind {
  const order: readonly PromiseKind[] = ["promise", "thenable", "unknown"];
  return order.find((kind) => kinds.includes(kind)) ?? "none";
}
