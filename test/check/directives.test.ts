import { describe, expect, test } from "vitest";
import { checkDirectives } from "../../compiler/2-check/checkDirectives.ts";
import { findingsOf, readCases, testCases } from "./cases.ts";

const fn = (body: string, head = "export async function main(): Promise<unknown>"): string =>
  `${head} { ${body} return 1; }`;

describe("a misspelt directive", () => {
  const suite = readCases({
    "finds a plural": fn(`«"use durables"»;`),
    "finds a hyphen": fn(`«"use-durable"»;`),
    "finds capitals": fn(`«"Use Durable"»;`),
    "finds a missing letter": fn(`«"use durabl"»;`),
    "finds swapped letters": fn(`«"use duarble"»;`),
    "finds a missing space": fn(`«"usedurable"»;`),
    "finds extra spaces": fn(`«" use  durable "»;`),
    "finds a word alone": fn(`«'durable'»;`),
    "finds an underscore and a colon": fn(`«"use_durable:"»;`),
    "finds a misspelt step": fn(`«"use steps"»;`),
    "finds it in an arrow function": `export const main = async (): Promise<void> => { «"use durabel"»; };`,
    "finds it in a method": `export class A { async go(): Promise<void> { «"use durables"»; } }`,
    "finds it at the top of a module": `«"use durables"»;\nexport async function main(): Promise<void> {}`,
    "finds it after another directive": fn(`"use strict"; «"use durible"»;`),
    "accepts the right words": fn(`"use durable";`),
    "accepts the right words in single quotes": fn(`'use durable';`),
    "accepts use step": fn(`"use step";`),
    "accepts use strict": fn(`"use strict";`),
    "accepts directives of others": `export function A(): number { "use client"; return 1; }\nexport function B(): number { "use server"; return 1; }\nexport function C(): number { "use memo"; return 1; }\nexport function D(): number { "use asm"; return 1; }`,
    "accepts strings as values": `export const words = ["use durables", "use-durable"]; export const x = "use durables" + "";`,
    "accepts an arrow function that answers a word": `export const f = async () => "durable"; export const g = () => "use durables";`,
    "accepts a key and an argument": `export const o = { "use durables": 1 }; console.log("use-durable");`,
    "accepts a comment": `// "use durables"\nexport async function main(): Promise<void> {}`,
    "accepts another sentence that starts with use": fn(`"use the force";`),
    "accepts a type": `export type T = "use durables"; export type U = { kind: "use-durable" };`,
  });
  const found = checkDirectives(suite.program);
  testCases(suite, found, "DC101");

  test("the message has both words", () => {
    const [finding] = findingsOf(suite, found, "finds a plural");
    expect(finding?.message).toBe('The directive "use durables" is not known, so nothing here is durable.');
    expect(finding?.advice).toBe('Write "use durable".');
  });
});

