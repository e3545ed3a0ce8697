import { describe } from "vitest";
import { checkFlow } from "../../compiler/2-check/checkFlow.ts";
import { checkDirectCalls } from "../../compiler/2-check/checkDirectCalls.ts";
import { checkStateSize } from "../../compiler/3-lower/checkStateSize.ts";
import { toMachines } from "../../compiler/index.ts";
import { readCases, testCases } from "./cases.ts";

const LOAD = `
=== load.ts
export async function load(id: string): Promise<string> { return id; }`;

const given = (parameter: string, body: string): string =>
  `export async function main(id: string, ${parameter}): Promise<unknown> { "use durable"; ${body} return id; }`;

describe("a race with a foreign promise", () => {
  const suite = readCases({
    "finds new Promise": `await Promise.race([step("x", () => 1), «new Promise<number>(() => undefined)»]);`,
    "finds a parameter": given("p: Promise<number>", `await Promise.race([step("x", () => 1), «p»]);`),
    "finds a member of a parameter": given(
      "o: { p: Promise<number> }",
      `await Promise.race([«o.p», wait("1s")]);`,
    ),
    "finds a variable": `const p = new Promise<number>(() => undefined); await Promise.race([«p», wait("1s")]);`,
    "finds it in any": given("p: Promise<number>", `await Promise.any([«p», wait("1s")]);`),
    "finds each": given(
      "p: Promise<number>",
      `await Promise.race([«p», «new Promise<number>(() => undefined)»]);`,
    ),
    "finds element access": given("p: Promise<number>", `await Promise["race"]([«p», wait("1s")]);`),
    "finds a wrapped one": given("p: Promise<number>", `await Promise.race([«(p)», wait("1s")]);`),
    "accepts operations": `await Promise.race([step("x", () => 1), wait("1s")]);`,
    "accepts held operations": `const p = step("x", () => 1); await Promise.race([p, wait("1s")]);`,
    "accepts implicit steps": `import { load } from "./load.ts";\n await Promise.race([load(id), wait("1s")]);
=== load.ts
export async function load(id: string): Promise<string> { return id; }`,
    "accepts child tasks": `const f = async () => { await wait("1h"); }; await Promise.race([f(), wait("1s")]);`,
    "accepts values": `await Promise.race([id, wait("1s")]);`,
    "accepts all": given("p: Promise<number>", `await Promise.all([p, wait("1s")]);`),
    "accepts it in a step": given(
      "p: Promise<number>",
      `await step("x", () => Promise.race([p, new Promise<number>(() => undefined)]));`,
    ),
    "accepts a race of its own": `const race = { race: (xs: unknown[]) => xs.length }; race.race([new Promise(() => undefined)]);`,
    "accepts chains of operations": `await Promise.race([step("x", () => 1).then((x) => x), wait("1s")]);`,
  });
  testCases(suite, checkFlow(suite.program), "DC219");
});

describe("a callee without a type", () => {
  const suite = readCases({
    "finds a member of any": given("x: any", `«x.random»();`),
    "finds any itself": given("x: any", `«x»();`),
    "finds a cast": `(«(Math as any).random»)();`,
    "finds a deep member": given("x: any", `const y: number = «x.a.b.c»() + 1;`),
    "finds element access": given("x: any", `«x["a"]»();`),
    "finds what JSON gave": `const o = JSON.parse(id); «o.run»();`,
    "finds a call of a call": given("x: any", `«x.make»(1);`),
    "finds it in a callback": given("x: any", `[1].map((n) => «x.twice»(n));`),
    "accepts an awaited one": given("x: any", `await x.load();`),
    "accepts it in a step": given("x: any", `await step("x", () => x.random());`),
    "accepts a typed one": given("x: { random(): number }", `x.random();`),
    "accepts a cast that says what it is": given("x: any", `(x.random as () => number)();`),
    "accepts members that are read": given("x: any", `const y: number = x.a.b;`),
    "accepts JSON.parse": `const o = JSON.parse(id); console.log(o.a);`,
    "accepts a type parameter": `export async function main<F extends () => number>(f: F): Promise<number> { "use durable"; return f(); }`,
    "accepts functions that give any": given("f: () => any", `const y: unknown = f();`),
    "accepts a dynamic import": `const m = await import("node:path"); m.join("a", "b");`,
    "accepts any in ordinary code": `export async function main(): Promise<number> { "use durable"; return 1; }\nexport function other(x: any): unknown { return x.a(); }`,
  });
  testCases(suite, checkFlow(suite.program), "DC220");
});

