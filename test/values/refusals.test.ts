import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { CannotEncode, EncodeError } from "../../runtime/errors.ts";
import { Secret, boxes, makeClosure, makeCodec } from "./samples.ts";

function* numbers(): Generator<number> {
  yield 1;
}

class Unregistered {
  readonly a = 1;
}

class Detached {
  a = 1;
}
Object.defineProperty(Detached.prototype, "constructor", { value: Object });

const detached = new ArrayBuffer(4);
structuredClone(detached, { transfer: [detached] });
const url = new URL("https://a.b/?c=1");

/** What it is, how it is reached, and a word of the reason. */
const refused: readonly (readonly [string, unknown, string, string])[] = [
  ["a function that is nobody's", { a: [0, (): number => 1] }, "a[1]", "not made in durable code"],
  [
    "a class that is not registered",
    { kind: Unregistered },
    "kind",
    "class Unregistered, which is not registered",
  ],
  [
    "an instance of such a class",
    { order: { lines: [new Unregistered()] } },
    "order.lines[0]",
    "Unregistered",
  ],
  ["an instance whose class hides its name", [new Detached()], "[0]", "prototype"],
  ["an object with another object for prototype", { a: Object.create({ b: 1 }) }, "a", "prototype"],
  ["a class with private members and no hooks", { secret: new Secret() }, "secret", "#private"],
  [
    "an accessor",
    {
      user: {
        get name() {
          return "x";
        },
      },
    },
    "user",
    "accessor",
  ],
  ["a Proxy", { p: new Proxy({}, {}) }, "p", "Proxy"],
  ["a Proxy of an array", new Proxy([1], {}), "the value", "Proxy"],
  ["a promise", { "not yet": Promise.resolve(1) }, '["not yet"]', "promise"],
  ["a WeakMap", [new WeakMap()], "[0]", "WeakMap"],
  ["a WeakSet", [new WeakSet()], "[0]", "WeakSet"],
  ["a WeakRef", [new WeakRef({})], "[0]", "WeakRef"],
  ["a generator", { g: numbers() }, "g", "generator"],
  ["an iterator of an array", { i: [1].values() }, "i", "iterator"],
  ["an iterator of a Map", new Map([["k", new Map().entries()]]), 'get("k")', "iterator"],
  ["a key of a Map", new Map([[new WeakMap(), 1]]), "[key 0]", "WeakMap"],
  ["a member of a Set", { s: new Set([1, new WeakMap()]) }, "s[member 1]", "WeakMap"],
  ["a Response", { r: new Response("x") }, "r", "Response"],
  ["a stream", { out: new PassThrough() }, "out", "PassThrough"],
  [
    "a timer",
    ((): unknown => {
      const timer = setTimeout(() => 0, 0);
      clearTimeout(timer);
      return { timer };
    })(),
    "timer",
    "timer",
  ],
  ["an AbortSignal", { signal: new AbortController().signal }, "signal", "AbortSignal"],
  ["memory shared between threads", { m: new SharedArrayBuffer(8) }, "m", "shared between threads"],
  ["memory that was given away", { m: detached }, "m", "given away"],
  [
    "a view of a resizable buffer",
    [new Uint8Array(new ArrayBuffer(1, { maxByteLength: 2 }))],
    "[0]",
    "resizable",
  ],
  ["search parameters before their URL", [url.searchParams, url], "[1]", "searchParams"],
  ["a property named by a symbol", { [Symbol("hidden")]: new WeakMap() }, "[Symbol(hidden)]", "WeakMap"],
  ["a hidden property", Object.defineProperty({}, "h", { value: new WeakMap() }), "h", "WeakMap"],
  ["a variable of a closure", { f: makeClosure(1, new WeakMap()) }, "f.total", "WeakMap"],
  ["the cause of an error", { e: new Error("x", { cause: new WeakMap() }) }, "e.cause", "WeakMap"],
];

describe("the codec refuses, naming path and reason,", () => {
  const codec = makeCodec();
  test.each(refused)("%s", (_, value, path, reason) => {
    const error = failure(() => codec.encode(value));
    expect(error).toBeInstanceOf(EncodeError);
    const { message } = error as EncodeError;
    expect(message).toContain(`Cannot write ${path}: `);
    expect(message).toContain(reason);
  });

  test("a closure that captures itself without a box, and only that one", () => {
    const parts: unknown[] = [];
    const codecOf = makeCodec({
      extensions: [
        { tag: "self", matches: (value) => value === self, write: () => parts, create: () => ({}) },
        boxes,
      ],
    });
    const self = (): number => 1;
    parts.push(self);
    const error = failure(() => codecOf.encode({ a: [self] }));
    expect(String(error)).toContain("Cannot write a[0]: it is made of parts that need it");
    parts[0] = { self };
    expect(() => codecOf.encode({ a: [self] })).not.toThrow();
  });

  test("what an extension refuses, with the extension's reason", () => {
    const pending = { tag: "p", matches: (value: object) => value instanceof Promise, create: () => ({}) };
    const write = (): never => {
      throw new CannotEncode("it is pending");
    };
    const codecOf = makeCodec({ extensions: [{ ...pending, write }] });
    expect(String(failure(() => codecOf.encode({ p: Promise.resolve() })))).toContain(
      "Cannot write p: it is pending",
    );
  });

  test("an error of an extension's own is not taken for a refusal", () => {
    const broken = { tag: "p", matches: (value: object) => value instanceof Promise, create: () => ({}) };
    const write = (): never => {
      throw new TypeError("a bug");
    };
    const codecOf = makeCodec({ extensions: [{ ...broken, write }] });
    expect(failure(() => codecOf.encode({ p: Promise.resolve() }))).toBeInstanceOf(TypeError);
  });

  test("what is nested too deep or too long", () => {
    const small = makeCodec({ depthMax: 10, lengthMax: 100 });
    let deep: unknown = 1;
    for (let i = 0; i < 10; i++) deep = [deep];
    expect(small.decode(small.encode(deep))).toEqual(deep);
    expect(String(failure(() => small.encode([deep])))).toContain("deeper than 10 levels");
    expect(String(failure(() => small.encode([undefined, [deep]])))).toContain("deeper than 10 levels");
    expect(String(failure(() => small.encode("x".repeat(99))))).toContain("at most 100");
    expect(String(failure(() => small.encode([undefined, "x".repeat(99)])))).toContain("longer than 100");
  });

  test("two extensions with one tag", () => {
    expect(() => makeCodec({ extensions: [boxes, boxes] })).toThrow("same tag");
  });
});

function failure(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail.");
}
