import { describe, expect, test } from "vitest";
import { toMachines } from "../../compiler/index.ts";
import { checkResults } from "../../compiler/2-check/checkResults.ts";
import { checkStorable } from "../../compiler/3-lower/checkStorable.ts";
import { findingsOf, readCases, testCases, type Suite } from "./cases.ts";

const check = ({ program }: Suite) => [
  ...checkResults(program),
  ...checkStorable(
    program,
    program.modules.flatMap((module) => toMachines(module).machines),
  ),
];
const main = (parameters: string, body: string): string =>
  `export async function main(${parameters}): Promise<unknown> { "use durable"; ${body} return 1; }`;

describe("a live variable that cannot be stored", () => {
  const suite = readCases({
    "finds a WeakMap": `const «seen» = new WeakMap<object, number>(); await wait("1s"); seen.get({});`,
    "finds a WeakSet": `const «seen» = new WeakSet(); await wait("1s"); seen.has({});`,
    "finds a WeakRef": `const «ref» = new WeakRef({ a: 1 }); await wait("1s"); ref.deref();`,
    "finds a parameter": main(`«request»: Request`, `await wait("1s"); console.log(request.url);`),
    "finds a part of a parameter": main(
      `order: { «client»: number }, { «body» }: Request`.replace("«client»", "client"),
      `await wait("1s"); console.log(body, order);`,
    ),
    "finds a generator of ordinary code": `export function* g() { yield 1; }\n${main("", `const «it» = g(); await wait("1s"); it.next();`)}`,
    "finds the position of a loop over a generator of ordinary code": `export async function* g() { yield 1; }\n${main("", `for await (const x of «g()») console.log(x);`)}`,
    "finds the position of a loop over a stream": `import { Readable } from "node:stream";\n for await (const x of «Readable.from([1])») console.log(x);`,
    "accepts generators of durable code": `export async function* g() { "use durable"; yield 1; }\n${main("given: AsyncGenerator<number>", `function* h() { yield 1; } const it = h(); const it2 = g(); await wait("1s"); it.next(); for await (const x of g()) await it2.next(); for await (const x of given) console.log(x);`)}`,
    "finds a resource that is still to be closed": `class Handle { readonly seen = new WeakSet(); [Symbol.dispose]() {} }\n ${main("", `using «h» = new Handle(); console.log(h); await wait("1s");`)}`,
    "finds a native iterator": `const «it» = new Map([[1, 2]]).entries(); await wait("1s"); it.next();`,
    "finds an array's iterator": `const «it» = ids.values(); await wait("1s"); it.next();`,
    "finds an emitter of Node": `import { EventEmitter } from "node:events";\n const «e» = new EventEmitter(); await wait("1s"); e.emit("x");`,
    "finds a stream": `import { Readable } from "node:stream";\n const «s» = Readable.from([1]); await wait("1s"); s.read();`,
    "finds an AbortController": `const «a» = new AbortController(); await wait("1s"); a.abort();`,
    "finds a formatter": `const «f» = new Intl.NumberFormat("en"); await wait("1s"); f.format(1);`,
    "finds a part deep inside": main(
      `«order»: { lines: { sku: string; client: WeakMap<object, string> }[] }`,
      `await wait("1s"); console.log(order.lines);`,
    ),
    "finds a value of a Map": `const «m» = new Map<string, WeakRef<object>>(); await wait("1s"); m.get("x");`,
    "finds one side of a union": `const «x»: Response | null = ids.length > 3 ? new Response("x") : null; await wait("1s"); console.log(x);`,
    "finds a member of a tuple": main(
      `«pair»: [string, WeakSet<object>]`,
      `await wait("1s"); console.log(pair);`,
    ),
    "finds a class of a package":
      `import { MagicString } from "magic-string";\n const «s» = new MagicString("x"); await wait("1s"); s.toString();`.replace(
        "{ MagicString }",
        "MagicString",
      ),
    "finds a project class that extends a foreign one": `import { EventEmitter } from "node:events";\n class Bus extends EventEmitter {} const «b» = new Bus(); await wait("1s"); b.emit("x");`,
    "finds what a live closure captures": `const «seen» = new WeakSet(); const has = (o: object) => seen.has(o); await wait("1s"); has({});`,
    "finds an index signature": main(
      `«table»: Record<string, WeakRef<object>>`,
      `await wait("1s"); console.log(table);`,
    ),
    "accepts plain data": main(
      `order: { id: string; lines: { sku: string; n?: number; tags: readonly string[] }[]; note: string | null | undefined }`,
      `await wait("1s"); console.log(order);`,
    ),
    "accepts dates, expressions, bigints and symbols": `const a = new Date(0); const b = /x/g; const c = 5n; const d = Symbol.for("x"); await wait("1s"); console.log(a, b, c, d);`,
    "accepts maps, sets and arrays of data": `const a = new Map([["x", { d: new Date(0) }]]); const b = new Set([1]); const c = [[1], [2]]; await wait("1s"); console.log(a, b, c);`,
    "accepts buffers, views and URLs": `const a = new Uint8Array(4); const b = new ArrayBuffer(8); const c = Buffer.from("x"); const d = new URL("http://a"); const e = new URLSearchParams(); const f = new DataView(b); await wait("1s"); console.log(a, b, c, d, e, f);`,
    "accepts errors": `class Odd extends Error { constructor(readonly code: number) { super("odd"); } } const a = new Error("x", { cause: 1 }); const b = new AggregateError([]); const c = new Odd(1); await wait("1s"); console.log(a, b, c);`,
    "accepts instances of project classes": `import { Order } from "./order.ts";\n const o = new Order("x"); await wait("1s"); console.log(o.total());
=== order.ts
export class Order { private lines: string[] = []; constructor(readonly id: string) {} total(): number { return this.lines.length; } get size(): number { return 1; } }`,
    "accepts closures of durable code": `const n = 1; const f = (x: number) => x + n; function g(): number { return f(n); } await wait("1s"); console.log(f(1), g());`,
    "accepts promises of durable work": `const p = step("x", () => 1); const ps = ids.map(async (x) => { await wait("1s"); return x; }); const o = { p }; await wait("1s"); await p; await Promise.all(ps); await o.p;`,
    "accepts what is not live": `const seen = new WeakSet(); seen.has({}); const r = new AbortController(); r.abort(); await wait("1s");`,
    "accepts unknown, any and type parameters": `export async function main<T, K extends keyof T>(a: unknown, b: T, c: T[K]): Promise<unknown> { "use durable"; const d: any = JSON.parse("1"); await wait("1s"); return [a, b, c, d]; }`,
    "accepts branded primitives and enums": main(
      `id: string & { readonly brand: "Id" }, kind: "a" | "b", n: 1 | 2`,
      `await wait("1s"); console.log(id, kind, n);`,
    ),
    "accepts recursive types": `import type { Tree, Json } from "./tree.ts";\n ${""}const t: Tree = { kids: [] }; const j: Json = {}; await wait("1s"); console.log(t, j);
=== tree.ts
export interface Tree { readonly kids: readonly Tree[]; readonly up?: Tree }
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };`,
    "accepts a class that writes itself": `import { Cart } from "./cart.ts";\n const c = new Cart(); await wait("1s"); console.log(c);
=== cart.ts
export const durable = { save: Symbol.for("durablec.save"), load: Symbol.for("durablec.load") } as const;
export class Cart { #seen = new WeakSet(); [durable.save](): number { return this.#seen.has({}) ? 1 : 0; } static [durable.load](_: number): Cart { return new Cart(); } }`,
    "accepts interfaces with methods of the project": main(
      `shape: { readonly size: number; area(): number }`,
      `await wait("1s"); console.log(shape.size);`,
    ),
    "accepts what comes from callbacks": `const [promise, callbackId] = await createCallback<number>(); await step("tell", () => console.log(callbackId)); await promise;`,
  });
  const found = check(suite);
  testCases(suite, found, "DC301");

  test("the message names the variable, the path and the checkpoint", () => {
    const [finding] = findingsOf(suite, found, "finds a part deep inside");
    expect(finding?.message).toBe(
      "'order' cannot be stored: 'order.lines[].client' is a WeakMap, whose entries cannot be listed.",
    );
    expect(finding?.notes.map(({ message }) => message)).toEqual([
      "'order' is needed after checkpoint 1 (wait), line 2.",
    ]);
  });

  test("the variable itself is 'it'", () => {
    const [finding] = findingsOf(suite, found, "finds a WeakSet");
    expect(finding?.message).toBe(
      "'seen' cannot be stored: it is a WeakSet, whose members cannot be listed.",
    );
    expect(finding?.advice).toBe("Use a Set, or keep it in a step.");
  });
});

