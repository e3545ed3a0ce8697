import { describe, expect, test } from "vitest";
import { checkPromises } from "../../compiler/2-check/checkPromises.ts";
import { findingsOf, readCases, testCases } from "./cases.ts";

const SERVICES = `
=== services.ts
export async function load(id: string): Promise<number> { return id.length; }
export async function save(id: string): Promise<void> { console.log(id); }
export function loose(id: string): Promise<number> { return load(id); }
export function plain(id: string): number { return id.length; }
export async function child(id: string): Promise<string> { "use durable"; return id; }
export async function retry<T>(f: () => Promise<T>): Promise<T> { return f(); }
export function onEach(ids: string[], f: (id: string) => void): void { ids.forEach(f); }
export const api = { load, remove: (id: string): Promise<void> => save(id) };
`;
const IMPORT = `import { load, save, loose, plain, child, retry, onEach, api } from "./services.ts";\n`;
const withServices = (cases: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(cases).map(([name, text]) => [name, `${IMPORT}${text}${SERVICES}`]));

describe("a promise that nobody waits for", () => {
  const suite = readCases(
    withServices({
      "finds an operation": `«wait("1s")»;`,
      "finds a step": `«step("x", () => 1)»;`,
      "finds an implicit step": `«save(id)»;`,
      "finds a function that returns a promise without being async": `«loose(id)»;`,
      "finds a method": `«api.remove(id)»;`,
      "finds a child task": `«child(id)»;`,
      "finds Promise.all": `«Promise.all([save(id), load(id)])»;`,
      "finds a value that is called": `export async function main(f: () => Promise<void>): Promise<void> { "use durable"; «f()»; }`,
      "finds an async function inside": `const f = async () => { await wait("1s"); }; «f()»;`,
      "finds it behind a condition": `id && «save(id)»; id ? «save(id)» : plain(id);`,
      "finds it in an if without await": `if (ids.length > 1) «save(id)»;`,
      "finds a chain": `«load(id)».then((x) => x + 1);`,
      "finds it in a finally": `try { await save(id); } finally { «save(id)»; }`,
      "finds a variable that is never read": `const p = «save(id)»;`,
      "finds it in parentheses, left of a comma": `const x = («save(id)», 1);`,
      "finds it in a callback that forEach ignores": `ids.forEach((x) => «step(x, () => 1)»);`,
      "finds it inside an inner async function": `const f = async () => { «save(id)»; }; await f();`,
      "accepts what is awaited": `await wait("1s"); await save(id); await child(id); const x = await load(id);`,
      "accepts what is returned": `export async function main(id: string): Promise<unknown> { "use durable"; if (id) return load(id); return child(id); }`,
      "accepts a promise that is held and awaited later": `const p = load(id); await save(id); const x = await p;`,
      "accepts promises in an array": `const ps = [load(id), load(id)]; const xs = await Promise.all(ps); await Promise.race([load(id), wait("1s")]);`,
      "accepts a promise that is stored or passed on": `const o = { p: load(id) }; await o.p; const ps: Promise<number>[] = []; ps.push(load(id)); await Promise.all(ps);`,
      "accepts an assignment": `let p: Promise<number> | null = null; p = load(id); await p;`,
      "accepts operations that answer at once": `now(); random(); uuid();`,
      "accepts calls that return no promise": `plain(id); console.log(id); ids.push(id);`,
      "accepts what steps do inside": `await step("x", () => { void save(id); save(id); return 1; });`,
      "accepts ordinary functions of the file": `export async function main(id: string): Promise<string> { "use durable"; return id; }\nexport function other(id: string): void { save(id); }`,
      "accepts awaits in conditions and arguments": `if (await load(id)) plain(String(await load(id))); const x = (await load(id)) && (await load(id));`,
      "accepts a callback whose promise is collected": `const ps = ids.map(async (x) => load(x)); await Promise.all(ps); const qs = await Promise.all(ids.map((x) => step(x, () => 1)));`,
      "accepts what finally waits for": `await load(id).finally(() => save(id));`,
      "accepts a variable that an inner function reads": `const p = load(id); const f = async () => (await p) + 1; await f();`,
    }),
  );
  const found = checkPromises(suite.program);
  testCases(suite, found, "DC210");

  test("the message names what is dropped", () => {
    const message = (name: string) => findingsOf(suite, found, name)[0]?.message;
    expect(message("finds an operation")).toBe("Nothing waits for this wait.");
    expect(message("finds an implicit step")).toBe("Nothing waits for 'save'.");
    expect(message("finds a child task")).toBe("Nothing waits for durable function 'child'.");
  });
});

