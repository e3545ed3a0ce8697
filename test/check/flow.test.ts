import { describe } from "vitest";
import { checkFlow } from "../../compiler/2-check/checkFlow.ts";
import { readCases, testCases } from "./cases.ts";

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
    "accepts a push of its own": `const log = { push: (x: number) => x }; for (;;) { log.push(1); await wait("1h"); }`,
    "accepts it in a step": `for (;;) { await step("x", () => { const xs: number[] = []; xs.push(1); return xs; }); }`,
  });
  testCases(suite, checkFlow(suite.program), "DC222");
});
