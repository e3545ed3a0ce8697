import { describe, expect, test } from "vitest";
import { checkDeterminism } from "../../compiler/2-check/checkDeterminism.ts";
import { DEFAULT_CONFIG } from "../../compiler/config.ts";
import { findingsOf, readCases, testCases } from "./cases.ts";

const HELPERS = `
=== helpers.ts
export function stamp(): number { return clock(); }
function clock(): number { return Date.now(); }
export function total(xs: number[]): number { return xs.reduce((a, b) => a + b, 0); }
export async function load(url: string): Promise<string> { return (await (await fetch(url)).text()) + Date.now(); }
export const random = Math.random;
export const draw: () => number = Math.random;
export const services = { now: () => Date.now(), steady: () => 5 };
export function again(n: number): number { return n > 0 ? again(n - 1) : other(n); }
function other(n: number): number { return n > 5 ? again(n) : Math.random(); }
export class Order {
  readonly at = Date.now();
  get age(): number { return Date.now() - this.at; }
  get size(): number { return 1; }
}
export class Plain {
  readonly at: Date;
  constructor(at: number) { this.at = new Date(at); }
  later(): Date { return new Date(this.at.getTime() + 1); }
  nowish(): number { return Date.now(); }
}
export class Late extends Order {}
export function makeBody(id: string): () => Promise<string> { return async () => id + Date.now(); }
export function each(xs: string[], f: (x: string) => number): number[] { return xs.map((x) => f(x)); }
export function toRow(x: string): string { return x + process.env["ROW"]; }
export function tag(parts: TemplateStringsArray): string { return parts.join(String(Math.random())); }
export function withDefault(at = Date.now()): number { return at; }
export async function marked(): Promise<number> { "use step"; return Date.now(); }
`;

const BUS = `
=== bus.ts
import { EventEmitter } from "node:events";
import { channel } from "node:diagnostics_channel";
export class Bus extends EventEmitter {}
export const bus = new EventEmitter();
export const late = new Bus();
export const target = new EventTarget();
export const port = new MessageChannel().port1;
export const news = channel("news");
export function tell(): void { bus.emit("done"); }
`;

describe("the clock", () => {
  const suite = readCases({
    "finds Date.now": `const at = «Date.now»();`,
    "finds new Date without arguments": `const at = «new Date()»;`,
    "finds new Date without parentheses": `const at = «new Date»;`,
    "finds Date called as a function, whatever it is given": `const at = «Date()»;`,
    "finds Date through globalThis": `const at = «globalThis.Date.now»();`,
    "finds element access": `const at = «Date["now"]»();`,
    "finds an alias where it is made, once": `const now = «Date.now»; const at = now() + now();`,
    "finds a renamed part of a pattern, once": `const { «now»: read } = Date; const at = read();`,
    "finds performance.now": `const at = «performance.now»();`,
    "finds performance.now of perf_hooks": `import { performance as p } from "node:perf_hooks";\n const at = «p.now»();`,
    "finds process.hrtime.bigint, once": `const at = «process.hrtime».bigint();`,
    "finds Temporal.Now": `const at = «Temporal.Now.instant»();`,
    "finds a subclass of Date made of nothing": `class Day extends Date {} const at = «new Day()»;`,
    "finds an alias of Date": `const D = Date; const at = «new D()»;`,
    "finds it in a callback that is not async": `const ages = ids.map(() => «Date.now»());`,
    "finds it in an async function inside": `const f = async () => { const at = «Date.now»(); await wait("1s"); return at; }; await f();`,
    "finds it handed over by name": `const ages = ids.map(«Date.now»);`,
    "finds it in a default parameter": `export async function main(at = «Date.now»()): Promise<number> { "use durable"; return at; }`,
    "accepts a date made of a value": `const at = new Date(0); const b = new Date(2026, 1, 1); const c = new Date(now());`,
    "accepts a date made of a list": `const parts: [number, number] = [2026, 1]; const at = new Date(...parts);`,
    "accepts arithmetic and parsing of dates": `const a = Date.UTC(2026, 1); const b = Date.parse(id); const c = new Date(b).toISOString();`,
    "accepts a parameter that is called Date": `export async function main(Date: { now(): number }): Promise<number> { "use durable"; return Date.now(); }`,
    "accepts a local called performance": `const performance = { now: () => 5 }; const at = performance.now();`,
    "accepts the clock in a step": `const at = await step("at", () => Date.now()); const b = await step(async () => new Date());`,
    "accepts the clock in a step's body that has a name": `const read = async () => Date.now(); const at = await step("at", read);`,
    "accepts the clock in a submitter": `await waitForCallback("ask", async (callbackId) => { console.log(callbackId, Date.now()); });`,
    "accepts the clock in a step's options": `await step("x", () => id, { retry: () => ({ shouldRetry: Date.now() > 5, delay: "1s" }) as never });`,
    "accepts a function that is given to an implicit step": `import { run } from "./run.ts";\n const at = await run(() => Date.now());
=== run.ts
export async function run(f: () => number): Promise<number> { return f(); }`,
    "accepts the clock in ordinary code of the same file": `export async function main(): Promise<number> { "use durable"; return 1; }\nexport function age(): number { return Date.now(); }`,
    "accepts types and tests for presence": `type D = typeof Date.now; const is = typeof performance.now === "function"; const x: Date | null = null; const y = (x as unknown) instanceof Date;`,
    "accepts the runtime's own now": `const at = now();`,
    "accepts a fake clock of the same type": `export async function main(clock: { now: typeof Date.now }): Promise<number> { "use durable"; return clock.now(); }`,
  });
  testCases(suite, checkDeterminism(suite.program));
});