const RESULTS = `
=== services.ts
export async function get(url: string): Promise<Response> { return fetch(url); }
export async function deep(url: string): Promise<{ data: { raw: Response }[] }> { return { data: [{ raw: await fetch(url) }] }; }
export async function order(id: string): Promise<{ id: string; at: Date; n: number | undefined }> { return { id, at: new Date(0), n: 1 }; }
export async function nothing(): Promise<void> {}
export async function maybe(id: string): Promise<string | null> { return id; }
export async function stream(): Promise<ReadableStream<string> | null> { return null; }
export async function cursor(): Promise<AsyncGenerator<number>> { return (async function* () { yield 1; })(); }
export class Order { constructor(readonly id: string) {} total(): number { return 1; } }
export async function instance(id: string): Promise<Order> { return new Order(id); }
export async function generic<T>(x: T): Promise<T> { return x; }
export async function loose(): Promise<unknown> { return 1; }
export const api = { get };
export async function child(id: string): Promise<{ f: () => number }> { "use durable"; return { f: () => id.length }; }
`;
const IMPORT = `import { get, deep, order, nothing, maybe, stream, cursor, instance, generic, loose, api, child } from "./services.ts";\n`;
const MORE = `import { map, parallel, runInChildContext, waitForCondition } from "@durablec/runtime";\n`;
const withServices = (cases: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(cases).map(([name, text]) => [name, `${IMPORT}${text}${RESULTS}`]));

