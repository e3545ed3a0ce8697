import { createCodec } from "../../runtime/values/codec.ts";
import type {
  ClassRegistry,
  Codec,
  CodecOptions,
  Extension,
  FunctionRegistry,
} from "../../runtime/values/contract.ts";

/** What the engine registers, in small: boxes (early), closures (made after their parts), classes, functions. */
export class Box {
  v: unknown;
  constructor(v: unknown) {
    this.v = v;
  }
}

const captures = new WeakMap<object, readonly unknown[]>();

export function makeClosure(...parts: readonly unknown[]): () => readonly unknown[] {
  const closure = (): readonly unknown[] => parts;
  captures.set(closure, parts);
  return closure;
}

export const boxes: Extension = {
  tag: "box",
  early: true,
  matches: (value) => value instanceof Box,
  write: (value) => [(value as Box).v],
  names: () => ["v"],
  create: () => new Box(undefined),
  fill: (value, [v]) => {
    (value as Box).v = v;
  },
};

export const closures: Extension = {
  tag: "fn",
  matches: (value) => captures.has(value),
  write: (value) => captures.get(value)!,
  names: () => ["order", "total"],
  create: (parts) => makeClosure(...parts),
};

export class Point {
  x: unknown = 1;
  y: unknown = 2;
}

export class OrderRejected extends Error {
  readonly order: string;
  constructor(order: string) {
    super(`order ${order} was rejected`);
    this.order = order;
    this.name = "OrderRejected";
  }
}

export class Table extends Map<unknown, unknown> {}
export class Queue extends Array<unknown> {}

const save: unique symbol = Symbol.for("durablec.save");
const load: unique symbol = Symbol.for("durablec.load");

/** Keeps its state where nobody can see it, and says itself what to write. */
export class Money {
  readonly #cents: unknown;
  constructor(cents: unknown) {
    this.#cents = cents;
  }
  get cents(): unknown {
    return this.#cents;
  }
  [save](): unknown {
    return { cents: this.#cents };
  }
  static [load](data: { readonly cents: unknown }): Money {
    return new Money(data.cents);
  }
}

export class Secret {
  readonly #word = "x";
  get length(): number {
    return this.#word.length;
  }
}

export function durable(): void {
  // Stands for a durable function, which is found again by its name.
}

const byId = new Map<string, object>([
  ["a.ts#Point", Point],
  ["a.ts#OrderRejected", OrderRejected],
  ["a.ts#Table", Table],
  ["a.ts#Queue", Queue],
  ["a.ts#Money", Money],
  ["a.ts#Secret", Secret],
]);

export const classes: ClassRegistry = {
  idOf: (constructor) => [...byId].find(([, one]) => one === constructor)?.[0],
  classOf: (id) => byId.get(id) as ReturnType<ClassRegistry["classOf"]>,
};

export const functions: FunctionRegistry = {
  nameOf: (fn) => (fn === durable ? "a.ts#durable" : undefined),
  functionOf: (name) => (name === "a.ts#durable" ? durable : undefined),
};

export function makeCodec(options: CodecOptions = {}): Codec {
  return createCodec({ extensions: [boxes, closures], classes, functions, ...options });
}

/** There and back. */
export function copy<T>(value: T, codec = makeCodec()): T {
  return codec.decode(codec.encode(value)) as T;
}