describe("randomness", () => {
  const suite = readCases({
    "finds Math.random": `const x = «Math.random»();`,
    "finds a destructured random, once": `const { «random» } = Math; const x = random() + random();`,
    "finds element access": `const x = «Math["random"]»();`,
    "finds a callback by name": `const xs = ids.map(«Math.random»);`,
    "finds crypto.randomUUID of the platform": `const x = «crypto.randomUUID»();`,
    "finds getRandomValues": `const x = «globalThis.crypto.getRandomValues»(new Uint8Array(8));`,
    "finds a renamed import of node:crypto": `import { randomUUID as make } from "node:crypto";\n const x = «make»();`,
    "finds a namespace import of crypto": `import * as c from "crypto";\n const x = «c.randomBytes»(8);`,
    "finds a default import of node:crypto": `import c from "node:crypto";\n const x = «c.randomInt»(8);`,
    "finds an alias of another module": `import { random as r } from "./helpers.ts";\n const x = «r»(); ${HELPERS}`,
    "finds an alias with a type of its own": `import { draw } from "./helpers.ts";\n const x = «draw»(); ${HELPERS}`,
    "finds it through recursion of two functions": `import { again } from "./helpers.ts";\n const x = «again»(3); ${HELPERS}`,
    "finds it in a tagged template": `import { tag } from "./helpers.ts";\n const x = «tag»\`a\`; ${HELPERS}`,
    "finds nanoid": `import { nanoid } from "nanoid";\n const x = «nanoid»();`,
    "accepts a parameter called Math": `export async function main(Math: { random(): number }): Promise<number> { "use durable"; return Math.random(); }`,
    "accepts a local called crypto": `const crypto = { randomUUID: () => "fixed" }; const x = crypto.randomUUID();`,
    "accepts a function called isUuid": `import { isUuid } from "./ids.ts";\n const x = isUuid(id);
=== ids.ts
export function isUuid(text: string): boolean { return /^[0-9a-f-]{36}$/.test(text); }`,
    "accepts hashing": `import { createHash } from "node:crypto";\n const x = createHash("sha256").update(id).digest("hex");`,
    "accepts other mathematics": `const x = Math.max(1, Math.floor(2.5)); const { abs } = Math; const y = abs(-1);`,
    "accepts the runtime's own random and uuid": `const x = random(); const y = uuid();`,
    "accepts randomness in a step": `const x = await step("draw", () => Math.random()); const y = await step(() => crypto.randomUUID());`,
    "accepts an awaited digest, an implicit step": `const x = new Uint8Array(await step(() => crypto.subtle.digest("SHA-256", new Uint8Array())));`,
    "accepts a class with a method called random": `class Dice { random(): number { return 4; } } const x = new Dice().random();`,
  });
  testCases(suite, checkDeterminism(suite.program));
});

