import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkProgram } from "../../compiler/checkProgram.ts";
import { findingsOf, readCases } from "./cases.ts";

const HELPERS = `
=== helpers.ts
export function stamp(): number { return Date.now(); }
export function isUuid(text: string): boolean { return /^[0-9a-f-]{36}$/.test(text); }
export class Order { age(): number { return Date.now(); } get old(): number { return Date.now(); } n = 1; }
export function toRow(x: string): string { return x + process.env["ROW"]; }
`;
const durable = (parameters: string, body: string): string =>
  `export async function main(${parameters}): Promise<unknown> { "use durable"; ${body} return 1; }`;

/** By the first column of the page. */
const CASES: Readonly<Record<string, string>> = {
  "`Date.now()`": `const x = Date.now();`,
  "`Date.now()` in ordinary code of the file": `${durable("", "")}\nexport function age(): number { return Date.now(); }`,
  "`Math.random()` where `Math` is a parameter": durable("Math: { random(): number }", "Math.random();"),
  '`isUuid("x")`, a function of the project': `import { isUuid } from "./helpers.ts";\n isUuid("x"); ${HELPERS}`,
  "`const { random } = Math; random()`": `const { random } = Math; random();`,
  "`const now = Date.now; now()`": `const now = Date.now; now();`,
  '`Math["random"]()`': `Math["random"]();`,
  "`globalThis.Math.random()`": `globalThis.Math.random();`,
  "`[1].map(Math.random)`": `[1].map(Math.random);`,
  "`(x as any).random()`": `(id as any).random();`,
  "`await fetch(url)`: a step of its own, whose answer cannot be recorded": `await fetch(id);`,
  "`fetch(url)`, not awaited": `fetch(id);`,
  "`stamp()` of another module, which calls `Date.now()`": `import { stamp } from "./helpers.ts";\n stamp(); ${HELPERS}`,
  "`order.age()`, a method that calls `Date.now()`": `import { Order } from "./helpers.ts";\n const order = new Order(); order.age(); ${HELPERS}`,
  "`order.old`, a getter that calls `Date.now()`": `import { Order } from "./helpers.ts";\n const order = new Order(); const x = order.old; ${HELPERS}`,
  "`process.hrtime.bigint()`": `process.hrtime.bigint();`,
  "`process.env.HOME`": `const x = process.env["HOME"];`,
  "`readFileSync(path)`": `import { readFileSync } from "node:fs";\n readFileSync(id);`,
  "`setTimeout(f, 5)`": `setTimeout(() => undefined, 5);`,
  "`nanoid()`": `import { nanoid } from "nanoid";\n nanoid();`,
  "`make()`, imported as `randomUUID as make`": `import { randomUUID as make } from "node:crypto";\n make();`,
  "`order.n++` inside a step": `const order = { n: 1 }; await step("x", () => { order.n++; });`,
  "`ids.push(id)` inside a step": `await step("x", () => { ids.push(id); });`,
  "`Date.now()` in a branch of `parallel`": `import { parallel } from "@durablec/runtime";\n await parallel([async () => Date.now()]);`,
  "`ids.map(toRow)`, where `toRow` reads `process.env`": `import { toRow } from "./helpers.ts";\n ids.map(toRow); ${HELPERS}`,
  "a workflow that is not async": `export function main(): number { "use durable"; return 1; }`,
  "a step that is not async": `export function main(): number { "use step"; return 1; }`,
  "Node's API in a workflow": `import { existsSync } from "node:fs";\n existsSync(id);`,
  "a timer in a workflow": `setInterval(() => undefined, 5);`,
  "`setImmediate` in a workflow": `setImmediate(() => undefined);`,
  "the global `fetch` in a workflow": `await fetch(id);`,
  "a directive in a route handler": `export async function GET(): Promise<string> { "use durable"; return "ok"; }`,
  "a misspelt directive": `export async function main(): Promise<number> { "use durabel"; return 1; }`,
  "a direct call of a workflow": `${durable("", "")}\nexport async function other(): Promise<unknown> { return await main(); }`,
  "a directive as the value of an arrow function": `export const main = async (): Promise<string> => "use durable";`,
  "a directive that is not the first statement of an arrow function": `export const main = async (): Promise<number> => { const x = 1; "use durable"; return x; };`,
  "an object changed inside a nested step": `const o = { n: 1 }; const f = async () => { await step("x", () => { o.n = 2; }); }; await f();`,
  "an async generator as a workflow": `export async function* main(): AsyncGenerator<number> { "use durable"; yield 1; }`,
  "a step that is called above its declaration": `${durable("", `await later();`)}\nasync function later(): Promise<number> { return 1; }`,
  "`console.log` in a workflow": `console.log(id);`,
};

const page = readFileSync(join(import.meta.dirname, "../../docs/comparison.md"), "utf8");
const rows = [...page.matchAll(/^\| (.+?) +\| (.+?) +\| (DC\d+(?:, DC\d+)*|nothing) +\|$/gm)].map(
  ([, name = "", , said = ""]) => ({ name, said }),
);

describe("the comparison with others", () => {
  const suite = readCases(CASES);
  const { findings } = checkProgram(suite.program);

  test("has a case for each row, and a row for each case", () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(CASES));
  });

  test("has sound cases", () => expect(suite.typeErrors).toBe(""));

  test.each(rows)("$name: $said", ({ name, said }) => {
    const codes = new Set(findingsOf(suite, findings, name).map(({ code }) => code));
    expect([...codes]).toEqual(said === "nothing" ? [] : said.split(", "));
  });
});
