import { ts } from "ts-morph";
import { describe, expect, test } from "vitest";
import type { DurableModule } from "../../compiler/program.ts";
import { readCases, type Suite } from "./cases.ts";

const SERVICES = `
=== services.ts
export async function load(id: string): Promise<number> { return id.length; }
export async function charge(id: string): Promise<number> { "use step"; return id.length; }
export async function child(id: string): Promise<string> { "use durable"; return id; }
export function plain(id: string): number { return id.length; }
export function sometimes(id: string): Promise<number> | number { return id === "" ? 1 : load(id); }
export const held: (id: string) => Promise<number> = [load][0] ?? load;
export const alias = load;
export const arrow = async (id: string): Promise<number> => id.length;
export const api = { load, find: async (id: string): Promise<number> => id.length, nested: { get: load } };
export class Client { async get(id: string): Promise<number> { return id.length; } }
export const client = new Client();
export function query(): { then(f: (x: number) => void): void; where(): { then(f: (x: number) => void): void } } { return null as never; }
export interface Port { send(id: string): Promise<void>; ask: (id: string) => Promise<void> }
export default load;
`;
const IMPORT =
  `import main2, { load, load as fetchIt, charge, child, plain, sometimes, held, alias, arrow, api, Client, client, query } from "./services.ts";\n` +
  `import * as svc from "./services.ts";\n import { step as run } from "@durablec/runtime";\n import * as rt from "@durablec/runtime";\n`;

/** A case is one body; «call» marks the calls to be judged, and the expectation is in the same order. */
const CALLS: Readonly<Record<string, readonly [body: string, ...meanings: string[]]>> = {
  "an operation": [
    `await «step("x", () => 1)»; await «wait("1s")»; «now()»;`,
    "operation step",
    "operation wait",
    "operation now",
  ],
  "an operation under another name": [
    `await «run("x", () => 1)»; await «rt.wait("1s")»; const s = step; await «s("y", () => 1)»;`,
    "operation step",
    "operation wait",
    "operation step",
  ],
  "a function of the project called step": [`const step = (x: string) => x; «step("x")»;`, "plain"],
  "an async function": [`await «load(id)»; const p = «load(id)»; await p;`, "step load", "step load"],
  "an import by another name, by default, by namespace": [
    `await «fetchIt(id)»; await «main2(id)»; await «svc.load(id)»;`,
    "step fetchIt",
    "step main2",
    "step svc.load",
  ],
  "an alias and an arrow function of a module": [
    `await «alias(id)»; await «arrow(id)»;`,
    "step alias",
    "step arrow",
  ],
  "a function that may give a promise": [`await «sometimes(id)»;`, "step sometimes"],
  "a step marked as one": [`await «charge(id)»;`, "step charge optioned"],
  "a durable function": [`await «child(id)»; const p = «svc.child(id)»; await p;`, "task", "task"],
  "a module's constant of a function type": [`await «held(id)»;`, "dynamic held"],
  "members of a module's object": [
    `await «api.load(id)»; await «api.find(id)»; await «api["nested"].get(id)»;`,
    "step api.load",
    "step api.find",
    "step get",
  ],
  "a method of a module's instance": [`await «client.get(id)»;`, "step client.get"],
  "a method of a local instance": [`const c = new Client(); await «c.get(id)»;`, "dynamic c.get"],
  "a function of Node": [
    `import { readFile } from "node:fs/promises";\n import * as fs from "node:fs";\n await «readFile("x")»; await «fs.promises.readFile("x")»; await «fetch(id)»;`,
    "step readFile",
    "step fs.promises.readFile",
    "step fetch",
  ],
  "a local function": [
    `const f = () => load(id); await «f()»; const g = async () => 1; await «g()»;`,
    "dynamic f",
    "task",
  ],
  "a local function that calls operations": [`const f = () => wait("1s"); await «f()»;`, "plain"],
  "a changing variable": [`let f = load; await «f(id)»; f = arrow; await «f(id)»;`, "dynamic f", "dynamic f"],
  "a function called in place": [`await «(async () => 1)()»;`, "task"],
  "a result that is called": [`const make = () => load; await «make()(id)»;`, "dynamic call"],
  "Promise.all and its kin": [
    `await «Promise.all([load(id)])»; await «Promise.race([load(id)])»; await «Promise.resolve(1)»; await «globalThis.Promise.all([])»;`,
    "promiseAll",
    "plain",
    "plain",
    "promiseAll",
  ],
  "a subclass of Promise": [`class P<T> extends Promise<T> {} await «P.all([load(id)])»;`, "plain"],
  "then and catch": [`await «load(id).then((x) => x)»; await «load(id).catch(() => 1)»;`, "plain", "plain"],
  "call and apply": [
    `await «load.call(null, id)»; await «Reflect.apply(load, null, [id])»;`,
    "step load.call",
    "step Reflect.apply",
  ],
  "a plain function": [
    `«plain(id)»; «JSON.parse("1")»; «ids.map((x) => x)»; «console.log(id)»;`,
    "plain",
    "plain",
    "plain",
    "plain",
  ],
  "any, awaited and not": [
    `const x: any = JSON.parse("1"); await «x.go()»; «x.go()»;`,
    "dynamic x.go",
    "plain",
  ],
  "a query builder": [`await «query().where()»; const q = «query()»; await q;`, "dynamic where", "plain"],
  "a cast and an assertion": [
    `await «(load as (x: string) => Promise<number>)(id)»; await «load!(id)»;`,
    "step load",
    "step load",
  ],
};

describe("what a call means", () => {
  const suite = readCases(
    Object.fromEntries(Object.entries(CALLS).map(([name, [body]]) => [name, `${IMPORT}${body}${SERVICES}`])),
  );
  const expectations = Object.entries(CALLS);

  test("the cases have no type errors of their own", () =>
    expect(suite.typeErrors.split("\n")).toEqual([""]));
  test.each(expectations)("%s", (name, [, ...meanings]) => {
    expect(toMeanings(suite, name)).toEqual(meanings);
  });
});

function toMeanings(suite: Suite, name: string): string[] {
  const found = suite.cases.find((one) => one.name === name);
  const module = suite.program.modules.find(({ file }) => file.fileName === `${found?.folder}/main.ts`);
  const wanted = (found?.expected ?? []).map((text) => text.replace(/^main\.ts: /, ""));
  const meanings: string[] = [];
  const visit = (node: ts.Node): void => {
    // In the order of the text: the mark that comes next.
    if (ts.isCallExpression(node) && node.getText() === wanted[meanings.length])
      meanings.push(describeCall(module, node));
    ts.forEachChild(node, visit);
  };
  if (module !== undefined) visit(module.file);
  return meanings;
}

function describeCall(module: DurableModule | undefined, node: ts.CallExpression): string {
  const meaning = module?.oracle.call(node);
  switch (meaning?.kind) {
    case "operation":
      return `operation ${meaning.operation}`;
    case "step":
      return `step ${meaning.name}${meaning.optioned ? " optioned" : ""}`;
    case "dynamic":
      return `dynamic ${meaning.name}`;
    default:
      return meaning?.kind ?? "no module";
  }
}