describe("through project functions", () => {
  const suite = readCases({
    "finds two calls deep": `import { stamp } from "./helpers.ts";\n const at = «stamp»(); ${HELPERS}`,
    "finds a method of an object": `import { services } from "./helpers.ts";\n const at = «services.now»(); ${HELPERS}`,
    "finds a class's fields": `import { Order } from "./helpers.ts";\n const o = new «Order»(); ${HELPERS}`,
    "finds the fields of a base class": `import { Late } from "./helpers.ts";\n const o = new «Late»(); ${HELPERS}`,
    "finds a getter": `import type { Order } from "./helpers.ts";\n export async function main(o: Order): Promise<number> { "use durable"; return o.«age»; } ${HELPERS}`,
    "finds a method": `import { Plain } from "./helpers.ts";\n const p = new Plain(1); const at = «p.nowish»(); ${HELPERS}`,
    "finds a callback that is handed over by name": `import { toRow } from "./helpers.ts";\n const rows = ids.map(«toRow»); ${HELPERS}`,
    "finds a default parameter of a helper": `import { withDefault } from "./helpers.ts";\n const at = «withDefault»(); ${HELPERS}`,
    "finds a namespace import": `import * as h from "./helpers.ts";\n const at = «h.stamp»(); ${HELPERS}`,
    "finds a re-export": `import { stamp } from "./index.ts";\n const at = «stamp»();
=== index.ts
export { stamp } from "./helpers.ts"; ${HELPERS}`,
    "finds a function of the same module": `export async function main(): Promise<number> { "use durable"; return «later»(); }\nfunction later(): number { return Date.now(); }`,
    "finds I/O that a helper starts and does not wait for": `import { fire } from "./fire.ts";\n «fire»(id);
=== fire.ts
export function fire(id: string): void { void send(id); }
async function send(id: string): Promise<void> { await fetch(id); }`,
    "finds a getter in a pattern": `import type { Order } from "./helpers.ts";\n export async function main(o: Order): Promise<number> { "use durable"; const { «age» } = o; return age; } ${HELPERS}`,
    "finds a getter by element access": `import type { Order } from "./helpers.ts";\n export async function main(o: Order): Promise<number> { "use durable"; return «o["age"]»; } ${HELPERS}`,
    "finds a destructured function of an object": `import { services } from "./helpers.ts";\n const { now: read, steady } = services; const at = «read»() + steady(); ${HELPERS}`,
    "finds either of two callees": `import { services, stamp, total } from "./helpers.ts";\n const at = (id ? «stamp» : services.steady)() + (0, «services.now»)() + (id ? services.steady : () => total([1]))(); ${HELPERS}`,
    "finds call and apply": `import { stamp } from "./helpers.ts";\n const at = «stamp».call(null) + «stamp».apply(null); ${HELPERS}`,
    "accepts a pure getter in a pattern, and a method called call": `import type { Order } from "./helpers.ts";\n const phone = { call: (n: number) => n }; const x = phone.call(5); const f = ({ size }: Order) => size; ${HELPERS}`,
    "accepts a default that is not evaluated": `import { withDefault } from "./helpers.ts";\n const at = withDefault(5); ${HELPERS}`,
    "accepts a pure helper": `import { total } from "./helpers.ts";\n const t = total([1]); ${HELPERS}`,
    "accepts a helper that is an implicit step": `import { load } from "./helpers.ts";\n const t = await load(id); const p = load(id); await p; ${HELPERS}`,
    "accepts a pure getter, constructor and method of a class": `import { Plain } from "./helpers.ts";\n import type { Order } from "./helpers.ts";\n const p = new Plain(1).later(); const f = (o: Order) => o.size; ${HELPERS}`,
    "accepts a pure member of an object that has others": `import { services } from "./helpers.ts";\n const at = services.steady(); ${HELPERS}`,
    "accepts a helper that makes the body of a step": `import { makeBody } from "./helpers.ts";\n const x = await step("x", makeBody(id)); ${HELPERS}`,
    "accepts a helper handed to a step by name": `import { stamp } from "./helpers.ts";\n const x = await step("x", stamp); ${HELPERS}`,
    "accepts a helper that calls its pure callback": `import { each } from "./helpers.ts";\n const x = each(ids, (x) => x.length); ${HELPERS}`,
    "accepts a function marked as a step": `import { marked } from "./helpers.ts";\n const x = await marked(); ${HELPERS}`,
    "accepts an impure local function of the same name elsewhere": `const stamp = () => 5; const at = stamp(); ${HELPERS}`,
    "accepts a helper that uses operations": `import { label } from "./label.ts";\n const x = label();
=== label.ts
import { uuid } from "@durablec/runtime";
export function label(): string { return uuid(); }`,
  });
  const found = checkDeterminism(suite.program);
  testCases(suite, found);

  test("the chain is in the message and in the notes", () => {
    const [finding] = findingsOf(suite, found, "finds two calls deep");
    expect(finding?.message).toBe("'stamp' (through 'clock', 'Date.now') reads the clock outside a step.");
    expect(finding?.notes.map(({ message }) => message)).toEqual([
      "'stamp' calls 'clock' here.",
      "'clock' uses 'Date.now' here.",
    ]);
    expect(finding?.notes.every(({ file }) => file.endsWith("/helpers.ts"))).toBe(true);
  });

  test("a function that uses nothing itself is named by what it calls", () => {
    const [finding] = findingsOf(suite, found, "finds a callback that is handed over by name");
    expect(finding?.message).toBe(
      "'toRow' (through 'process.env') reads this process or machine outside a step.",
    );
  });
});

