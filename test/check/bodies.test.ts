import { describe, expect, test } from "vitest";
import { checkHelpers } from "../../compiler/2-check/checkHelpers.ts";
import { checkModuleState } from "../../compiler/2-check/checkModuleState.ts";
import { checkStepBodies } from "../../compiler/2-check/checkStepBodies.ts";
import { findingsOf, readCases, testCases } from "./cases.ts";

describe("a variable changed inside a step", () => {
  const suite = readCases({
    "finds an assignment": `let t = 0; await step("x", () => { «t» = 5; }); console.log(t);`,
    "finds a compound assignment": `let t = 0; await step("x", () => { «t» += 5; }); console.log(t);`,
    "finds an update": `let t = 0; await step("x", () => { «t»++; }); console.log(t);`,
    "finds a destructuring": `let a = 1; let b = 2; await step("x", () => { [«a», «b»] = [3, 4]; }); console.log(a, b);`,
    "finds a property": `const o = { n: 1 }; await step("x", () => { «o».n++; });`,
    "finds a deep property": `const o = { p: { n: [1] } }; await step("x", () => { «o».p.n[0] = 5; });`,
    "finds a delete": `const o: { n?: number } = { n: 1 }; await step("x", () => { delete «o».n; });`,
    "finds push": `const xs: string[] = []; await step("x", () => { «xs».push(id); });`,
    "finds push on a member": `const o = { xs: [1] }; await step("x", () => { «o».xs.push(2); });`,
    "finds sort": `await step("x", () => «ids».sort());`,
    "finds set of a map and add of a set": `const m = new Map<string, number>(); const s = new Set<string>(); await step("x", () => { «m».set(id, 1); «s».add(id); });`,
    "finds Object.assign": `const o = { n: 1 }; await step("x", () => Object.assign(«o», { n: 2 }));`,
    "finds a parameter": `export async function main(o: { n: number }): Promise<number> { "use durable"; await step("x", () => { «o».n = 2; }); return o.n; }`,
    "finds it in a function inside the body": `let t = 0; await step("x", () => { ids.forEach((x) => { «t» += x.length; }); }); console.log(t);`,
    "finds it in a submitter": `let asked = ""; await waitForCallback("ask", (callbackId) => { «asked» = callbackId; }); console.log(asked);`,
    "finds it in a transaction": `import { transaction } from "@durablec/runtime";\n let t = 0; await transaction("x", async (client) => { await client.query("SELECT 1"); «t» = 1; }); console.log(t);`,
    "finds it in a body with a name": `let t = 0; const body = () => { «t» = 1; }; await step("x", body); console.log(t);`,
    "finds it in a callback of an implicit step": `import { each } from "./each.ts";\n let t = 0; await each(ids, () => { «t»++; }); console.log(t);
=== each.ts
export async function each(xs: string[], f: (x: string) => void): Promise<void> { xs.forEach(f); }`,
    "accepts the result": `let t = 0; t = await step("x", () => 5); t += await step("y", () => 6); console.log(t);`,
    "accepts a change outside": `const xs: string[] = []; await step("x", () => 1); xs.push(id); const f = () => { xs.push("y"); }; f();`,
    "accepts variables of the body": `await step("x", () => { let t = 0; const xs: string[] = []; for (const x of ids) { t += x.length; xs.push(x); } return t; });`,
    "accepts the body's own parameter": `await step("x", (context) => { const c = context as { attempt: number }; c.attempt = 5; });`,
    "accepts reading": `let t = 0; t++; await step("x", () => t + ids.length + ids.map((x) => x).length + ids.slice().length);`,
    "accepts copies": `await step("x", () => [...ids].sort()); await step("y", () => ids.toSorted()); await step("z", () => Object.assign({}, { ids }));`,
    "accepts a method of its own class": `class Bag { push(x: string): string { return x; } } const bag = new Bag(); await step("x", () => bag.push(id));`,
    "accepts state of the module": `import { seen } from "./seen.ts";\n await step("x", () => { seen.add(id); });
=== seen.ts
export const seen = new Set<string>();`,
    "accepts an inner name of the same name": `const t = 0; await step("x", () => { let t = 1; t++; return t; }); console.log(t);`,
    "accepts methods that change nothing": `const m = new Map([[id, 1]]); const d = new Date(0); await step("x", () => [m.get(id), m.has(id), d.getTime()]);`,
  });
  testCases(suite, checkStepBodies(suite.program), "DC209");
});

