import { expect, test } from "vitest";
import { DecodeError } from "../../runtime/errors.ts";
import { durable } from "../../runtime/hooks.ts";
import { createCodec } from "../../runtime/values/codec.ts";
import type { ClassRegistry, FunctionRegistry } from "../../runtime/values/contract.ts";

class OutOfStock extends Error {
  readonly article = "lamp";
}

class Order {
  readonly lines = new Map([["lamp", 2]]);
}

class Money {
  readonly cents = 5;
  [durable.save](): unknown {
    return { cents: this.cents };
  }
  static [durable.load](): Money {
    return new Money();
  }
}

function pay(): void {}

const known = new Map<object, string>(
  [OutOfStock, Order, Money].map((one) => [one, `src/shop.ts#${one.name}`]),
);
const registries = (isHere: boolean): { classes: ClassRegistry; functions: FunctionRegistry } => ({
  classes: { idOf: (one) => known.get(one), classOf: () => undefined },
  functions: {
    nameOf: (fn) => (fn === pay && isHere ? "src/shop.ts#pay" : undefined),
    functionOf: () => undefined,
  },
});

test("what a build has no code for can be looked at, by its names and parts, and is an error everywhere else", () => {
  const order = new Order();
  const value = { error: new OutOfStock("none left"), order, again: order, money: new Money(), pay };
  const text = createCodec(registries(true)).encode(value);
  expect(() => createCodec(registries(false)).decode(text)).toThrow(DecodeError);

  const seen = createCodec({ ...registries(false), toLookAt: true }).decode(text) as typeof value;
  expect(seen.error).toBeInstanceOf(Error);
  expect(seen.error).toMatchObject({ message: "none left", article: "lamp" });
  expect(seen.error.constructor.name).toBe("OutOfStock");
  expect(seen.order.constructor.name).toBe("Order");
  expect(seen.order.lines.get("lamp")).toBe(2);
  expect(seen.again).toBe(seen.order);
  expect(seen.money).toEqual({ cents: 5 });
  expect(seen.pay.name).toBe("pay");
  expect(() => seen.pay()).toThrow("src/shop.ts#pay is not in this build");
});