describe("two steps of one name", () => {
  const suite = readCases({
    "finds the second": `await step("x", () => 1); await step(«"x"», () => 2);`,
    "finds the third": `await step("x", () => 1); await step(«"x"», () => 2); await step(«"x"», () => 3);`,
    "finds a template without parts": "await step('x', () => 1); await step(«`x`», () => 2);",
    "finds a callback of that name": `await step("x", () => 1); await waitForCallback(«"x"», () => undefined);`,
    "finds one before a branch": `await step("x", () => 1); if (id) await step(«"x"», () => 2);`,
    "finds those of Promise.all": `await Promise.all([step("x", () => 1), step(«"x"», () => 2)]);`,
    "finds one in an async function inside": `const f = async () => { await step("x", () => 1); }; await f(); await step(«"x"», () => 2);`,
    "finds one in a condition": `if (await step("x", () => true)) await step(«"x"», () => 2);`,
    "accepts different names": `await step("x", () => 1); await step("y", () => 2);`,
    "accepts branches": `if (id) await step("x", () => 1); else await step("x", () => 2);`,
    "accepts a conditional": `const a = id ? await step("x", () => 1) : await step("x", () => 2);`,
    "accepts cases": `switch (id) { case "a": await step("x", () => 1); break; default: await step("x", () => 2); }`,
    "accepts a retry in catch": `try { await step("x", () => 1); } catch { await step("x", () => 2); }`,
    "accepts a loop": `for (const x of ids) await step("x", () => x);`,
    "accepts names that are made": `for (const x of ids) { await step(x, () => 1); await step(x, () => 2); }`,
    "accepts two functions": `export async function a(): Promise<void> { "use durable"; await step("x", () => 1); }\nexport async function b(): Promise<void> { "use durable"; await step("x", () => 1); }`,
    "accepts steps without a name": `await step(() => 1); await step(() => 2);`,
  });
  testCases(suite, checkFlow(suite.program), "DC221");
});

describe("growth without an end", () => {
  const suite = readCases({
    "finds push in for": `const xs: number[] = []; for (;;) { «xs».push(1); await wait("1h"); }`,
    "finds it in while": `const xs: number[] = []; while (true) { «xs».push(1); await wait("1h"); }`,
    "finds it in do": `const xs: number[] = []; do { «xs».push(1); await wait("1h"); } while (true);`,
    "finds unshift": `const xs: number[] = []; while (true) { «xs».unshift(1); await wait("1h"); }`,
    "finds a pushed result": `const xs: number[] = []; for (;;) «xs».push(await step("x", () => 1));`,
    "finds a parameter": given("xs: number[]", `for (;;) { «xs».push(1); await wait("1h"); }`),
    "finds it under a condition": `const xs: number[] = []; for (;;) { if (id) «xs».push(1); await wait("1h"); }`,
    "finds it in a loop inside": `const xs: string[] = []; for (;;) { for (const x of ids) «xs».push(x); await wait("1h"); }`,
    "accepts a loop that ends": `const xs: number[] = []; for (let i = 0; i < 5; i++) { xs.push(i); await wait("1h"); }`,
    "accepts one that is left": `const xs: number[] = []; for (;;) { xs.push(1); await wait("1h"); if (xs.length > 5) break; }`,
    "accepts one that returns": `const xs: number[] = []; for (;;) { xs.push(1); await wait("1h"); if (xs.length > 5) return 1; }`,
    "accepts an array that is shortened": `const xs: number[] = []; for (;;) { xs.push(1); if (xs.length > 5) xs.shift(); await wait("1h"); }`,
    "accepts an array that is replaced": `let xs: number[] = []; for (;;) { xs.push(1); if (xs.length > 5) xs = []; await wait("1h"); }`,
    "accepts an array that is emptied": `const xs: number[] = []; for (;;) { xs.push(1); await wait("1h"); xs.length = 0; }`,
    "accepts an array of the round": `for (;;) { const xs: number[] = []; xs.push(1); await wait("1h"); }`,
    "finds a map and a set": `const m = new Map<number, number>(), s = new Set<number>(); for (let i = 0; ; i++) { «m».set(i, i); «s».add(i); await wait("1h"); }`,
    "accepts a map that is emptied": `const m = new Map<number, number>(); for (let i = 0; ; i++) { m.set(i, i); m.delete(i - 5); await wait("1h"); }`,
    "accepts a push of its own": `const log = { push: (x: number) => x }; for (;;) { log.push(1); await wait("1h"); }`,
    "accepts it in a step": `for (;;) { await step("x", () => { const xs: number[] = []; xs.push(1); return xs; }); }`,
  });
  testCases(suite, checkFlow(suite.program), "DC222");
});