describe("an operation inside a step", () => {
  const suite = readCases({
    "finds wait": `await step("x", async () => { await «wait»("1h"); });`,
    "finds step": `await step("x", async () => «step»("y", () => 1));`,
    "finds now, random and uuid": `await step("x", () => [«now»(), «random»(), «uuid»()]);`,
    "finds a renamed import": `import { wait as sleep } from "@durablec/runtime";\n await step("x", async () => { await «sleep»("1h"); });`,
    "finds a namespace": `import * as d from "@durablec/runtime";\n await step("x", async () => { await «d.wait»("1h"); });`,
    "finds it in a submitter": `await waitForCallback("ask", async () => { await «checkpoint»(); });`,
    "finds it in a transaction": `import { transaction } from "@durablec/runtime";\n await transaction(async (client) => { await client.query("SELECT 1"); await «wait»("1h"); });`,
    "finds it in a function inside": `await step("x", () => ids.map(() => «now»()));`,
    "finds it in a body with a name": `const body = async () => { await «wait»("1h"); }; await step("x", body);`,
    "finds it in a function of the project": `import { pause } from "./pause.ts";\n await step("x", «pause»);
=== pause.ts
import { wait } from "@durablec/runtime";
export async function pause(): Promise<void> { await rest(); }
async function rest(): Promise<void> { await wait("1h"); }`,
    "finds it in a callback of an implicit step": `import { run } from "./run.ts";\n await run(() => «now»());
=== run.ts
export async function run(f: () => number): Promise<number> { return f(); }`,
    "accepts operations beside each other": `await step("x", () => 1); await wait("1s"); await step("y", () => 2);`,
    "accepts an operation as an argument of the name": `await step(uuid(), () => 1);`,
    "accepts operations in an async function inside": `const f = async () => { await wait("1s"); }; await f();`,
    "accepts operations in a plain function inside": `const f = () => now(); f(); ids.map(() => uuid());`,
    "accepts a value of an operation": `const at = now(); await step("x", () => at);`,
    "accepts a function of the same name": `const wait = async (x: string) => x; await step("x", () => wait("1h"));`,
    "accepts a pure function of the project": `import { pure } from "./pure.ts";\n await step("x", pure);
=== pure.ts
export function pure(): number { return 1; }`,
    "accepts a function that makes a durable one": `import { make } from "./make.ts";\n await step("x", make);
=== make.ts
import { wait } from "@durablec/runtime";
export function make(): number { const f = async () => { await wait("1h"); }; return f.length; }`,
    "accepts branches, async or not": `import { parallel, runInChildContext } from "@durablec/runtime";\n await parallel([() => step("a", () => 1), async () => step("b", () => 2)]); await runInChildContext("c", () => wait("1s"));`,
    "accepts a promise held outside": `const p = wait("1s"); await step("x", () => 1); await p;`,
  });
  testCases(suite, checkStepBodies(suite.program), "DC215");
});

const HELPERS = `
=== helpers.ts
import { wait, step, uuid } from "@durablec/runtime";
export async function pause(): Promise<void> { await wait("1h"); }
export const rest = async (): Promise<void> => { await wait("1h"); };
export async function through(): Promise<void> { await pause(); }
export function held(): Promise<void> { return wait("1h"); }
export const services = { pause };
export async function loop(n: number): Promise<void> { if (n > 0) await loop(n - 1); await step("x", () => 1); }
export async function marked(): Promise<void> { "use durable"; await wait("1h"); }
export async function callsMarked(): Promise<void> { await marked(); }
export async function isStep(): Promise<number> { "use step"; return 1; }
export async function plain(): Promise<number> { return 1; }
export async function again(n: number): Promise<number> { return n > 0 ? again(n - 1) : 1; }
export function label(): string { return uuid(); }
export async function makes(): Promise<number> { const f = async () => { await wait("1h"); }; return f.length; }
export class Service { async pause(): Promise<void> { await wait("1h"); } }
`;

