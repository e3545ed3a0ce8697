import { describe, expect, test } from "vitest";
import { OrderRejected, Point, Queue, Table, copy, durable, makeCodec } from "./samples.ts";
import { findDifference } from "./sameGraph.ts";

const codec = makeCodec();
const buffer = Uint8Array.from({ length: 16 }, (_, i) => i).buffer;
const local = Symbol("local");

function ring(): unknown {
  const one: Record<string, unknown> = { name: "one" };
  one.self = one;
  one.list = [one, new Map([[one, new Set([one])]])];
  return one;
}

function withExtras<T extends object>(value: T, extras: object): T {
  return Object.assign(value, extras);
}

function argumentsOf(..._: readonly unknown[]): object {
  return arguments;
}

const sparse = withExtras([1, , 3, , ,] as unknown[], { name: "sparse" });
const far: unknown[] = [];
far[4_000_000_000] = "far";

const values: Readonly<Record<string, unknown>> = {
  null: null,
  "plain data": { a: [1, "two", true, null, { b: [] }], "": "", 'with "quotes" \u2028': 1.5e300 },
  "texts of half characters": ["\ud800", "\udc00x", { "\ud800": 1 }],
  undefined: undefined,
  "undefined inside": { a: undefined, b: [undefined] },
  "odd numbers": [NaN, -0, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE, -1e-7],
  bigints: [0n, -1n, 2n ** 70n, -(16n ** 40n)],
  dates: [new Date(0), new Date(-1), new Date(8.64e15), new Date(NaN)],
  "regular expressions": [/a"b\/c/giu, withExtras(/x/y, { lastIndex: 3 }), /\p{L}/v],
  maps: new Map<unknown, unknown>([
    ["a", 1],
    [NaN, [2]],
    [new Map(), new Map([[{}, {}]])],
  ]),
  sets: new Set<unknown>(["a", new Set([1]), undefined, -0]),
  "views of one buffer": [
    new Uint8Array(buffer, 4, 3),
    new DataView(buffer, 1, 2),
    new Float64Array(buffer),
    buffer,
  ],
  "all typed arrays": [
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
    ...[Float32Array, Float64Array],
  ].map((View) => View.of(1, 2, 3)),
  "typed arrays of bigints": [BigInt64Array.of(-1n), BigUint64Array.of(1n)],
  "a resizable buffer": new ArrayBuffer(4, { maxByteLength: 64 }),
  URLs: [new URL("https://a.b/c?d=1#e"), new URLSearchParams("a=1&a=2")],
  errors: [
    new Error("e", { cause: { a: 1 } }),
    new TypeError("t"),
    new RangeError("r", { cause: undefined }),
  ],
  "an AggregateError": new AggregateError([new Error("1"), "2"], "all"),
  "errors with properties": withExtras(new SyntaxError("s"), {
    code: "E",
    [Symbol.for("k")]: 1,
    name: "Mine",
  }),
  "an error without a stack": ((): Error => {
    const error = new Error("e");
    delete error.stack;
    return error;
  })(),
  "a frozen error": Object.freeze(new Error("e")),
  "an error of a project's class": new OrderRejected("17"),
  "a DOMException": new DOMException("gone", "AbortError"),
  "boxed primitives": [
    Object(1),
    Object(-0),
    Object("text"),
    Object(false),
    Object(1n),
    Object(Symbol.iterator),
  ],
  "a boxed text with properties": withExtras(Object("text") as object, { size: 4 }),
  "arrays with holes and names": [sparse, new Array(3), far, [,]],
  "an array that looks like a tag": [["~u"], ["~"], ["~#", 0, 1], ["x", "~u"], ["~u", undefined]],
  symbols: [
    Symbol.iterator,
    Symbol.asyncIterator,
    Symbol.for("registered"),
    local,
    local,
    Symbol(),
    Symbol(""),
  ],
  "properties named by symbols": { [local]: 1, [Symbol.for("r")]: { [local]: 2 }, a: local },
  "hidden and fixed properties": Object.defineProperties(
    {},
    {
      b: { value: [1], enumerable: false, writable: true, configurable: true },
      a: { value: 2, enumerable: true, writable: false, configurable: false },
    },
  ),
  "an own property named __proto__": JSON.parse('{"__proto__":{"a":1},"x":{"__proto__":[]}}'),
  "the same among others": withExtras(JSON.parse('{"__proto__":1}') as object, { u: undefined }),
  "keys that are numbers": { b: 1, 2: undefined, a: 1, 1: 1 },
  "objects without a prototype": [
    Object.create(null),
    withExtras(Object.create(null) as object, { toString: 1 }),
  ],
  "locked objects": [Object.freeze({ a: [1] }), Object.seal({ a: 1 }), Object.preventExtensions({ a: 1 })],
  "locked collections": [Object.freeze([1, 2]), Object.freeze(new Map([[1, 2]])), Object.seal([1, , 3])],
  "locked and empty": [Object.freeze({}), Object.freeze([]), Object.freeze(Object.create(null))],
  "instances of classes": [new Point(), withExtras(new Point(), { z: undefined, x: new Point() })],
  "a locked instance": Object.freeze(new Point()),
  "subclasses of builtins": [new Table([[1, { a: 1 }]]), withExtras(Queue.from([1, 2]), { name: "q" })],
  "classes and functions by name": [Point, durable, OrderRejected],
  "what the language has": [
    Math.max,
    Array.prototype.slice,
    Math,
    JSON,
    Object.prototype,
    Error,
    globalThis,
    isNaN,
  ],
  "getters of the language": Object.getOwnPropertyDescriptor(Map.prototype, "size")!.get,
  "a ring": ring(),
  "a method that is called toJSON by data only": { toJSON: "text" },
};

describe("the codec", () => {
  test.each(Object.entries(values))("brings back %s", (_, value) => {
    const text = codec.encode(value);
    const back = codec.decode(text);
    expect(findDifference(value, back)).toBeNull();
    expect(codec.encode(back)).toBe(text);
  });

  test("brings back `arguments`", () => {
    const [one, two] = copy([argumentsOf(1, { a: 2 }), withExtras(argumentsOf(), { x: 1 })]);
    expect(Object.prototype.toString.call(one)).toBe("[object Arguments]");
    expect(Array.from(one as ArrayLike<unknown>)).toEqual([1, { a: 2 }]);
    expect(two).toMatchObject({ length: 0, x: 1 });
  });

  test("writes plain trees as JSON and nothing else", () => {
    const plain = values["plain data"];
    expect(codec.encode(plain)).toBe(JSON.stringify(plain));
  });

  test("keeps what is one object one object, and two equal ones two", () => {
    const shared = { a: 1 };
    const back = copy({ list: [shared, shared, { a: 1 }], map: new Map([[shared, shared]]) });
    expect(back.list[0]).toBe(back.list[1]);
    expect(back.list[2]).not.toBe(back.list[0]);
    expect(back.map.get(back.list[0]!)).toBe(back.list[0]);
  });

  test("keeps views on one buffer, so that a write shows in all", () => {
    const [bytes, view] = copy(
      [new Uint8Array(8), new DataView(new ArrayBuffer(1))].map((one, i, all) =>
        i === 0 ? one : new DataView((all[0] as Uint8Array).buffer, 2),
      ),
    ) as [Uint8Array, DataView];
    bytes[2] = 7;
    expect(view.getUint8(0)).toBe(7);
  });

  test("writes of a small Buffer its own bytes only, not Node's pool", () => {
    const secret = Buffer.from("the secret of another request");
    const text = codec.encode(Buffer.from("mine"));
    expect(text.length).toBeLessThan(40);
    expect(copy(Buffer.from("mine")).equals(Buffer.from("mine"))).toBe(true);
    expect(copy(secret)).toBeInstanceOf(Buffer);
    const large = Buffer.alloc(20_000, "ab");
    expect(copy(large).equals(large)).toBe(true);
  });

  test("keeps a URL and its own search parameters connected", () => {
    const url = new URL("https://a.b/?x=1");
    const back = copy({ url, query: url.searchParams });
    back.query.set("x", "2");
    expect(back.url.href).toBe("https://a.b/?x=2");
  });

  test("brings an error back as an instance, with its stack, cause and methods", () => {
    const error = new OrderRejected("17");
    const back = copy({ error }).error;
    expect(back).toBeInstanceOf(OrderRejected);
    expect(back.stack).toBe(error.stack);
    expect(Object.prototype.toString.call(back)).toBe("[object Error]");
    expect(String(back)).toBe("OrderRejected: order 17 was rejected");
  });

  test("follows a list of thousands of nodes without running out of stack", () => {
    let list: unknown = null;
    for (let i = 0; i < 9_000; i++) list = { next: list, u: undefined };
    let back = copy(list) as { readonly next: unknown } | null;
    let length = 0;
    for (; back !== null; back = back.next as typeof back) length++;
    expect(length).toBe(9_000);
  });

  test("gives equal graphs equal text", () => {
    const make = (): unknown => ({ ring: ring(), list: [new Map([[1, new Date(5)]]), Symbol.for("x")] });
    expect(codec.encode(make())).toBe(codec.encode(make()));
  });

  test("leaves the beginning of the text as it is when a list grows", () => {
    const items = Array.from({ length: 1_000 }, (_, i) => ({ id: i, at: new Date(i) }));
    const state = { items, byId: new Map(items.map((item) => [item.id, item])), end: undefined };
    const before = codec.encode(state);
    const more = { id: 1_000, at: new Date(1_000) };
    items.push(more);
    const [grown, mapped] = [
      codec.encode(state),
      ((): string => {
        state.byId.set(more.id, more);
        return codec.encode(state);
      })(),
    ];
    const commonOf = (a: string, b: string): number => {
      let i = 0;
      while (i < a.length && a[i] === b[i]) i++;
      return i;
    };
    const itemsEnd = before.indexOf('"byId"') - 3;
    expect(commonOf(before, grown)).toBeGreaterThan(itemsEnd - 3);
    expect(mapped.endsWith('],"end":["~u"]}')).toBe(true);
  });
});