describe("a promise that is dropped on purpose", () => {
  const suite = readCases(
    withServices({
      "finds void": `void «save(id)»;`,
      "finds void of an operation": `void «wait("1s")»;`,
      "finds void in parentheses": `void («save(id)»);`,
      "finds void of a child task": `void «child(id)»;`,
      "finds a catch": `«save(id)».catch(() => undefined);`,
      "finds a then with two handlers": `«save(id)».then(() => 1, () => 2);`,
      "finds a catch before a finally": `«save(id)».catch(() => undefined).finally(() => plain(id));`,
      "finds void of Promise.all": `void «Promise.all([load(id)])»;`,
      "finds void in an arrow function": `const f = async () => { void «save(id)»; }; await f();`,
      "accepts void of no promise": `void plain(id); void 0;`,
      "accepts a handled promise that is awaited": `await save(id).catch(() => undefined);`,
      "accepts a handled promise that is held": `const p = load(id).catch(() => 0); await p;`,
      "accepts a handled promise that is returned": `export async function main(id: string): Promise<number> { "use durable"; return load(id).then((x) => x, () => 0); }`,
      "accepts void in a step": `await step("x", () => void save(id));`,
      "accepts void of what answers at once": `void uuid(); void now();`,
      "accepts void in ordinary code": `export async function main(): Promise<number> { "use durable"; return 1; }\nexport function other(id: string): void { void save(id); }`,
      "accepts a handled promise in an array": `await Promise.all([save(id).catch(() => undefined)]);`,
    }),
  );
  testCases(suite, checkPromises(suite.program), "DC211");
});

describe("a step function handed to the language by name", () => {
  const suite = readCases(
    withServices({
      "finds map": `await Promise.all(ids.map(«load»));`,
      "finds a member": `await Promise.all(ids.map(«api.load»));`,
      "finds a function that is not async but gives a promise": `await Promise.all(ids.map(«loose»));`,
      "finds flatMap": `const ps = ids.flatMap(«loose»);`,
      "finds then": `await load(id).then(String).then(«load»);`,
      "finds Array.from": `await Promise.all(Array.from(ids, «load»));`,
      "finds a parameter": `export async function main(ids: string[], f: (x: string) => Promise<void>): Promise<unknown> { "use durable"; return await Promise.all(ids.map(«f»)); }`,
      "finds forEach": `ids.forEach(«save»);`,
      "finds a function of the platform": `import { readFile } from "node:fs/promises";\n await Promise.all(ids.map((x) => x).map<Promise<unknown>>(«readFile» as (x: string) => Promise<unknown>));`,
      "accepts a function that gives no promise": `const xs = ids.map(plain).map(String).filter(Boolean);`,
      "accepts an async arrow function": `await Promise.all(ids.map(async (x) => load(x)));`,
      "accepts a durable function": `await Promise.all(ids.map(child));`,
      "accepts an async function of this one": `const f = async (x: string) => load(x); await Promise.all(ids.map(f));`,
      "accepts a step given to an operation": `await step("x", () => ids.map(load)); await step("y", api.remove.bind(null, id));`,
      "accepts what a step maps": `await step("all", async () => Promise.all(ids.map(load)));`,
      "accepts a step function given to a step": `const f = () => retry(async () => 1); await step("x", f);`,
      "accepts functions as data": `const table = { load, save }; const list = [load]; const k = Object.keys(table).length + list.length;`,
      "accepts Promise.resolve": `const ps = ids.map((x) => x.length).map((x) => Promise.resolve(x)); await Promise.all(ps);`,
    }),
  );
  testCases(suite, checkPromises(suite.program), "DC212");
});

