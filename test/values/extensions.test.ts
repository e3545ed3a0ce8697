import { describe, expect, test } from "vitest";
import { DecodeError } from "../../runtime/errors.ts";
import { Box, Money, boxes, copy, makeClosure, makeCodec } from "./samples.ts";

type Closure = ReturnType<typeof makeClosure>;

describe("objects of extensions", () => {
  test("a box that two closures share stays one box", () => {
    const total = new Box(1);
    const back = copy({ add: makeClosure(total), get: makeClosure(total) });
    expect(back.add()[0]).toBeInstanceOf(Box);
    expect(back.add()[0]).toBe(back.get()[0]);
  });

  test("a closure that reaches itself through a box comes back closed", () => {
    const box = new Box(null);
    const recursive = makeClosure(box);
    box.v = recursive;
    for (const root of [recursive, box, [box, recursive], { recursive, box }]) {
      const back = copy(root);
      const found = (Array.isArray(back) ? back[0] : "box" in back ? back.box : back) as Box | Closure;
      const closure = found instanceof Box ? (found.v as Closure) : found;
      expect((closure()[0] as Box).v).toBe(closure);
    }
  });

  test("closures that need each other are made in the order they need", () => {
    const inner = makeClosure(1);
    const outer = makeClosure(makeClosure(inner), inner);
    const back = copy([outer, inner] as const);
    expect((back[0]()[0] as Closure)()[0]).toBe(back[1]);
    expect(back[0]()[1]).toBe(back[1]);
  });

  test("a closure is there in a Map, a Set, a frozen object and a property list that were read before it", () => {
    const shared: Record<string, unknown> = {};
    const outer = makeClosure(shared);
    const inner = makeClosure(outer);
    Object.assign(shared, {
      map: new Map([[inner, inner]]),
      set: new Set([inner]),
      frozen: Object.freeze({ inner, list: Object.freeze([inner]) }),
      listed: Object.defineProperty({}, "hidden", { value: inner }),
    });
    const back = copy(outer)()[0] as typeof shared & {
      readonly map: Map<unknown, unknown>;
      readonly frozen: { readonly inner: Closure; readonly list: readonly unknown[] };
    };
    const { inner: made, list } = back.frozen;
    expect(made()).toHaveLength(1);
    expect(list[0]).toBe(made);
    expect(back.map.get(made)).toBe(made);
    expect([...(back.set as Set<unknown>)]).toEqual([made]);
    expect((back.listed as { readonly hidden: unknown }).hidden).toBe(made);
    expect(Object.isFrozen(back.frozen) && Object.isFrozen(list)).toBe(true);
  });

  test("properties that were put on a closure come with it", () => {
    const closure = Object.assign(makeClosure(1), { calls: 3 });
    const [back, same] = copy([closure, closure]);
    expect(back!.calls).toBe(3);
    expect(same).toBe(back);
  });

  test("a tag nobody knows is refused by name", () => {
    const text = makeCodec().encode(new Box(1));
    expect(() => makeCodec({ extensions: [] }).decode(text)).toThrow(DecodeError);
    expect(() => makeCodec({ extensions: [] }).decode(text)).toThrow('"box"');
    expect(() => makeCodec({ extensions: [boxes] }).decode(text)).not.toThrow();
  });
});

describe("classes with [durable.save]", () => {
  test("come back through [durable.load], once for each instance", () => {
    const money = new Money({ big: 5n });
    const back = copy([money, money, makeClosure(money)]) as [Money, Money, Closure];
    expect(back[0].cents).toEqual({ big: 5n });
    expect(back[1]).toBe(back[0]);
    expect(back[2]()[0]).toBe(back[0]);
  });

  test("get complete data, whatever it holds", () => {
    let seen: unknown;
    const log = (cents: unknown): void => {
      seen = structuredClone(cents);
    };
    class Logged extends Money {}
    Object.defineProperty(Logged, Symbol.for("durablec.load"), {
      value: (data: { readonly cents: unknown }) => {
        log(data.cents);
        return new Logged(data.cents);
      },
    });
    const codec = makeCodec({ classes: { idOf: () => "L", classOf: () => Logged as never } });
    const earlier = { list: [new Map([[1, new Date(1)]])] };
    const cents = { earlier, nested: Object.freeze({ a: new Set([1]) }) };
    codec.decode(codec.encode([earlier, new Logged(cents)]));
    expect(seen).toEqual(cents);
  });

  test("nest, and reach closures and boxes", () => {
    const box = new Box(null);
    const closure = makeClosure(box, new Money(1));
    box.v = closure;
    const money = new Money(new Money([closure, box]));
    const back = (copy(money).cents as Money).cents as [Closure, Box];
    expect(back[0]()[0]).toBe(back[1]);
    expect(back[1].v).toBe(back[0]);
    expect((back[0]()[1] as Money).cents).toBe(1);
  });

  test("may be part of closures that reach each other through plain objects", () => {
    const plain: Record<string, unknown> = {};
    const outer = makeClosure(new Money(7), plain);
    plain.inner = makeClosure(outer);
    const back = copy(outer);
    const inner = (back()[1] as typeof plain).inner as Closure;
    expect(inner()[0]).toBe(back);
  });

  test("that hold themselves are refused", () => {
    const data: unknown[] = [];
    const money = new Money(data);
    data.push(money);
    expect(() => makeCodec().encode({ money })).toThrow("leads back to the object that it is part of");
    const [ring, inside]: unknown[][] = [[], []];
    ring!.push(new Money(inside));
    inside!.push(ring);
    expect(() => copy(ring)).not.toThrow();
  });
});
