import { types } from "node:util";
import type { NamedRegistry } from "./contract.ts";

const { getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, getPrototypeOf, isExtensible } =
  Object;
const { isProxy } = types;

/** Deeper trees take the graph form, which does not recurse; `JSON.stringify` does. */
const PLAIN_DEPTH_MAX = 200;

/** Up to here a linear search beats a Set; most results have fewer objects than this. */
const LINEAR_MAX = 16;

/**
 * The fast path: the JSON text of `value` if it is a tree of plain data, else undefined.
 *
 * `JSON.stringify` alone would lie: it drops `undefined`, turns NaN and -0 into other values, calls getters and
 * `toJSON`, writes a shared object twice and forgets prototypes, symbols and frozenness. So the tree is looked at
 * first, and `JSON.stringify` only does what it does well. Two things are not looked at, as they would cost more than
 * the rest together: accessors among the *elements* of an array, and non-enumerable names on an array.
 */
export function plainText(
  value: unknown,
  depthMax: number,
  named: NamedRegistry | null = null,
): string | undefined {
  if (typeof value === "string") return JSON.stringify(value);
  const scan: Scan = { named, list: [], set: null, depthMax: Math.min(depthMax, PLAIN_DEPTH_MAX) };
  return isPlain(value, scan, 0) ? JSON.stringify(value) : undefined;
}

interface Scan {
  /** Objects in it are no plain data, whatever they look like. */
  readonly named: NamedRegistry | null;
  readonly list: object[];
  set: Set<object> | null;
  readonly depthMax: number;
}

function isPlain(value: unknown, scan: Scan, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return isPlainNumber(value);
    case "object":
      if (value === null) return true;
      if (depth >= scan.depthMax || isProxy(value) || !isNew(value, scan)) return false;
      if (scan.named?.nameOf(value) !== undefined) return false;
      return isPlainObject(value, scan, depth + 1);
    default:
      return false;
  }
}

export function isPlainNumber(value: number): boolean {
  // NaN and the infinities are the only numbers whose difference from themselves is not 0.
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}

function isPlainObject(value: object, scan: Scan, depth: number): boolean {
  if (!isExtensible(value)) return false;
  const prototype: unknown = getPrototypeOf(value);
  if (prototype === Array.prototype) return Array.isArray(value) && isPlainArray(value, scan, depth);
  if (prototype !== Object.prototype || getOwnPropertySymbols(value).length > 0) return false;
  const names = getOwnPropertyNames(value);
  for (let i = 0; i < names.length; i++) {
    const property = getOwnPropertyDescriptor(value, names[i]!)!;
    // An accessor has no `writable`.
    if (property.writable !== true || !property.enumerable || !property.configurable) return false;
    if (!isPlain(property.value, scan, depth)) return false;
  }
  return true;
}

function isPlainArray(value: readonly unknown[], scan: Scan, depth: number): boolean {
  if (!isDense(value) || getOwnPropertySymbols(value).length > 0) return false;
  for (let i = 0; i < value.length; i++) if (!isPlain(value[i], scan, depth)) return false;
  return true;
}

/** Neither holes nor enumerable names. Names come after all indices, so the last key tells. */
export function isDense(value: readonly unknown[]): boolean {
  const keys = Object.keys(value);
  return (
    keys.length === value.length && (keys.length === 0 || keys[keys.length - 1] === String(keys.length - 1))
  );
}

function isNew(value: object, scan: Scan): boolean {
  const { list } = scan;
  if (scan.set === null) {
    for (let i = 0; i < list.length; i++) if (list[i] === value) return false;
    list.push(value);
    if (list.length === LINEAR_MAX) scan.set = new Set(list);
    return true;
  }
  const before = scan.set.size;
  scan.set.add(value);
  return scan.set.size !== before;
}