describe("the code of packages", () => {
  const ids = (code: string, types: string, manifest = "{}"): string => `
=== node_modules/some-ids/package.json
${manifest.replace("{", '{ "name": "some-ids", ')}
=== node_modules/some-ids/index.d.ts
${types}
=== node_modules/some-ids/index.js
${code}`;
  const MAKE = "export declare function makeId(size?: number): string;";
  const use = (call: string, name = "makeId"): string =>
    `import { ${name} } from "some-ids";\n const x = ${call};`;
  const esm = '{ "type": "module" }';
  const suite = readCases({
    "finds a function of the JavaScript beside the declarations": `${use("«makeId»()")} ${ids("export function makeId() { return String(Math.random()); }", MAKE, esm)}`,
    "finds it through another file of the package": `${use("«makeId»()")} ${ids('import { draw } from "./draw.js";\nexport const makeId = () => draw();', MAKE, esm)}
=== node_modules/some-ids/draw.d.ts
export declare function draw(): string;
=== node_modules/some-ids/draw.js
export const draw = () => Date.now().toString(36);`,
    "finds it through another package": `${use("«makeId»()")} ${ids('import { seed } from "some-seed";\nexport function makeId() { return seed(); }', MAKE, esm)}
=== node_modules/some-seed/package.json
{ "name": "some-seed", "type": "module", "exports": { ".": { "types": "./x.d.ts", "import": "./lib/x.mjs" } } }
=== node_modules/some-seed/lib/x.mjs
import { randomBytes } from "node:crypto";
export const seed = () => randomBytes(4).toString("hex");`,
    "finds CommonJS": `${use("«makeId»()")} ${ids('"use strict";\nexports.makeId = makeId;\nfunction makeId() { return require("crypto").randomUUID(); }', MAKE)}`,
    "finds a whole module that is a function": `import make from "some-ids";\n const x = «make»(); ${ids("module.exports = function make() { return Math.random(); };", "declare function make(): number;\nexport = make;")}`,
    "finds a renamed export": `${use("«makeId»()")} ${ids("function m() { return Math.random(); }\nexport { m as makeId };", "declare function other(): number;\nexport { other as makeId };", esm)}`,
    "finds a constructor": `import { Id } from "some-ids";\n const x = new «Id»(); ${ids("export class Id { at = Date.now(); text() { return String(this.at); } later() { return Date.now(); } }", "export declare class Id { text(): string; later(): number; }", esm)}`,
    "finds a method, and not what a sibling does": `import { Id } from "some-ids";\n const x = new Id(); x.text(); «x.later»(); ${ids("export class Id { text() { return 'x'; } later() { return Date.now(); } }", "export declare class Id { text(): string; later(): number; }", esm)}`,
    "finds the author's source by its declaration map": `${use("«makeId»()")} ${ids("", MAKE, esm)}
=== node_modules/some-ids/index.d.ts.map
{ "version": 3, "file": "index.d.ts", "sourceRoot": "", "sources": ["src/index.ts"], "names": [], "mappings": "" }
=== node_modules/some-ids/src/index.ts
export function makeId(size: number = 1): string { return String(size + Math.random()); }`,
    "finds it through a function of the project": `import { label } from "./label.ts";\n const x = «label»(); ${ids("export function makeId() { return String(Math.random()); }", MAKE, esm)}
=== label.ts
import { makeId } from "some-ids";
export const label = (): string => "id-" + makeId();`,
    "finds the entry of a package whose types are elsewhere": `${use("«makeId»()")}
=== node_modules/some-ids/package.json
{ "name": "some-ids", "type": "module", "exports": { "types": "./types/index.d.ts", "browser": "./b.js", "default": "./lib/main.js" } }
=== node_modules/some-ids/types/index.d.ts
${MAKE}
=== node_modules/some-ids/lib/main.js
export { makeId } from "./make.js";
=== node_modules/some-ids/lib/make.js
export function makeId(size = Math.random()) { return String(size); }`,
    "finds a callback that is handed over by name": `import { makeId } from "some-ids";\n const x = ids.map(«makeId»); ${ids("export function makeId() { return String(Math.random()); }", "export declare function makeId(of: string): string;", esm)}`,
    "accepts a default that is not evaluated": `${use("makeId(5)")} ${ids("export function makeId(size = Math.random()) { return String(size); }", MAKE, esm)}`,
    "accepts a pure function beside impure ones": `${use("makeId(5)")} ${ids("const start = Date.now();\nexport function makeId(n) { return String(n); }\nexport function other() { return Math.random(); }", MAKE, esm)}`,
    "accepts what is only kept for later": `${use("makeId(5)")} ${ids("const on = (f) => f;\nexport function makeId(n) { on(() => Date.now()); on(later); return () => Math.random(); }\nfunction later() { return Date.now(); }", MAKE, esm)}`,
    "accepts a package that asks where it runs": `${use("makeId(5)")} ${ids('export function makeId(n) { return process.env.NODE_ENV === "production" ? String(n) : "x"; }', MAKE, esm)}`,
    "accepts a call in a step, and one that is a step": `import { makeId, load } from "some-ids";\n const x = await step("x", () => makeId()); const y = await load(); ${ids("export function makeId() { return Math.random(); }\nexport async function load() { return Date.now(); }", `${MAKE}\nexport declare function load(): Promise<number>;`, esm)}`,
    "accepts a package that is not installed, or builds its exports as it runs": `${use("makeId(5)")} ${ids("(function (root, factory) { module.exports = factory(); })(this, () => ({ makeId: () => Math.random() }));", MAKE)}`,
    "accepts a method of an interface": `import { made } from "some-ids";\n const x = made.makeId(); ${ids("export const made = { makeId: () => Math.random() };", "export interface Made { makeId(): string }\nexport declare const made: Made;", esm)}`,
    "accepts a local of the same name": `const makeId = (): number => 5; const x = makeId(); ${ids("export function makeId() { return Math.random(); }", MAKE, esm)}`,
    "accepts recursion in a package": `${use("makeId(5)")} ${ids("export function makeId(n) { return n ? other(n - 1) : 'x'; }\nfunction other(n) { return makeId(n); }", MAKE, esm)}`,
  });
  const found = checkDeterminism(suite.program);
  testCases(suite, found);

  test("the chain and the way to allow it are in the message and its notes", () => {
    const [finding] = findingsOf(suite, found, "finds it through another package");
    expect(finding?.message).toBe(
      "'some-ids.makeId' (through 'seed', 'crypto.randomBytes') draws a random value outside a step.",
    );
    expect(finding?.notes.map(({ message }) => message)).toEqual([
      "'some-ids.makeId' calls 'seed' here.",
      `'seed' uses 'crypto.randomBytes' here. If it does no harm, list "some-ids#makeId" as pure.`,
    ]);
    expect(finding?.notes.at(-1)?.file).toMatch(/some-seed\/lib\/x\.mjs$/);
  });

  test.each(["pure", "step"] as const)("what the configuration lists as %s is not read", (list) => {
    const config = { ...DEFAULT_CONFIG, [list]: new Set(["some-ids#makeId"]) };
    const left = findingsOf(suite, checkDeterminism(suite.program, config), "finds CommonJS");
    expect(left).toEqual([]);
  });
});

