/**
 * What makes a function of emitted code look like a generator function: its prototype chain, the `prototype` of its
 * own, no `new`. Between that `prototype` and the language's stand our methods, so `g.map(...)`, `for-of` and
 * `Symbol.toStringTag` are the language's.
 */

export type GeneratorKind = "sync" | "async";

const SYNC = Object.getPrototypeOf(function* () {}) as object;
const ASYNC = Object.getPrototypeOf(async function* () {}) as object;

function prototypeOf(fn: object): object {
  return (fn as { readonly prototype: object }).prototype;
}

/** The language's `next`, `return` and `throw`: for objects that are not ours, and for their errors. */
export const nativeMethods = { sync: prototypeOf(SYNC), async: prototypeOf(ASYNC) };

/** Our own methods; `generators.ts` and `asyncGenerators.ts` put them there. */
export const ownMethods: Readonly<Record<GeneratorKind, object>> = {
  sync: Object.create(nativeMethods.sync) as object,
  async: Object.create(nativeMethods.async) as object,
};

/** Dresses a plain function. */
export function toGeneratorFunction<F extends object>(fn: F, kind: GeneratorKind): F {
  Object.setPrototypeOf(fn, kind === "sync" ? SYNC : ASYNC);
  const value = Object.create(ownMethods[kind]) as object;
  return Object.defineProperty(fn, "prototype", { value, writable: true });
}

/** What a generator object of `fn` inherits from. */
export function toGeneratorPrototype(fn: object | null, kind: GeneratorKind): object {
  const prototype: unknown = fn === null ? null : (fn as { readonly prototype?: unknown }).prototype;
  return typeof prototype === "object" && prototype !== null ? prototype : ownMethods[kind];
}

type Word = "next" | "return" | "throw";
export type Enqueue = (self: object, word: Word, args: readonly unknown[]) => unknown;

/** Makes the three methods; `enqueue` answers undefined for an object that is not ours. */
export function defineMethods(kind: GeneratorKind, enqueue: Enqueue): readonly object[] {
  return (["next", "return", "throw"] as const).map((word) => {
    const native = (nativeMethods[kind] as Readonly<Record<Word, (...args: readonly unknown[]) => unknown>>)[
      word
    ];
    const methods: Readonly<Record<string, (value: unknown) => unknown>> = {
      [word](...args: readonly unknown[]): unknown {
        return enqueue(this, word, args) ?? Reflect.apply(native, this, args);
      },
    };
    const value = Object.defineProperty(methods[word] as object, "length", { value: 1 });
    Object.defineProperty(ownMethods[kind], word, { value, writable: true, configurable: true });
    return value;
  });
}
