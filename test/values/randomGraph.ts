import fc from "fast-check";
import { Box, Point, Table, makeClosure } from "./samples.ts";

/** One object of a random graph: what it is, and which values it is filled with. */
interface Node {
  readonly kind: keyof typeof MAKERS;
  readonly slots: readonly Slot[];
  readonly lock: number;
  readonly extra: boolean;
}

/** A value: a leaf, or a number that picks one of the objects. */
type Slot = { readonly leaf: unknown } | { readonly to: number };

/** Any graph of a few objects of all kinds, with every sort of sharing and ring: the list of its objects. */
export function graphs(): fc.Arbitrary<readonly unknown[]> {
  const node: fc.Arbitrary<Node> = fc.record({
    kind: fc.constantFrom(...(Object.keys(MAKERS) as Node["kind"][])),
    slots: fc.array(slotArbitrary(), { maxLength: 5 }),
    lock: fc.constantFrom(0, 0, 0, 0, 0, 1, 2, 3),
    extra: fc.boolean(),
  });
  return fc.array(node, { minLength: 1, maxLength: 12 }).map(build);
}

function slotArbitrary(): fc.Arbitrary<Slot> {
  return fc.oneof(
    fc.nat(30).map((to): Slot => ({ to })),
    fc
      .oneof(fc.anything(), fc.string({ unit: "binary" }), fc.double(), ...ODD)
      .map((leaf): Slot => ({ leaf })),
  );
}

const LOCAL = Symbol("one for all");

const ODD: readonly fc.Arbitrary<unknown>[] = [
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(
    undefined,
    NaN,
    -0,
    Infinity,
    Symbol.iterator,
    Symbol.for("k"),
    LOCAL,
    /a+/g,
    Math.max,
    "~u",
    "~#",
  ),
  fc.uint8Array({ maxLength: 20 }),
  fc.constantFrom("__proto__", "constructor", "toString", "then", "toJSON"),
];

interface Made {
  readonly object: object;
  fill(values: readonly unknown[]): void;
}

const MAKERS = {
  object: (): Made => record({}),
  bare: (): Made => record(Object.create(null) as object),
  point: (): Made => record(new Point()),
  error: (): Made => record(new TypeError("random", { cause: 1 })),
  array: (): Made => {
    const object: unknown[] = [];
    return { object, fill: (values) => object.push(...values) };
  },
  sparse: (): Made => {
    const object: unknown[] = [];
    return { object, fill: (values) => values.forEach((value, i) => (object[i * 3 + 1] = value)) };
  },
  map: (): Made => entries(new Map<unknown, unknown>()),
  table: (): Made => entries(new Table()),
  set: (): Made => {
    const object = new Set<unknown>();
    return { object, fill: (values) => values.forEach((value) => object.add(value)) };
  },
  box: (): Made => {
    const object = new Box(undefined);
    return { object, fill: ([value]) => (object.v = value) };
  },
  list: (): Made => {
    const object: unknown[] = [];
    return { object, fill: (values) => object.push(...values, makeClosure(object, ...values)) };
  },
};

const KEYS: readonly (string | symbol)[] = ["a", "__proto__", "7", Symbol.for("key"), "toJSON"];

function record(object: object): Made {
  const fill = (values: readonly unknown[]): void =>
    values.forEach((value, i) => {
      const flags = { enumerable: i !== 3, writable: i !== 4, configurable: true };
      Object.defineProperty(object, KEYS[i]!, { value, ...flags });
    });
  return { object, fill };
}

function entries(object: Map<unknown, unknown>): Made {
  return {
    object,
    fill: (values) => values.forEach((value, i) => object.set(i % 2 === 0 ? value : i, value)),
  };
}

function build(nodes: readonly Node[]): readonly unknown[] {
  const made = nodes.map(({ kind }) => MAKERS[kind]());
  made.forEach(({ object, fill }, i) => {
    const { slots, lock, extra } = nodes[i]!;
    fill(slots.map((slot) => ("leaf" in slot ? slot.leaf : made[slot.to % made.length]!.object)));
    // Hidden names on an array are not looked for: it would cost more than the rest of the array.
    if (extra && !(object instanceof Box)) {
      Reflect.defineProperty(object, "named", { value: i, enumerable: Array.isArray(object) });
    }
    if (object instanceof Box) return;
    if (lock === 1) Object.preventExtensions(object);
    if (lock === 2) Object.seal(object);
    if (lock === 3) Object.freeze(object);
  });
  return made.map(({ object }) => object);
}