describe("work that is never reached", () => {
  const suite = readCases({
    "finds a step after return in finally": `try { await wait("1s"); } finally { return 1; await «step("x", () => 1)»; }`,
    "finds an implicit step after return": `import { load } from "./load.ts";\n return 1; await «load(id)»; ${LOAD}`,
    "finds a wait after throw": `if (id) { throw new Error(id); await «wait("1s")»; }`,
    "finds one after break": `for (const x of ids) { break; await «step(x, () => 1)»; }`,
    "finds one after continue": `for (const x of ids) { continue; const y = await «step(x, () => 1)»; }`,
    "finds one in a case": `switch (id) { case "a": break; await «wait("1s")»; default: }`,
    "finds the first of several": `return 1; await «wait("1s")»; await wait("2s");`,
    "finds a child task": `const f = async () => { await wait("1s"); }; return f; await «f()»;`,
    "finds one deep in a statement": `return 1; if (ids.length > 1) { console.log(await «step("x", () => 1)»); }`,
    "accepts a step before return in finally": `try { await wait("1s"); } finally { await step("x", () => 1); return 1; }`,
    "accepts a step in finally after a return in try": `try { return 1; } finally { await step("x", () => 1); }`,
    "accepts a return under a condition": `if (id) return 1; await wait("1s");`,
    "accepts a function that is hoisted": `return f(); async function f(): Promise<void> { await wait("1s"); }`,
    "accepts the next case": `switch (id) { case "a": break; case "b": await wait("1s"); }`,
    "accepts what is no work": `return 1; console.log(id);`,
    "accepts code after a loop that breaks": `for (const x of ids) { if (x) break; } await wait("1s");`,
    "accepts code after a labelled block": `out: { break out; } await wait("1s");`,
  });
  testCases(suite, checkFlow(suite.program), "DC225");
});

describe("a durable function that is called directly", () => {
  const DURABLE = `
=== remind.ts
import { wait } from "@durablec/runtime";
export async function remind(): Promise<number> { "use durable"; await wait("1d"); return 1; }
export const late = async (): Promise<number> => { "use durable"; await wait("1d"); return 1; };
export class Box { async open(): Promise<number> { return 1; } }`;
  const load = (what: string): string => `import { ${what} } from "./remind.ts";`;
  const suite = readCases({
    "finds an awaited call": `${load("remind")} export const go = async () => await «remind»(); ${DURABLE}`,
    "finds one at the top of a module": `${load("remind")} export const p = «remind»(); ${DURABLE}`,
    "finds an arrow function": `${load("late")} export function go(): void { void «late»(); } ${DURABLE}`,
    "finds a renamed import": `${load("remind as go")} export const f = () => «go»(); ${DURABLE}`,
    "finds a member of a namespace": `import * as all from "./remind.ts"; export const f = () => «all.remind»(); ${DURABLE}`,
    "finds one in the same file": `export async function main(): Promise<number> { "use durable"; return 1; }\nexport const f = () => «main»();`,
    "finds one in a step": `import { remind } from "./remind.ts";\n await step("x", () => «remind»()); ${DURABLE}`,
    "finds one in a function that is a step": `${load("remind")} export async function f(): Promise<number> { "use step"; return «remind»(); } ${DURABLE}`,
    "accepts a call from durable code": `import { remind } from "./remind.ts";\n await remind(); await Promise.all(ids.map(async () => remind())); ${DURABLE}`,
    "accepts handing it to the engine": `${load("remind")} export const f = (engine: { start(fn: unknown): void }) => engine.start(remind); ${DURABLE}`,
    "accepts a test": `export {};
=== main.test.ts
import { remind } from "./remind.ts";
export const f = async () => await remind(); ${DURABLE}`,
    "accepts a folder of tests": `export {};
=== test/main.ts
import { remind } from "../remind.ts";
export const f = async () => await remind(); ${DURABLE}`,
    "accepts another function of the name": `export const remind = (): number => 1; export const f = () => remind(); ${DURABLE}`,
    "accepts a method of the name": `const box = { remind: () => 1 }; export const f = () => box.remind(); ${DURABLE}`,
    "accepts a local of the name": `export const f = (remind: () => number) => remind(); ${DURABLE}`,
    "accepts a call of another function of its module": `${load("Box")} export const f = () => new Box().open(); ${DURABLE}`,
    "accepts a generator": `export async function* all(): AsyncGenerator<number> { "use durable"; yield 1; }\nexport const g = all();`,
    "accepts a type": `${load("remind")} export type R = Awaited<ReturnType<typeof remind>>; ${DURABLE}`,
  });
  testCases(suite, checkDirectCalls(suite.program), "DC224");
});

