import { types } from "node:util";

/**
 * Where two graphs differ, or null. Stricter than a deep equality of any library: what is one object in one must be one
 * object in the other, prototypes are the same object, and every own property has the same flags.
 */
export function findDifference(left: unknown, right: unknown): string | null {
  const pairs = new Map<unknown, unknown>();
  const back = new Map<unknown, unknown>();
  const todo: Pair[] = [{ path: "root", left, right }];
  for (let pair = todo.pop(); pair !== undefined; pair = todo.pop()) {
    const { path } = pair;
    if (!hasIdentity(pair.left) || !hasIdentity(pair.right)) {
      if (!Object.is(pair.left, pair.right)) return `${path}: ${shown(pair.left)} and ${shown(pair.right)}`;
      continue;
    }
    if (pairs.has(pair.left) || back.has(pair.right)) {
      if (pairs.get(pair.left) !== pair.right || back.get(pair.right) !== pair.left)
        return `${path}: other sharing`;
      continue;
    }
    pairs.set(pair.left, pair.right);
    back.set(pair.right, pair.left);
    // The language's own objects, classes and functions are the same in every graph.
    if (pair.left === pair.right) continue;
    const difference = compare(pair, todo);
    if (difference !== null) return `${path}: ${difference}`;
  }
  return null;
}

interface Pair {
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** A symbol of the language or of the registry is the same everywhere; a local one is like an object. */
function hasIdentity(value: unknown): value is object | symbol {
  if (typeof value === "symbol") return Symbol.keyFor(value) === undefined && !isWellKnown(value);
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function isWellKnown(symbol: symbol): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(Symbol)).some(({ value }) => value === symbol);
}

function compare({ path, left, right }: Pair, todo: Pair[]): string | null {
  if (typeof left === "symbol" || typeof right === "symbol") {
    return typeof left === typeof right && String(left) === String(right) ? null : "other symbols";
  }
  const [a, b] = [left as object, right as object];
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return "other prototypes";
  if (lock(a) !== lock(b)) return "other locks";
  const inside = compareInside(a, b);
  if (typeof inside === "string") return inside;
  for (const [name, one, two] of inside) todo.push({ path: `${path}.${name}`, left: one, right: two });
  return types.isTypedArray(a) || typeof a === "function"
    ? null
    : compareProperties({ path, left, right }, todo);
}

function lock(value: object): string {
  return [Object.isExtensible(value), Object.isSealed(value), Object.isFrozen(value)].join();
}

type Inside = readonly (readonly [string, unknown, unknown])[];

/** What an object holds beside its properties. */
function compareInside(a: object, b: object): Inside | string {
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return "other kinds";
  if (a instanceof Map && b instanceof Map) return zip([...a].flat(), [...b].flat());
  if (a instanceof Set && b instanceof Set) return zip([...a], [...b]);
  if (types.isDate(a) && types.isDate(b)) return [["time", a.getTime(), b.getTime()]];
  if (types.isRegExp(a) && types.isRegExp(b)) return [["text", String(a), String(b)]];
  if (types.isArrayBuffer(a) && types.isArrayBuffer(b))
    return zip([...new Uint8Array(a)], [...new Uint8Array(b)]);
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    return zip([a.buffer, a.byteOffset, a.byteLength], [b.buffer, b.byteOffset, b.byteLength]);
  }
  if (types.isBoxedPrimitive(a) && types.isBoxedPrimitive(b)) return [["value", a.valueOf(), b.valueOf()]];
  if (a instanceof URL && b instanceof URL) return [["href", a.href, b.href]];
  return [];
}

function zip(a: readonly unknown[], b: readonly unknown[]): Inside | string {
  if (a.length !== b.length) return "other sizes";
  return a.map((item, i) => [String(i), item, b[i]]);
}

function compareProperties({ path, left, right }: Pair, todo: Pair[]): string | null {
  const keys = Reflect.ownKeys(left as object);
  const others = Reflect.ownKeys(right as object);
  if (keys.length !== others.length)
    return `other keys: ${keys.map(String).join()} and ${others.map(String).join()}`;
  for (const [i, key] of keys.entries()) {
    const other = others[i]!;
    // Order matters, and so does which symbol it is.
    if (typeof key === "symbol") todo.push({ path: `${path} key`, left: key, right: other });
    else if (key !== other) return `key ${key} instead of ${String(other)}`;
    const one = Object.getOwnPropertyDescriptor(left as object, key)!;
    const two = Object.getOwnPropertyDescriptor(right as object, other)!;
    for (const flag of ["enumerable", "writable", "configurable"] as const) {
      if (one[flag] !== two[flag]) return `other ${flag} of ${String(key)}`;
    }
    todo.push({
      path: `${path}.${String(key)}`,
      left: Reflect.get(left as object, key),
      right: Reflect.get(right as object, other),
    });
  }
  return null;
}

function shown(value: unknown): string {
  return typeof value === "bigint" ? `${value}n` : Object.is(value, -0) ? "-0" : String(value);
}
