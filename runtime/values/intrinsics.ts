/** Objects and functions of the language itself, by path: `Math.max`, `Array.prototype.slice`. */
export interface Intrinsics {
  readonly pathOf: ReadonlyMap<object, string>;
  readonly at: ReadonlyMap<string, object>;
}

/** A fixed list, not all of `globalThis`: what a program hangs there is none of the language's, and paths are stored. */
const ROOTS = [
  ...[
    "Object",
    "Function",
    "Array",
    "String",
    "Number",
    "Boolean",
    "Symbol",
    "BigInt",
    "Date",
    "RegExp",
    "Promise",
  ],
  ...[
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "FinalizationRegistry",
    "Proxy",
    "Reflect",
    "Math",
    "JSON",
  ],
  ...[
    "Atomics",
    "Intl",
    "Iterator",
    "ArrayBuffer",
    "SharedArrayBuffer",
    "DataView",
    "Int8Array",
    "Uint8Array",
  ],
  ...[
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "Float16Array",
    "Float32Array",
  ],
  ...["Float64Array", "BigInt64Array", "BigUint64Array", "Error", "TypeError", "RangeError", "SyntaxError"],
  ...["ReferenceError", "EvalError", "URIError", "AggregateError", "SuppressedError", "DOMException", "URL"],
  ...["URLSearchParams", "Buffer", "TextEncoder", "TextDecoder", "AbortController", "AbortSignal"],
  ...[
    "console",
    "globalThis",
    "parseInt",
    "parseFloat",
    "isNaN",
    "isFinite",
    "encodeURI",
    "encodeURIComponent",
    "decodeURI",
    "decodeURIComponent",
    "structuredClone",
  ],
  ...["queueMicrotask", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate"],
  ...["clearImmediate", "fetch", "atob", "btoa"],
];

/** Roots whose members are not looked at: they belong to the process. */
const LEAVES: ReadonlySet<string> = new Set(["globalThis"]);

let found: Intrinsics | undefined;

/** Built at first use: most processes never write a builtin. */
export function intrinsics(): Intrinsics {
  return (found ??= findIntrinsics());
}

function findIntrinsics(): Intrinsics {
  const pathOf = new Map<object, string>();
  const at = new Map<string, object>();
  const add = (path: string, value: unknown): boolean => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || pathOf.has(value))
      return false;
    pathOf.set(value, path);
    at.set(path, value);
    return true;
  };
  // Roots first, so that `Object.prototype.constructor` is called `Object`.
  const roots = ROOTS.filter(
    (name) => Object.hasOwn(globalThis, name) && add(name, Reflect.get(globalThis, name)),
  );
  for (const name of roots)
    if (!LEAVES.has(name)) addMembers(name, Reflect.get(globalThis, name) as object, add);
  addMembers("%TypedArray%", Object.getPrototypeOf(Uint8Array) as object, add);
  return { pathOf, at };
}

function addMembers(path: string, owner: object, add: (path: string, value: unknown) => boolean): void {
  for (const key of Reflect.ownKeys(owner)) {
    const name = typeof key === "symbol" ? `[${key.description ?? ""}]` : `.${key}`;
    const property = Object.getOwnPropertyDescriptor(owner, key)!;
    if (property.get !== undefined) add(`get ${path}${name}`, property.get);
    if (property.set !== undefined) add(`set ${path}${name}`, property.set);
    const value: unknown = property.value;
    if (add(path + name, value) && key === "prototype") addMembers(path + name, value as object, add);
  }
}

/** Symbols every realm shares, by name: `iterator`. */
export const WELL_KNOWN: ReadonlyMap<string, symbol> = new Map(
  Object.getOwnPropertyNames(Symbol).flatMap((name): [string, symbol][] => {
    const value: unknown = Reflect.get(Symbol, name);
    return typeof value === "symbol" ? [[name, value]] : [];
  }),
);

export const WELL_KNOWN_NAMES: ReadonlyMap<symbol, string> = new Map(
  [...WELL_KNOWN].map(([name, symbol]): [symbol, string] => [symbol, name]),
);