describe("a misplaced directive", () => {
  const suite = readCases({
    "finds a second statement": fn(`const x = 1; «"use durable"»; console.log(x);`),
    "finds it after a comment and a call": fn(`console.log(1); /* */ «"use durable"»;`),
    "finds a nested block": fn(`{ «"use durable"»; }`),
    "finds an if": fn(`if (Date.now() > 1) { «"use durable"»; }`),
    "finds parentheses": fn(`(«"use durable"»);`),
    "finds backticks": fn("«`use durable`»;"),
    "finds the value of an async arrow function": `export const f = async () => «"use durable"»;`,
    "finds it below a module's first statement": `const x = 1;\n«"use durable"»;\nexport async function main(): Promise<number> { return x; }`,
    "finds it in a namespace": `export namespace A { «"use durable"»; export const x = 1; }`,
    "finds it in a static block": `export class A { static { «"use durable"»; } }`,
    "finds use step": fn(`const x = 1; «"use step"»; console.log(x);`),
    "finds it after a return":
      `export async function main(): Promise<number> { return 1; «"use durable"»; }`.replace("«", "«"),
    "accepts the head of a function": fn(`"use durable";`),
    "accepts it after use strict": fn(`"use strict"; "use durable";`),
    "accepts it after comments": fn(`/* a */ // b\n "use durable";`),
    "accepts it without a semicolon": `export async function main(): Promise<number> {\n  "use durable"\n  return 1\n}`,
    "accepts the head of an arrow function": `export const f = async () => { "use durable"; };`,
    "accepts it as a value": `export const word = "use durable"; console.log("use durable"); export const is = word === "use durable";`,
    "accepts it as a returned value": `export function f(): string { return "use durable"; } export const g = () => "use durable";`,
    "accepts it as a case, a key and a type": `export type T = "use durable"; export function f(x: string): number { switch (x) { case "use durable": return 1; } return 0; } export const o = { "use durable": 1 };`,
    "accepts the head of an inner function": fn(
      `"use durable"; const f = async () => { "use durable"; }; await f();`,
    ),
  });
  const typed = { ...suite, typeErrors: suite.typeErrors.replaceAll(/^.*TS7027.*\n/gm, "") };
  const found = checkDirectives(suite.program);
  testCases(typed, found, "DC102");

  test("the message says where it stands", () => {
    const message = (name: string) => findingsOf(suite, found, name)[0]?.message;
    expect(message("finds a second statement")).toBe(
      `This "use durable" is not the function's first statement, so it marks nothing.`,
    );
    expect(message("finds backticks")).toBe(
      `This "use durable" is written with backticks, so it marks nothing.`,
    );
  });
});

describe("a function that cannot carry the directive", () => {
  const suite = readCases({
    "finds a function that is not async": `export function main(): number { «"use durable"»; return 1; }`,
    "finds an arrow function that is not async": `export const f = (): number => { «"use durable"»; return 1; };`,
    "finds a generator": `export function* main(): Generator<number> { «"use durable"»; yield 1; }`,
    "finds a method that is not async": `export class A { go(): number { «"use durable"»; return 1; } }`,
    "finds a step that is not async": `export function main(): number { «"use step"»; return 1; }`,
    "finds a function that returns a promise": `export function main(): Promise<number> { «"use durable"»; return Promise.resolve(1); }`,
    "finds a function expression": `export const f = function (): number { «"use durable"»; return 1; };`,
    "finds a method of an object": `export const o = { go(): number { «"use durable"»; return 1; } };`,
    "finds a constructor": `export class A { constructor() { «"use durable"»; } }`,
    "finds a getter": `export class A { get x(): number { «"use durable"»; return 1; } }`,
    "finds a setter": `export class A { set x(_: number) { «"use durable"»; } }`,
    "finds a getter of an object": `export const o = { get x(): number { «"use durable"»; return 1; } };`,
    "finds a static getter": `export class A { static get x(): number { «"use durable"»; return 1; } }`,
    "finds a step in a getter": `export class A { get x(): number { «"use step"»; return 1; } }`,
    "finds a setter of an object": `export const o = { set x(_: number) { «"use step"»; } };`,
    "finds a constructor of a class expression": `export const A = class { constructor() { «"use durable"»; } };`,
    "finds a private constructor": `export class A { private constructor() { «"use durable"»; } static make(): A { return new A(); } }`,
    "accepts async functions": `export async function a(): Promise<void> { "use durable"; }\nexport const b = async () => { "use durable"; };\nexport const c = async function () { "use durable"; };`,
    "accepts an async step": `export async function a(): Promise<void> { "use step"; }\nexport const o = { async go() { "use step"; } };\nexport class A { async go(): Promise<void> { "use step"; } }`,
    "accepts functions without a directive": `export function a(): number { return 1; }\nexport class A { constructor() {} get x(): number { return 1; } }`,
    "accepts another directive": `export class A { constructor() { "use strict"; } get x(): number { "use strict"; return 1; } }`,
    "accepts an async function inside a getter": `export class A { get x(): () => Promise<void> { return async function inner() { "use durable"; }; } }`,
    "accepts an async function inside one that is not": `export function main(): () => Promise<void> { return async function inner() { "use durable"; }; }`,
    "accepts a module's function that is not async": `"use durable";\nexport async function a(): Promise<void> {}\nexport function b(): number { return 1; }`,
    "accepts a default exported function": `export default async function main(): Promise<void> { "use durable"; }`,
  });
  const found = checkDirectives(suite.program).filter(({ code }) => code === "DC103" || code === "DC104");
  testCases(suite, found);

  test("the message names what it is", () => {
    const message = (name: string) => findingsOf(suite, found, name)[0]?.message;
    expect(message("finds a getter")).toBe('A getter cannot be marked "use durable".');
    expect(message("finds a function that is not async")).toBe(
      `Function 'main' is marked "use durable" but is not async.`,
    );
  });
});

