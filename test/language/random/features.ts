/** Constructs that a compiler may not have yet: the generator leaves out what it would refuse. */
import { tryProgram } from "./tryProgram.ts";

/** A body that uses each, by the name that the generator asks for. */
const FEATURES: Readonly<Record<string, string>> = {
  generator: "let v = 1; const g = function* (x) { yield v++ + x; }; await 1; return [...g(v)];",
  asyncGenerator:
    "let v = 1; const g = async function* (x) { yield (await x) + v++; }; const r = await g(v).next(); return r.value;",
  class:
    "let v = 1; class A { get g() { return v++; } } class B extends A { m() { return super.g; } } await 1; return new B().m();",
  collections: 'for (const [k, v] of new Map()) { await v; } for (const c of "ab") await c;',
  protocol: 'for (const x of walk("w", [1])) { if (await x) break; }',
  forIn: "for (const k in { a: 1 }) await k;",
  forAwait: 'for await (const x of walk("w", [1])) { if (x) break; }',
  deadZone: "const r = () => z; try { r(); } catch { await 1; } let z = await 2; return r();",
  using: "using a = null; await using b = { async [Symbol.asyncDispose]() {} }; await 1;",
  patterns:
    "let x; let [a = await 1, ...b] = [await 2]; ({ x: x = await 1, [await 'y']: a } = { y: 2 }); return b;",
};

export async function findFeatures(): Promise<{
  readonly found: ReadonlySet<string>;
  readonly missing: readonly string[];
}> {
  const found = new Set<string>();
  for (const [name, body] of Object.entries(FEATURES)) {
    const source = `import { walk } from "../support.ts";\nexport async function main() {\n"use durable";\n${body}\n}`;
    const outcome = await tryProgram({ source, isParallel: false }, () => 1);
    if (outcome.kind === "same") found.add(name);
    if (outcome.kind === "different") console.log(`feature ${name} differs: ${outcome.problem}`);
  }
  return { found, missing: Object.keys(FEATURES).filter((name) => !found.has(name)) };
}