const PACKAGE = `
=== node_modules/shop/package.json
{ "name": "shop", "version": "1.0.0", "types": "index.d.ts" }
=== node_modules/shop/index.d.ts
export interface Logger { readonly level: string; info(text: string): void }
export interface Price { readonly amount: number; readonly currency: string }
export class Point { x: number; y: number }
export class Client { send(text: string): void }
export class ShopError extends Error { code: number; retry(): void }
export function logger(): Logger;
export function price(): Price;
export function point(): Point;
export function connect(): Promise<Client>;
`;

describe("types of packages", () => {
  const suite = readCases({
    "finds an interface with methods": `import { logger } from "shop";\n const «log» = logger(); await wait("1s"); log.info("x"); ${PACKAGE}`,
    "finds a class without methods": `import { point } from "shop";\n const «at» = point(); await wait("1s"); console.log(at.x); ${PACKAGE}`,
    "finds a class with methods": `import { Client } from "shop";\n const «c» = new Client(); await wait("1s"); c.send("x"); ${PACKAGE}`,
    "finds a step's result": `import { connect } from "shop";\n const c = await «connect()»; c.send("x"); ${PACKAGE}`,
    "finds an interface in a part": `import { logger } from "shop";\n const «tools» = { log: logger() }; await wait("1s"); tools.log.info("x"); ${PACKAGE}`,
    "accepts an interface of data": `import { price } from "shop";\n const p = price(); await wait("1s"); console.log(p.amount); ${PACKAGE}`,
    "accepts an error of a package": `import { ShopError } from "shop";\n const e = new ShopError(); await wait("1s"); console.log(e.code); ${PACKAGE}`,
    "accepts one that is used before the checkpoint": `import { logger } from "shop";\n const log = logger(); log.info("x"); await wait("1s"); ${PACKAGE}`,
    "accepts one that a step uses": `import { connect } from "shop";\n await step("send", async () => (await connect()).send("x")); ${PACKAGE}`,
  });
  const found = check(suite);
  testCases(suite, found);

  test("the package is named, and certainty is the difference between error and warning", () => {
    const finding = (name: string) => findingsOf(suite, found, name)[0];
    expect(finding("finds a class with methods")).toMatchObject({
      code: "DC301",
      message: "'c' cannot be stored: it is an instance of 'Client' of the package 'shop'.",
    });
    expect(finding("finds an interface with methods")).toMatchObject({
      code: "DC303",
      message: "'log' may not be storable: it is an instance of 'Logger' of the package 'shop'.",
    });
  });
});