describe("a durable function that uses locals of ordinary code", () => {
  const inner = (use: string): string =>
    `return async function inner(): Promise<unknown> { "use durable"; return ${use}; };`;
  const suite = readCases({
    "finds a parameter": `export function outer(n: number) { ${inner("«n»")} }`,
    "finds a constant": `export function outer() { const n = 1; ${inner("«n»")} }`,
    "finds one report a variable": `export function outer(n: number) { ${inner("«n» + n + n")} }`,
    "finds two variables": `export function outer(a: number, b: number) { ${inner("«a» + «b»")} }`,
    "finds a function": `export function outer() { function help(): number { return 1; } ${inner("«help»()")} }`,
    "finds a caught error": `export function outer() { try { return null; } catch (e) { ${inner("«e»")} } }`,
    "finds a variable of an outer arrow function": `export const outer = (n: number) => async function inner(): Promise<unknown> { "use durable"; return «n»; };`,
    "finds this of a method":
      `export class A { x = 1; make() { return async () => { "use durable"; return «this».x; }; } }`
        .replace("return async", "const go = async")
        .replace("}; } }", "}; return go; } }"),
    "finds a use in an inner function": `export function outer(n: number) { ${inner("(() => «n»)()")} }`,
    "finds a shorthand property": `export function outer(n: number) { ${inner("({ «n» })")} }`,
    "finds a variable of a block of the module": `export const list: (() => Promise<number>)[] = []; for (const n of [1, 2]) { const go = async () => { "use durable"; return «n»; }; list.push(go); }`,
    "finds a variable two functions out": `export function outer(n: number) { return () => { ${inner("«n»")} }; }`,
    "finds a default parameter": `export function outer(n: number) { return async function inner(x = «n»): Promise<number> { "use durable"; return x; }; }`,
    "accepts constants of the module": `const n = 1; export function outer() { ${inner("n")} }`,
    "accepts imports and globals": `import { sep } from "node:path";\n export function outer() { ${inner("sep + Math.max(1, 2)")} }`,
    "accepts own parameters and variables": `export function outer(n: number) { console.log(n); return async function inner(n: number): Promise<number> { "use durable"; const m = n; return m; }; }`,
    "accepts its own name": `export function outer() { ${inner("inner")} }`,
    "accepts types of the function around it": `export function outer<T>(_: T) { return async function inner(x: T): Promise<T> { "use durable"; type U = T; const y: U = x; return y; }; }`,
    "accepts what a durable function captures of a durable one": `export async function outer(n: number): Promise<number> { "use durable"; const f = async () => { "use durable"; return n; }; return f(); }`,
    "accepts ordinary closures": `export function outer(n: number) { return async () => n; }`,
    "accepts properties of the same name": `export function outer(n: number) { console.log(n); ${inner("({ n: 1 }).n")} }`,
    "accepts this of its own": `export function outer() { return async function inner(this: { x: number }): Promise<number> { "use durable"; return this.x; }; }`,
    "accepts a module's function in a module's object": `const n = 1; export const o = { go: async () => { "use durable"; return n; } };`,
  });
  const found = checkDirectives(suite.program);
  testCases(suite, found, "DC105");

  test("the message names the variable and its owner", () => {
    const message = (name: string) => findingsOf(suite, found, name)[0]?.message;
    expect(message("finds a parameter")).toBe(
      "Durable function 'inner' uses 'n', a local of 'outer', which is not durable.",
    );
    expect(message("finds a variable of a block of the module")).toBe(
      "Durable function 'go' uses 'n', a local of the block around it.",
    );
  });
});