describe("an async callback that nobody waits for", () => {
  const suite = readCases(
    withServices({
      "finds forEach of an array": `ids.forEach(«async (x) => { await save(x); }»);`,
      "finds a function expression": `ids.forEach(«async function (x) { await save(x); }»);`,
      "finds forEach of a map": `new Map([[id, 1]]).forEach(«async () => { await wait("1s"); }»);`,
      "finds forEach of a set": `new Set(ids).forEach(«async (x) => { await load(x); }»);`,
      "finds a project function with a void callback": `onEach(ids, «async (x) => { await load(x); }»);`,
      "finds one that returns its work": `ids.forEach(«async (x) => load(x)»);`,
      "finds it inside an inner async function": `const f = async () => { ids.forEach(«async (x) => { await save(x); }»); }; await f();`,
      "finds queueMicrotask": `queueMicrotask(«async () => { await save(id); }»);`,
      "accepts map": `await Promise.all(ids.map(async (x) => { await save(x); }));`,
      "accepts a callback that is not async": `ids.forEach((x) => plain(x)); onEach(ids, (x) => { plain(x); });`,
      "accepts forEach in a step": `await step("x", () => ids.forEach(async (x) => { await save(x); }));`,
      "accepts an async callback that does nothing to wait for": `ids.forEach(async (x) => { plain(x); });`,
      "accepts forEach of an object that waits": `const all = { forEach: async (f: (x: string) => Promise<void>) => { for (const x of ids) await f(x); } }; await all.forEach(async (x) => { await save(x); });`,
      "accepts finally, which waits": `await load(id).finally(async () => { await save(id); });`,
      "accepts reduce": `await ids.reduce(async (before, x) => { await before; await save(x); }, Promise.resolve());`,
      "accepts flatMap": `await Promise.all(ids.flatMap(async (x) => load(x)));`,
      "accepts filter of ready values": `const xs = ids.filter((x) => x.length > 1);`,
      "accepts a loop": `for (const x of ids) await save(x);`,
    }),
  );
  testCases(suite, checkPromises(suite.program), "DC213");
});

describe("an async function given to an implicit step", () => {
  const suite = readCases(
    withServices({
      "finds an arrow function": `await retry(«async () => load(id)»);`,
      "finds a function expression": `await retry(«async function () { return load(id); }»);`,
      "finds a name": `const f = async () => load(id); await retry(«f»);`,
      "finds a declared function": `async function f(): Promise<number> { return load(id); } await retry(«f»);`,
      "finds a durable function": `import { runner } from "./runner.ts";\n await runner(«child»);
=== runner.ts
export async function runner(f: (id: string) => Promise<string>): Promise<string> { return f("x"); }
`,
      "finds it in a dynamic call": `export async function main(run: (f: () => Promise<number>) => Promise<number>): Promise<number> { "use durable"; return await run(«async () => 1»); }`,
      "finds it in a promise that is held": `const p = retry(«async () => load(id)»); await p;`,
      "finds it as a second argument": `import { times } from "./times.ts";\n await times(3, «async () => { await save(id); }»);
=== times.ts
export async function times(n: number, f: () => Promise<void>): Promise<void> { for (let i = 0; i < n; i++) await f(); }
`,
      "accepts it in a step": `await step("x", () => retry(async () => load(id)));`,
      "accepts an operation's own body": `await step("x", async () => load(id)); await waitForCallback("y", async (callbackId) => { await save(callbackId); });`,
      "accepts a function that is not async": `await retry(() => load(id));`,
      "accepts a step function by name": `await retry(load.bind(null, id)); await retry<number>(() => load(id));`,
      "accepts a call of the language": `await Promise.all(ids.map(async (x) => load(x)));`,
      "accepts a call of a durable function": `import { runs } from "./runs.ts";\n await runs(async () => load(id));
=== runs.ts
export async function runs(f: () => Promise<number>): Promise<number> { "use durable"; return f(); }
`,
      "accepts a call that gives no promise": `import { wrap } from "./wrap.ts";\n const f = wrap(async () => load(id)); await f();
=== wrap.ts
export function wrap(f: () => Promise<number>): () => Promise<number> { return f; }
`,
      "accepts data": `await save(id); await load(ids[0] ?? "");`,
      "accepts a body with a name": `const body = async () => load(id); await step("x", body);`,
    }),
  );
  testCases(suite, checkPromises(suite.program), "DC214");
});