describe("a result that cannot be recorded", () => {
  const suite = readCases(
    withServices({
      "finds fetch": `const r = await «fetch(id)»; console.log(r.status);`,
      "finds an implicit step": `const r = await «get(id)»;`,
      "finds a part of a result": `const r = await «deep(id)»;`,
      "finds a method": `const r = await «api.get(id)»;`,
      "finds a step": `const r = await «step("load", () => fetch(id))»;`,
      "finds a step with an async body": `const r = await «step(async () => new AbortController())»;`,
      "finds a promise that is held": `const p = «get(id)»; await p;`,
      "finds one side of a union": `await «stream()»;`,
      "finds a generator": `const c = await «cursor()»;`,
      "finds a value that is called": `export async function main(f: () => Promise<WeakMap<object, string>>): Promise<void> { "use durable"; await «f()»; }`,
      "finds a callback's payload": `const x = await «waitForCallback<WeakSet<object>>("x", () => 1)»;`,
      "finds it in an inner async function": `const f = async () => { await «get(id)»; }; await f();`,
      "finds the payload of a callback made for later": `const [p, key] = await «createCallback<WeakSet<object>>("x")»; console.log(key, p);`,
      "finds the state of a condition": `${MORE} await «waitForCondition(async (s: { seen: WeakSet<object> }) => s, { initialState: { seen: new WeakSet() }, waitStrategy: () => ({ shouldContinue: false }) })»;`,
      "finds what a transaction gives": `import { transaction } from "@durablec/runtime";\n await «transaction("x", async (client) => ({ rows: (await client.query("SELECT 1")).rowCount, w: new WeakSet() }))»;`,
      "finds the items of a map": `${MORE} await «map(ids, async () => new WeakSet())»;`,
      "finds a branch": `${MORE} await «parallel([async () => 1, async () => ({ s: new WeakSet() })])»;`,
      "finds a child context": `${MORE} await «runInChildContext(async () => new WeakSet())»;`,
      "finds what the durable function answers": `export async function main(): «Promise<WeakSet<object>>» { "use durable"; return new WeakSet(); }`,
      "finds it without a type that is written": `export async function «main»() { "use durable"; return { s: new WeakSet() }; }`,
      "accepts functions and promises that branches made": `${MORE} const r = await map(ids, async (_, x) => ({ f: () => x })); const q = await runInChildContext(async () => ({ f: () => id })); console.log(r.status, q);`,
      "accepts payloads of data": `const [p, key] = await createCallback<{ ok: boolean }>("x"); console.log(key, p);`,
      "accepts a durable function that answers with a closure": `export async function main(): Promise<() => number> { "use durable"; return () => 1; }`,
      "accepts plain data": `const o = await order(id); console.log(o);`,
      "accepts nothing": `await nothing(); await step("x", () => undefined); await step("y", () => {});`,
      "accepts null and primitives": `await maybe(id); await step("x", () => 1n); await step("y", () => null);`,
      "accepts what is taken inside the step": `const status = await step("load", async () => (await fetch(id)).status);`,
      "accepts instances of project classes": `const o = await instance(id); console.log(o.total());`,
      "accepts type parameters and unknown": `await generic(id); await loose(); await step<unknown>("x", () => 1); const y = await waitForCallback("y", () => 1);`,
      "accepts values that are no step": `const p = Promise.resolve(1); await p; await Promise.race([order(id)]); await wait("1s"); await checkpoint();`,
      "accepts a child task that answers a closure": `const { f } = await child(id); console.log(f);`,
      "accepts arrays, maps and dates": `await step("x", () => [new Map([[1, new Date(0)]])]); await Promise.all([order(id), order(id)]);`,
      "accepts what a step does with a Response": `await step("x", async () => { const r = await fetch(id); return r.json() as Promise<{ a: number }>; });`,
    }),
  );
  const found = check(suite);
  testCases(suite, found, "DC302");

  test("the message names the step and the path", () => {
    const message = (name: string) => findingsOf(suite, found, name)[0]?.message;
    expect(message("finds an implicit step")).toBe(
      "The result of 'get' cannot be recorded: it is a Response, bound to a connection.",
    );
    expect(message("finds a part of a result")).toBe(
      "The result of 'deep' cannot be recorded: 'data[].raw' is a Response, bound to a connection.",
    );
    expect(message("finds a step with an async body")).toBe(
      "The result of this step cannot be recorded: it is an AbortController, which belongs to this process.",
    );
  });

  test("a variable that holds such a result is not reported again", () => {
    expect(findingsOf(suite, found, "finds fetch").map(({ code }) => code)).toEqual(["DC302"]);
  });
});

