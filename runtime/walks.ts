/** The language's own iterators: what makes them, and how to see that nobody has put something else in their place. */
import type { Method } from "./protocol.ts";

export interface Walk {
  readonly method: Method;
  readonly prototype: {
    readonly next: Method;
    readonly return?: unknown;
    readonly [Symbol.iterator]: unknown;
  };
  readonly next: Method;
  readonly self: unknown;
}

/** `key`: the method of `sample` that makes the iterator. */
function toWalk(sample: object, key: PropertyKey = Symbol.iterator): Walk {
  const method = Reflect.get(sample, key) as Method;
  const prototype = Object.getPrototypeOf(Reflect.apply(method, sample, [])) as Walk["prototype"];
  return { method, prototype, next: prototype.next, self: prototype[Symbol.iterator] };
}

export const ARRAY = toWalk([]);
export const ARRAY_ENTRIES = toWalk([], "entries");
export const ARRAY_KEYS = toWalk([], "keys");
export const TYPED = toWalk(new Uint8Array());
export const STRING = toWalk(Object(""));
export const MAP = toWalk(new Map());
export const MAP_KEYS = toWalk(new Map(), "keys");
export const MAP_VALUES = toWalk(new Map(), "values");
export const SET = toWalk(new Set());
export const SET_ENTRIES = toWalk(new Set(), "entries");

/** True while nobody has put another `next`, or a `return`, where the native loop would find it. */
export function isIntact({ prototype, next, self }: Walk): boolean {
  return prototype.next === next && prototype.return === undefined && prototype[Symbol.iterator] === self;
}

/** As an array iterator asks for it at each turn. */
export function lengthOf(source: ArrayLike<unknown>): number {
  if (Array.isArray(source)) return source.length;
  const length = Math.trunc(Number(source.length));
  return length > 0 ? Math.min(length, Number.MAX_SAFE_INTEGER) : 0;
}
