import { describe } from "vitest";
import { checkRefused } from "../../compiler/2-check/checkRefused.ts";
import { readCases, testCases } from "./cases.ts";

describe("what hides variables", () => {
  const suite = readCases({
    "finds eval": `const x: unknown = «eval("1")»;`,
    "finds eval in an inner function": `const f = () => «eval("1")» as number; f();`,
    "finds eval in an async function inside": `const f = async () => { «eval("1")»; }; await f();`,
    "finds eval in a step": `await step("x", () => «eval("1")» as number);`,
    "finds eval in a default parameter": `export async function main(x: unknown = «eval("1")»): Promise<unknown> { "use durable"; return x; }`,
    "finds eval in an argument": `console.log(«eval("1")»);`,
    "finds arguments.callee": `export const f = async function (): Promise<unknown> { "use durable"; return «arguments.callee»; };`,
    "finds arguments.callee inside": `const f = function (): unknown { return «arguments.callee»; }; f();`,
    "accepts a parameter called eval": `export async function main(o: { eval(x: string): number }): Promise<number> { "use durable"; return o.eval("1"); }`,
    "accepts eval under another name": `const x: unknown = (0, eval)("1"); const y: unknown = globalThis.eval("1");`,
    "accepts new Function": `const f = new Function("return 1"); f();`,
    "accepts arguments": `export async function main(..._: number[]): Promise<number> { "use durable"; return arguments.length + Number(arguments[0]); }`,
    "accepts eval in ordinary code": `export async function main(): Promise<number> { "use durable"; return 1; }\nexport function other(): unknown { return eval("1"); }`,
    "accepts a property called callee": `const o = { callee: 1 }; const x = o.callee;`,
    "accepts a property called eval": `const o = { eval: 1 }; const x = o.eval;`,
    "accepts a type of eval": `const x: typeof eval | null = null;`,
  });
  testCases(suite, checkRefused(suite.program));
});
