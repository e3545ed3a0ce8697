/**
 * What a generated program may use at a place. Variables have a kind, so that programs rarely fail by a type error: an
 * exception that ends `main` in its first line tests nothing.
 */
import type { Chance } from "./choice.ts";
import { pick } from "./choice.ts";

export type Kind =
  /** A primitive. */
  | "value"
  /** Array, Map and Set of primitives. */
  | "list"
  | "map"
  | "set"
  /** `{ x, y, m() }`. */
  | "object"
  /** Functions of one value. */
  | "plain"
  | "async"
  | "generator"
  | "asyncGenerator"
  /** A class with a constructor of one value, a field `f`, an accessor `g`, a method `m(x)`. */
  | "class"
  /** A promise of a value. */
  | "promise"
  /** An array of functions without parameters. */
  | "calls";

export interface Known {
  readonly name: string;
  readonly kind: Kind;
  readonly assignable: boolean;
}

export interface Scope {
  readonly known: readonly Known[];
  /** Of loops of this function. */
  readonly labels: readonly string[];
  /** Labels that only `break` may name. */
  readonly blocks: readonly string[];
  readonly canBreak: boolean;
  readonly canContinue: boolean;
  /** An await may stand here. */
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  readonly depth: number;
}

export const EMPTY: Scope = {
  known: [],
  labels: [],
  blocks: [],
  canBreak: false,
  canContinue: false,
  isAsync: true,
  isGenerator: false,
  depth: 0,
};

export function withKnown(scope: Scope, ...more: readonly Known[]): Scope {
  return { ...scope, known: [...scope.known, ...more] };
}

export function constant(name: string, kind: Kind = "value"): Known {
  return { name, kind, assignable: false };
}

export function variable(name: string, kind: Kind = "value"): Known {
  return { name, kind, assignable: true };
}

/** Inside a function written here. */
export function functionScope(
  scope: Scope,
  own: Partial<Pick<Scope, "isAsync" | "isGenerator">>,
  ...parameters: readonly string[]
): Scope {
  return {
    ...withKnown(scope, ...parameters.map((name) => variable(name))),
    labels: [],
    blocks: [],
    canBreak: false,
    canContinue: false,
    isAsync: false,
    isGenerator: false,
    ...own,
    depth: scope.depth + 1,
  };
}

export function namesOf(scope: Scope, kind: Kind): readonly string[] {
  return scope.known.filter((known) => known.kind === kind).map(({ name }) => name);
}

export function assignable(g: Chance, scope: Scope): string {
  return pick(
    g,
    scope.known.filter((known) => known.assignable && known.kind === "value").map(({ name }) => name),
  );
}

export function indent(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split("\n")).map((line) => `  ${line}`);
}

/** Where no await may stand. */
export function sync(scope: Scope): Scope {
  return { ...scope, isAsync: false, isGenerator: false };
}

/** Of a pattern's defaults, which await only where the compiler can lower that. */
export function patternScope(g: Chance, scope: Scope): Scope {
  return g.features.has("patterns") ? scope : sync(scope);
}