describe("what has no fixed order", () => {
  const suite = readCases({
    "finds the entries of a folder": `import { readdirSync } from "node:fs";\n for (const x of «readdirSync»(".")) console.log(x);`,
    "finds a glob": `import { globSync } from "node:fs";\n const xs = «globSync»("*");`,
    "finds the names of the environment": `for (const x in «process.env») console.log(x); const xs = Object.keys(«process.env»);`,
    "finds interfaces of the machine": `import { networkInterfaces } from "node:os";\n const xs = Object.keys(«networkInterfaces»());`,
    "finds a comparison by chance": `ids.sort(() => «Math.random»() - 0.5);`,
    "finds it by name": `import { shuffle } from "./order.ts";\n ids.sort(«shuffle»);
=== order.ts
export const shuffle = (): number => Math.random() - 0.5;`,
    "accepts maps, sets and keys": `for (const [k, v] of new Map([[id, 1]])) console.log(k, v); for (const x of new Set(ids)) console.log(x); for (const k in { id }) console.log(k, Object.keys({ id }), Object.entries({ id }));`,
    "accepts sorting and grouping": `ids.sort(); const xs = ids.toSorted((a, b) => (a < b ? -1 : 1)); const g = Object.groupBy(xs, (x) => x);`,
    "accepts a folder whose entries are recorded": `import { readdir } from "node:fs/promises";\n for (const x of await readdir(".")) console.log(x);`,
    "accepts parameters of an address": `for (const [k, v] of new URLSearchParams(id)) console.log(k, v);`,
  });
  testCases(suite, checkDeterminism(suite.program));
});