describe("a helper that is not marked", () => {
  const suite = readCases({
    "finds a function": `import { pause } from "./helpers.ts";\n await «pause»(); ${HELPERS}`,
    "finds an arrow function": `import { rest } from "./helpers.ts";\n await «rest»(); ${HELPERS}`,
    "finds it through another": `import { through } from "./helpers.ts";\n await «through»(); ${HELPERS}`,
    "finds one that is not async": `import { held } from "./helpers.ts";\n await «held»(); ${HELPERS}`,
    "finds a member": `import { services } from "./helpers.ts";\n await «services.pause»(); ${HELPERS}`,
    "finds a namespace": `import * as h from "./helpers.ts";\n await «h.pause»(); ${HELPERS}`,
    "finds one that calls itself": `import { loop } from "./helpers.ts";\n await «loop»(3); ${HELPERS}`,
    "finds a method": `import { Service } from "./helpers.ts";\n await «new Service().pause»(); ${HELPERS}`,
    "finds it held": `import { pause } from "./helpers.ts";\n const p = «pause»(); await p; ${HELPERS}`,
    "accepts a marked function": `import { marked } from "./helpers.ts";\n await marked(); ${HELPERS}`,
    "accepts one that calls a marked function": `import { callsMarked } from "./helpers.ts";\n await callsMarked(); ${HELPERS}`,
    "accepts a step": `import { isStep } from "./helpers.ts";\n await isStep(); ${HELPERS}`,
    "accepts an ordinary function": `import { plain, again } from "./helpers.ts";\n await plain(); await again(2); ${HELPERS}`,
    "accepts one that runs in place": `import { label } from "./helpers.ts";\n const x = label(); ${HELPERS}`,
    "accepts one that only makes such a function": `import { makes } from "./helpers.ts";\n await makes(); ${HELPERS}`,
    "accepts an async function inside": `const f = async () => { await wait("1s"); }; await f();`,
    "accepts ordinary code that calls it": `export async function main(): Promise<number> { "use durable"; return 1; }\nexport async function other(): Promise<void> { const { pause } = await import("./helpers.ts"); await pause(); } ${HELPERS}`,
    "accepts operations themselves": `await wait("1s"); await step("x", () => 1);`,
  });
  const found = checkHelpers(suite.program);
  testCases(suite, found, "DC216");

  test("the operation is shown", () => {
    const [finding] = findingsOf(suite, found, "finds it through another");
    expect(finding?.message).toContain("'through' uses wait");
    expect(finding?.notes.map(({ message }) => message)).toEqual(["'wait' is called here."]);
  });
});

const STATE = `
=== state.ts
export let count = 0;
export function next(): number { count++; return count; }
export const cache = new Map<string, number>();
export function put(id: string): void { cache.set(id, 1); }
export const config = { url: "a", tries: 1 };
export function setUrl(url: string): void { config.url = url; }
export let fixed = 1;
fixed = 2;
export const table = new Map<string, number>();
table.set("a", 1);
export const plain = { n: 1 };
export const list: string[] = [];
`;

describe("state of a module", () => {
  const own = (head: string, body: string) =>
    `${head}\nexport async function main(id: string): Promise<unknown> { "use durable"; ${body} return id; }`;
  const suite = readCases({
    "finds a variable that is written here": own("let n = 0;", "«n»++;"),
    "finds a variable that is read": own("let n = 0; export function up(): void { n++; }", "const x = «n»;"),
    "finds a var": own("var n = 0; export function up(): void { n = 5; }", "const x = «n»;"),
    "finds an imported variable": `import { count } from "./state.ts";\n const x = «count»; ${STATE}`,
    "finds it through a namespace's alias": `import { count as c } from "./state.ts";\n const x = «c»; ${STATE}`,
    "finds a cache": `import { cache } from "./state.ts";\n const x = «cache».get(id); ${STATE}`,
    "finds an object that is changed elsewhere": `import { config } from "./state.ts";\n const x = «config».url; ${STATE}`,
    "finds a list that is filled here": `import { list } from "./state.ts";\n «list».push(id); ${STATE}`,
    "finds an object that is changed here": `import { plain } from "./state.ts";\n «plain».n = 5; ${STATE}`,
    "finds it in a function inside": own("let n = 0;", "const f = async () => { «n»++; }; await f();"),
    "finds it once a function": own("let n = 0;", "«n»++; n++; n++;"),
    "accepts a constant": own("const n = 5; const o = { a: 1 };", "const x = n + o.a;"),
    "accepts a variable that nobody changes": own("let n = 5;", "const x = n;"),
    "accepts what is set while the module is loaded": `import { fixed, table } from "./state.ts";\n const x = fixed + (table.get("a") ?? 0); ${STATE}`,
    "accepts it in a step": `import { count, cache } from "./state.ts";\n await step("x", () => { cache.set(id, count); }); ${STATE}`,
    "accepts a local": `let n = 0; n++; const m = new Map<string, number>(); m.set(id, 1);`,
    "accepts a parameter of the same name": `export async function main(count: number): Promise<number> { "use durable"; count++; return count; } ${STATE}`,
    "accepts a property of the same name": own(
      "let n = 0; export function up(): void { n++; }",
      "const o = { n: 1 }; const x = o.n;",
    ),
    "accepts a type of it": own("let n = 0; export function up(): void { n++; }", "const x: typeof n = 1;"),
    "accepts a function of the module": `import { next } from "./state.ts";\n const x = await step("x", () => next()); ${STATE}`,
    "accepts reading an object that is never changed": `import { plain } from "./state.ts";\n const x = plain.n; ${STATE}`,
  });
  testCases(suite, checkModuleState(suite.program), "DC218");
});