describe("something that may not be storable", () => {
  const suite = readCases({
    "finds a function that is a parameter": main(
      `«price»: (x: string) => number`,
      `await wait("1s"); price("x");`,
    ),
    "finds a function in a parameter": main(
      `«options»: { onDone: () => void }`,
      `await wait("1s"); options.onDone();`,
    ),
    "finds a promise that is a parameter": main(
      `«pending»: Promise<number>`,
      `await wait("1s"); await pending;`,
    ),
    "finds a promise in a parameter": main(
      `«job»: { pending: Promise<number> }`,
      `await wait("1s"); await job.pending;`,
    ),
    "finds a promise of new Promise": `const «p» = new Promise<number>((resolve) => resolve(1)); await wait("1s"); await p;`,
    "finds a function that a helper made": `import { makeClock } from "./make.ts";\n const «clock» = makeClock(); await wait("1s"); clock();
=== make.ts
export function makeClock(): () => number { return () => 5; }`,
    "finds functions in an array": main(
      `«steps»: (() => number)[]`,
      `await wait("1s"); console.log(steps.length);`,
    ),
    "finds a class's field of a function type": `class Job { run = () => 1; } const «j» = new Job(); await wait("1s"); j.run();`,
    "finds a destructured function": main(
      `{ «price» }: { price: () => number }`,
      `await wait("1s"); price();`,
    ),
    "finds a step's function in its result": `import { load } from "./load.ts";\n const o = await «load()»; o.run();
=== load.ts
export async function load(): Promise<{ run: () => number }> { return { run: () => 1 }; }`,
    "accepts a function written here": `const f = () => 1; const o = { f, g: () => 2, h() { return 3; } }; await wait("1s"); f(); o.g();`,
    "accepts a function of the module": `import { basename } from "node:path";\n const f = basename; await wait("1s"); f("x");`,
    "accepts promises of steps and tasks": `const p = step("x", () => 1); const q = (async () => { await wait("1s"); })(); await wait("1s"); await p; await q;`,
    "accepts chains on durable promises": `const p = step("x", () => 1).then((x) => x + 1); const all = Promise.all([p]); await wait("1s"); await p; await all;`,
    "accepts a function that is not live": main(
      `price: (x: string) => number`,
      `price("x"); await wait("1s");`,
    ),
    "accepts methods of a class": `class Job { run(): number { return 1; } } const j = new Job(); await wait("1s"); j.run();`,
    "accepts functions from the language's own functions": `const fs = ids.map((x) => () => x); const g = fs[0]?.bind(null); await wait("1s"); console.log(fs, g);`,
    "accepts a variable filled later": `let f: (() => number) | null = null; await wait("1s"); f = () => 1; await wait("1s"); console.log(f());`,
    "accepts an object that is filled here, whatever its type": `interface Hooks { run?: () => number; done?: Promise<number> }\n const hooks: Hooks = {}; hooks.run = () => 1; await wait("1s"); console.log(hooks);`,
    "accepts what an expression holds for a moment": `import { table } from "./table.ts";\n const x = table.add(1, Number(await step("x", () => 2)));
=== table.ts
export const table: { add: (a: number, b: number) => number } = { add: (a, b) => a + b };`,
    "accepts a collection of closures": `const handlers = new Map<string, () => number>(); handlers.set("x", () => 1); await wait("1s"); handlers.get("x")?.();`,
  });
  testCases(suite, check(suite), "DC303");
});