describe("a durable function without a name of its own", () => {
  const suite = readCases({
    "finds a default export": `export default async function (): Promise<void> { «"use durable"»; }`,
    "finds a default exported arrow function": `export default async () => { «"use durable"»; };`,
    "finds an argument": `console.log(async () => { «"use durable"»; }); export {};`,
    "finds an element of a list": `export const list = [async () => { «"use durable"»; }];`,
    "finds a function called in place": `await (async () => { «"use durable"»; })(); export {};`,
    "finds a returned function": `export function make() { return async () => { «"use durable"»; }; }`,
    "finds a function behind a condition": `export const f = Math.max(1, 2) > 1 ? async () => { «"use durable"»; } : null;`,
    "finds a second function of one name":
      `export const o = { go: async () => { "use durable"; } }; o.go = async () => { "use durable"; };`
        .replace(`o.go = async () => { "use durable"; }`, `const p = { go: 1 }; console.log(p)`)
        .replace(
          `export const o = { go: async () => { "use durable"; } };`,
          `export const list = [[async () => { «"use durable"»; }]];`,
        ),
    "accepts a named default export": `export default async function main(): Promise<void> { "use durable"; }`,
    "accepts a variable": `export const f = async () => { "use durable"; };`,
    "accepts a property": `export const o = { go: async () => { "use durable"; } };`,
    "accepts a function in a call that a variable holds": `const wrap = <T>(x: T): T => x; export const handler = wrap(async () => { "use durable"; });`,
    "accepts a variable behind wrappers": `export const f = ((async () => { "use durable"; }) satisfies () => Promise<void>) as () => Promise<void>;`,
    "accepts an assigned function": `export let f: (() => Promise<void>) | null = null; f = async () => { "use durable"; };`,
    "accepts a named function expression": `console.log(async function go() { "use durable"; }); export {};`,
    "accepts a nameless function inside a durable one": `export async function main(): Promise<unknown> { "use durable"; return [async () => { "use durable"; }].length; }`,
    "accepts nameless functions without a directive": `export default async () => {};`,
  });
  testCases(suite, checkDirectives(suite.program), "DC106");
});

describe("two durable functions of one name", () => {
  const suite = readCases({
    "finds an assignment beside a declaration": `export async function go(): Promise<void> { "use durable"; }\nexport const o: { go?: () => Promise<void> } = {}; o.go = async () => { «"use durable"»; };`,
    "finds two blocks": `if (Math.max(1, 2) > 1) { const go = async () => { "use durable"; }; console.log(go); } else { const go = async () => { «"use durable"»; }; console.log(go); } export {};`,
    "finds two arguments of one call": `const both = (...x: unknown[]) => x; export const f = both(async () => { "use durable"; }, async () => { «"use durable"»; });`,
    "finds two assignments": `export let f: () => Promise<void>; f = async () => { "use durable"; }; f = async () => { «"use durable"»; };`,
    "finds a property written twice through assignments": `export const o: Record<string, () => Promise<void>> = {}; o.a = async () => { "use durable"; }; o.a = async () => { «"use durable"»; };`,
    "finds functions of two blocks": `{ async function go() { "use durable"; } void go; } { async function go() { «"use durable"»; } void go; } export {};`,
    "finds a third": `export let f: () => Promise<void>; f = async () => { "use durable"; }; f = async () => { «"use durable"»; }; f = async () => { «"use durable"»; };`,
    "finds two named expressions": `console.log(async function go() { "use durable"; }, async function go() { «"use durable"»; }); export {};`,
    "accepts two names": `export async function a(): Promise<void> { "use durable"; }\nexport async function b(): Promise<void> { "use durable"; }`,
    "accepts one name in two objects": `export const a = { go: async () => { "use durable"; } }; export const b = { go: async () => { "use durable"; } };`,
    "accepts one name in two functions": `export function a() { return async function go() { "use durable"; }; }\nexport function b() { return async function go() { "use durable"; }; }`,
    "accepts one name in two files": `export async function go(): Promise<void> { "use durable"; }\n=== other.ts\nexport async function go(): Promise<void> { "use durable"; }`,
    "accepts inner functions of one name": `export async function main(): Promise<void> { "use durable"; { const f = async () => { "use durable"; }; await f(); } { const f = async () => { "use durable"; }; await f(); } }`,
    "accepts an ordinary function of the same name": `export async function go(): Promise<void> { "use durable"; }\nexport const o = { go: async () => {} };`,
    "accepts overloads":
      `export async function go(x: string): Promise<void>;\nexport async function go(x: number): Promise<void>;\nexport async function go(_: unknown): Promise<void> { "use durable"; }`.replaceAll(
        "export async function go(x",
        "export function go(x",
      ),
    "accepts a step of the same name": `export async function go(): Promise<void> { "use durable"; }\nexport const o = { go: async () => { "use step"; } };`,
  });
  testCases(suite, checkDirectives(suite.program), "DC107");
});