describe("environment, I/O and timers", () => {
  const suite = readCases({
    "finds process.env": `const x = «process.env»["HOME"];`,
    "finds a destructured env": `const { «env» } = process; const x = env["HOME"];`,
    "finds process.env through globalThis": `const x = «globalThis.process.env»;`,
    "finds an imported env": `import { env as e } from "node:process";\n const x = «e»["HOME"];`,
    "finds process.cwd and pid": `const x = «process.cwd»(); const y = «process.pid»;`,
    "finds os.hostname": `import os from "node:os";\n const x = «os.hostname»();`,
    "finds a named import of os": `import { cpus } from "os";\n const x = «cpus»().length;`,
    "finds argv": `const x = «process.argv»[2];`,
    "finds readFileSync": `import { readFileSync } from "node:fs";\n const x = «readFileSync»("a", "utf8");`,
    "finds a function that is declared as a constant": `import { statSync } from "node:fs";\n const x = «statSync»("a").size;`,
    "finds a namespace of fs": `import * as fs from "fs";\n const x = «fs.existsSync»("a");`,
    "finds a callback function of fs": `import fs from "node:fs";\n «fs.readFile»("a", () => undefined);`,
    "finds a function of fs/promises that is handed over": `import { unlink } from "node:fs/promises";\n const xs = ids.map(«unlink»);`,
    "finds execSync": `import { execSync } from "node:child_process";\n const x = «execSync»("ls");`,
    "finds spawn": `import * as cp from "child_process";\n const x = «cp.spawn»("ls");`,
    "finds http.request": `import http from "node:http";\n const x = «http.request»("http://a");`,
    "finds net.connect": `import { connect } from "node:net";\n const x = «connect»(80);`,
    "finds new WebSocket": `const x = «new WebSocket("ws://a")»;`,
    "finds fetch that is handed over": `const xs = ids.map((x) => ({ url: x })).map(({ url }) => url).map<unknown>(«fetch» as (x: string) => unknown);`,
    "finds setTimeout": `«setTimeout»(() => undefined, 5);`,
    "finds setTimeout in a promise": `await new Promise<void>((resolve) => { «setTimeout»(resolve, 5); });`,
    "finds setInterval of node:timers": `import { setInterval as every } from "node:timers";\n «every»(() => undefined, 5);`,
    "finds setImmediate through globalThis": `«globalThis.setImmediate»(() => undefined);`,
    "finds queueMicrotask and nextTick": `«queueMicrotask»(() => undefined); «process.nextTick»(() => undefined);`,
    "finds a lookup of dns": `import { lookup } from "node:dns";\n «lookup»("a", () => undefined);`,
    "finds https.get": `import https from "node:https";\n «https.get»("https://a");`,
    "finds tls.connect": `import * as tls from "node:tls";\n «tls.connect»(443);`,
    "finds createSocket of dgram": `import { createSocket } from "node:dgram";\n «createSocket»("udp4");`,
    "finds writeFileSync": `import { writeFileSync as write } from "node:fs";\n «write»("a", "b");`,
    "finds createReadStream": `import fs from "node:fs";\n const x = «fs.createReadStream»("a").path;`,
    "finds createInterface of readline": `import { createInterface } from "node:readline";\n «createInterface»({ input: null as never });`,
    "finds spawnSync": `import { spawnSync } from "node:child_process";\n const x = «spawnSync»("ls").status;`,
    "finds execFile": `import { execFile } from "node:child_process";\n «execFile»("ls");`,
    "finds fork": `import cp from "node:child_process";\n «cp.fork»("a.js");`,
    "finds a worker": `import { Worker } from "node:worker_threads";\n const x = «new Worker("a.js")».threadId;`,
    "finds process.kill": `«process.kill»(1);`,
    "finds process.exit": `if (!id) «process.exit»(1);`,
    "finds requestAnimationFrame": `«requestAnimationFrame»(() => undefined);`,
    "accepts a process that a step starts": `import { execSync } from "node:child_process";\n await step("x", () => String(execSync("ls")));`,
    "accepts an own module called child_process": `import { spawn } from "./child_process.ts";\n spawn("ls");
=== child_process.ts
export function spawn(x: string): number { return x.length; }`,
    "accepts parameters and locals called like processes": `const exec = (x: string) => x; const kill = exec; exec("ls"); kill("x"); const p = { exit: () => 1 }; p.exit();`,
    "accepts facts of a worker": `import { isMainThread, threadId } from "node:worker_threads";\n const x = isMainThread ? threadId : 0;`,
    "accepts types of processes": `import type { ChildProcess, fork } from "node:child_process";\n const x: ChildProcess | typeof fork | null = null;`,
    "accepts an awaited process": `import { exec } from "node:child_process";\nimport { promisify } from "node:util";\nconst run = promisify(exec);\nexport async function main(): Promise<string> { "use durable"; return (await run("ls")).stdout; }`,
    "accepts asking whether processes can be ended": `const x = typeof process.kill; const y = typeof process.exit === "function";`,
    "accepts the status to end with": `process.exitCode = 1;`,
    "finds AbortSignal.timeout": `const x = «AbortSignal.timeout»(5);`,
    "accepts a parameter called process": `export async function main(process: { env: { A: string } }): Promise<string> { "use durable"; return process.env.A; }`,
    "accepts a parameter called fetch": `export async function main(fetch: (x: string) => number): Promise<number> { "use durable"; return fetch("x"); }`,
    "accepts a local called setTimeout": `const setTimeout = (x: number) => x; setTimeout(5);`,
    "accepts an own module called fs": `import { readFileSync } from "./fs.ts";\n const x = readFileSync();
=== fs.ts
export function readFileSync(): number { return 1; }`,
    "accepts awaited I/O, an implicit step": `import { readFile } from "node:fs/promises";\n import * as fs from "node:fs";\n const x = await readFile("a", "utf8"); const y = await fs.promises.readFile("a", "utf8");`,
    "accepts a promise of I/O that is held": `import { readFile } from "node:fs/promises";\n const p = readFile("a", "utf8"); await p;`,
    "accepts I/O in a step": `import { readFileSync } from "node:fs";\n const x = await step("read", () => readFileSync("a", "utf8") + (process.env["A"] ?? ""));`,
    "accepts paths and URLs": `import { join } from "node:path";\n const x = join("a", "b"); const u = new URL(id); const q = new URLSearchParams("a=1");`,
    "accepts constants and checks of I/O modules": `import { constants } from "node:fs";\n import { isIP } from "node:net";\n import { EOL } from "node:os";\n const x = constants.R_OK + isIP(id) + EOL.length;`,
    "accepts a property called env of another object": `const config = { env: "test", pid: 5 }; const x = config.env; const { pid } = config;`,
    "accepts testing for presence": `const x = typeof process === "undefined"; const y = typeof fetch; const z = typeof globalThis.setTimeout;`,
    "accepts clearTimeout and console": `clearTimeout(undefined); console.log(id);`,
    "accepts wait": `await wait({ seconds: 5 });`,
    "accepts types of I/O modules": `import type { Stats } from "node:fs";\n const x: Stats | null = null; const y: typeof fetch | null = null;`,
  });
  testCases(suite, checkDeterminism(suite.program));
});