describe("an instance with private fields", () => {
  const PRIVATE = `class Cart { #items: string[] = []; add(x: string): void { this.#items.push(x); } }\n`;
  const suite = readCases({
    "finds it in a live variable": `${PRIVATE} const «c» = new Cart(); await wait("1s"); c.add("x");`,
    "finds it in a part": `${PRIVATE} const «o» = { carts: [new Cart()] }; await wait("1s"); console.log(o);`,
    "finds it in a base class": `${PRIVATE} class Big extends Cart {} const «c» = new Big(); await wait("1s"); c.add("x");`,
    "finds a private method": `class A { #go(): number { return 1; } go(): number { return this.#go(); } } const «a» = new A(); await wait("1s"); a.go();`,
    "finds it in a step's result": `import { load } from "./load.ts";\n const c = await «load()»;
=== load.ts
export class Cart { #n = 1; get n(): number { return this.#n; } }
export async function load(): Promise<Cart> { return new Cart(); }`,
    "finds it in a parameter":
      `${PRIVATE}`.replace("class", "export class") +
      main(`«cart»: Cart`, `await wait("1s"); cart.add("x");`),
    "finds it in an error of the project": `class Odd extends Error { #n = 1; get n(): number { return this.#n; } } const «e» = new Odd(); await wait("1s"); console.log(e);`,
    "finds it in a Map": `${PRIVATE} const «m» = new Map([["x", new Cart()]]); await wait("1s"); console.log(m);`,
    "finds one with half of the hooks": `const durable = { save: Symbol.for("a") } as const; class A { #n = 1; [durable.save](): number { return this.#n; } } const «a» = new A(); await wait("1s"); console.log(a);`,
    "accepts TypeScript's private": `class A { private n = 1; go(): number { return this.n; } } const a = new A(); await wait("1s"); a.go();`,
    "accepts protected and readonly": `class A { protected readonly n = 1; go(): number { return this.n; } } class B extends A {} const b = new B(); await wait("1s"); b.go();`,
    "accepts a class with both hooks": `const durable = { save: Symbol.for("a"), load: Symbol.for("b") } as const; class A { #n = 1; [durable.save](): number { return this.#n; } static [durable.load](): A { return new A(); } } const a = new A(); await wait("1s"); console.log(a);`,
    "accepts one that is not live": `${PRIVATE} const c = new Cart(); c.add("x"); await wait("1s");`,
    "accepts one that stays in a step": `${PRIVATE} await step("x", () => { const c = new Cart(); c.add("x"); return 1; });`,
    "accepts a parameter property": `class A { constructor(private readonly n: number) {} go(): number { return this.n; } } const a = new A(1); await wait("1s"); a.go();`,
    "accepts a name that starts with an underscore": `class A { _n = 1; } const a = new A(); await wait("1s"); console.log(a._n);`,
    "accepts a property with a hash in its name": `const o = { "#n": 1 }; await wait("1s"); console.log(o);`,
  });
  const found = check(suite);
  testCases(suite, found, "DC304");

  test("the class that hides is named", () => {
    expect(findingsOf(suite, found, "finds it in a base class")[0]?.message).toBe(
      "'c' cannot be stored: it is an instance of 'Cart', whose #private fields nobody else can read.",
    );
  });
});