describe("directives of a function and of a module", () => {
  const suite = readCases({
    "finds both directives": fn(`«"use durable"»; "use step";`),
    "finds both the other way round": fn(`«"use step"»; "use durable";`),
    "finds both in an arrow function": `export const f = async () => { «"use durable"»; "use step"; };`,
    "finds both after use strict": fn(`"use strict"; «"use durable"»; "use step";`),
    "finds a marked module without exports": `«"use durable"»;\nexport {}; `,
    "finds a marked module of plain functions": `«"use durable"»;\nexport function f(): number { return 1; }`,
    "finds a marked module whose async functions are not exported": `«"use durable"»;\nasync function f(): Promise<void> {} void f; export {};`,
    "finds a marked module of types and constants": `«"use durable"»;\nexport type T = 1; export const x = 1;`,
    "finds a marked module that only exports a class": `«"use durable"»;\nexport class A { async go(): Promise<void> {} }`,
    "finds a marked module that re-exports": `«"use durable"»;\nexport { f } from "./other.ts";\n=== other.ts\nexport async function f(): Promise<void> {}`,
    "accepts a method": `export class A { async go(): Promise<void> { "use durable"; } static async go(): Promise<void> { "use durable"; } }`,
    "accepts a method of an object": `export const o = { async go(): Promise<void> { "use durable"; } };`,
    "accepts a class field": `export class A { go = async () => { "use durable"; }; }`,
    "accepts an async generator": `export async function* go(): AsyncGenerator<number> { "use durable"; yield 1; }`,
    "accepts one directive twice": fn(`"use durable"; "use durable";`),
    "accepts use strict beside it": fn(`"use strict"; "use durable";`),
    "accepts a marked module with an async function": `"use durable";\nexport async function f(): Promise<void> {}`,
    "accepts a marked module that exports by name": `"use durable";\nasync function f(): Promise<void> {}\nconst g = async () => {};\nexport { f as h, g };`,
    "accepts a marked module with a default export": `"use durable";\nexport default async function f(): Promise<void> {}`,
    "accepts a step in a marked module": `"use durable";\nexport async function f(): Promise<void> {}\nexport async function g(): Promise<void> { "use step"; }`,
    "accepts a module of steps": `"use step";\nexport async function f(): Promise<void> {}`,
    "accepts methods without a directive": `export class A { async go(): Promise<void> {} } export const o = { async go(): Promise<void> { "use step"; } };`,
  });
  const found = checkDirectives(suite.program).filter(({ code }) =>
    ["DC108", "DC109", "DC110"].includes(code),
  );
  testCases(suite, found);

  test("each has its code", () => {
    const code = (name: string) => findingsOf(suite, found, name)[0]?.code;
    expect(code("finds both directives")).toBe("DC108");
    expect(code("finds a marked module of plain functions")).toBe("DC109");
  });

  test("a module's directive makes every exported async function durable", () => {
    const ids = suite.program.modules.flatMap(({ functions }) =>
      functions.map(({ id }) => id.replace(/^.*#/, "")),
    );
    expect(ids).toEqual(expect.arrayContaining(["f", "g"]));
  });
});