describe("a large state", () => {
  const suite = readCases({
    "finds buffers in a list": `const «xs»: Uint8Array[] = []; for (const x of ids) xs.push(await step("x", () => new Uint8Array(x.length)));`,
    "finds them in a map": `const «xs» = new Map<string, Buffer>(); for (const x of ids) xs.set(x, await step("x", () => Buffer.from(x)));`,
    "finds lists of records of lists": `const «xs»: { a: string[]; b: string[][] }[] = []; for (const x of ids) { xs.push(await step("x", () => ({ a: [x], b: [[x]] }))); }`,
    "finds what two loops append": `const «xs»: { a: string; b: string; c: string; d: string; e: string }[] = []; for (const a of ids) for (const b of ids) xs.push(await step("x", () => ({ a, b, c: a, d: b, e: a })));`,
    "finds a big buffer": `const «x» = new Uint8Array(1_000_000); await wait("1s"); x.fill(1);`,
    "finds a big list of numbers": `const «x» = new Float64Array(10_000); await wait("1s"); x.fill(1);`,
    "finds Buffer.alloc and a product": `const «x» = Buffer.alloc(1024 * 1024); await wait("1s"); x.fill(1);`,
    "finds a long text": `const «x» = "x".repeat(100_000); await wait("1s"); return x;`,
    "finds it in a function inside": `const f = async () => { const «x» = new Uint8Array(100_000); await wait("1s"); return x; }; await f();`,
    "accepts a list of texts": `const xs: string[] = []; for (const x of ids) xs.push(await step("x", () => x));`,
    "accepts a list of records": `const xs: { id: string; at: number; done: boolean }[] = []; for (const id of ids) xs.push(await step("x", () => ({ id, at: 1, done: true })));`,
    "accepts a list that is emptied": `const xs: Uint8Array[] = []; for (const x of ids) { xs.push(await step("x", () => new Uint8Array(1))); xs.length = 0; await wait("1s"); }`,
    "accepts a list without a checkpoint in its loop": `const xs: Uint8Array[] = []; for (const x of ids) xs.push(new Uint8Array(x.length)); await wait("1s"); return xs.length;`,
    "accepts a list of the round": `for (const x of ids) { const xs: Uint8Array[] = []; xs.push(await step("x", () => new Uint8Array(1))); }`,
    "accepts a small buffer": `const x = new Uint8Array(1_000); await wait("1s"); x.fill(1);`,
    "accepts a big buffer that is not needed later": `const x = new Uint8Array(1_000_000); x.fill(1); await wait("1s");`,
    "accepts open types": `const xs: unknown[] = []; for (const x of ids) xs.push(await step<unknown>("x", () => x));`,
    "accepts a big buffer in a step": `await step("x", () => { const x = new Uint8Array(1_000_000); return x.length; });`,
  });
  const machines = suite.program.modules.flatMap((module) => toMachines(module).machines);
  testCases(suite, checkStateSize(suite.program, machines));
});