describe("side effects", () => {
  const suite = readCases({
    "finds emit of an emitter": `import { bus } from "./bus.ts";\n «bus.emit»("done"); ${BUS}`,
    "finds emit of a subclass": `import { late } from "./bus.ts";\n «late.emit»("done"); ${BUS}`,
    "finds process.emit": `«process.emit»("warning", new Error("x"));`,
    "finds dispatchEvent": `import { target } from "./bus.ts";\n «target.dispatchEvent»(new Event("x")); ${BUS}`,
    "finds postMessage of a worker": `import type { Worker } from "node:worker_threads";\n const post = (w: Worker) => { «w.postMessage»(1); };`,
    "finds postMessage of a port": `import { port } from "./bus.ts";\n «port.postMessage»(1); ${BUS}`,
    "finds publish of a channel": `import { news } from "./bus.ts";\n «news.publish»({}); ${BUS}`,
    "finds it through a function": `import { tell } from "./bus.ts";\n «tell»(); ${BUS}`,
    "accepts it in a step": `import { bus } from "./bus.ts";\n await step("tell", () => bus.emit("done")); ${BUS}`,
    "accepts the console": `console.log(id); console.error(id); console.table(ids);`,
    "accepts emit of its own": `const bus = { emit: (x: string) => x.length }; bus.emit("done");`,
    "accepts a class with a method called publish": `class News { publish(x: string): string { return x; } } new News().publish(id);`,
    "accepts asking an emitter": `import { bus } from "./bus.ts";\n const n = bus.listenerCount("done"); ${BUS}`,
    "accepts an emitter of its own": `const events = new EventTarget(); events.dispatchEvent(new Event("x"));`,
    "accepts making an event": `const e = new Event("x");`,
    "accepts a parameter called postMessage": `export async function main(postMessage: (x: string) => void): Promise<number> { "use durable"; postMessage("x"); return 1; }`,
    "accepts collections": `const xs: string[] = []; xs.push(id); new Map<string, string>().set(id, id);`,
  });
  testCases(suite, checkDeterminism(suite.program), "DC223");
});
