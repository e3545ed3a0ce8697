/**
 * The values codec beside `JSON` and `structuredClone`, on what steps return and what frames hold.
 *
 * node bench/values/codec.ts
 */
import { createCodec } from "../../runtime/values/codec.ts";
import { toChunks } from "../../runtime/values/chunks.ts";

interface Order {
  readonly id: string;
  readonly total: number;
  readonly isPaid: boolean;
  readonly lines: readonly { readonly sku: string; readonly count: number }[];
  readonly address: { readonly street: string; readonly zip: string; readonly geo: { readonly lat: number } };
}

function makeOrder(i: number): Order {
  const lines = [1, 2, 3].map((count) => ({ sku: `sku-${i % 97}-${count}`, count }));
  return {
    id: `order-${i}`,
    total: i + 0.5,
    isPaid: i % 2 === 0,
    lines,
    address: { street: "x", zip: "1234", geo: { lat: 1.5 } },
  };
}

const orders = Array.from({ length: 5_000 }, (_, i) => makeOrder(i));
const dated = orders.map((order, i) => ({ ...order, at: new Date(i), note: undefined }));
const shared = { list: dated, byId: new Map(dated.map((order) => [order.id, order])) };

const ROUNDS = 7;

/** Best of some rounds, in microseconds for one call. */
function measure(work: () => unknown, count: number): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let i = 0; i < count; i++) work();
    best = Math.min(best, ((performance.now() - started) / count) * 1_000);
  }
  return best;
}

const codec = createCodec();

function line(name: string, value: unknown, count: number): void {
  const text = codec.encode(value);
  const isPlain = !text.startsWith("~");
  const encode = measure(() => codec.encode(value), count);
  const decode = measure(() => codec.decode(text), count);
  const stringify = isPlain ? measure(() => JSON.stringify(value), count) : Number.NaN;
  const parse = isPlain ? measure(() => JSON.parse(text) as unknown, count) : Number.NaN;
  const clone = measure(() => structuredClone(value), count);
  const cells = [text.length, encode, stringify, decode, parse, encode + decode, clone];
  console.log(
    name.padEnd(34),
    ...cells.map((cell) => (Number.isNaN(cell) ? "-" : cell.toFixed(cell < 10 ? 2 : 0)).padStart(10)),
  );
}

const titles = ["characters", "encode", "stringify", "decode", "parse", "both", "clone"];
console.log("microseconds, best of", ROUNDS);
console.log("".padEnd(34), ...titles.map((title) => title.padStart(10)));
line("a number", 42, 100_000);
line("{ id, ok }", { id: "abc-123", ok: true }, 50_000);
line("an order (6 objects)", orders[17], 20_000);
line("5,000 orders", orders, 10);
line(
  "1,000 numbers",
  Array.from({ length: 1_000 }, (_, i) => i * 3),
  1_000,
);
line("undefined", undefined, 100_000);
line("{ at: Date, note: undefined }", { at: new Date(5), note: undefined }, 20_000);
line("an Error", new TypeError("boom"), 5_000);
line("5,000 orders with dates", dated, 5);
line("the same, in a list and a Map", shared, 5);

const text = codec.encode(shared);
const micros = measure(() => toChunks(text), 5);
console.log(
  `chunks of ${(text.length / 1e6).toFixed(1)} MB: ${(text.length / micros).toFixed(0)} MB/s, ${toChunks(text).length} of them`,
);
