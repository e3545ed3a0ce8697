import { describe, expect, test } from "vitest";
import { toMachines, transformText } from "../../compiler/index.ts";
import type { Block, Machine, Variable } from "../../compiler/ir.ts";
import { assertMachine } from "../../compiler/3-lower/assertMachine.ts";
import { readText } from "../../compiler/1-read/readText.ts";

function lower(body: string): Machine {
  const source = `import { f } from "./f.js";\nexport async function main(p: number) {\n"use durable";\n${body}\n}`;
  const [module] = readText(source, "src/main.ts").program.modules;
  if (module === undefined) throw new Error("no module");
  const { machines, diagnostics } = toMachines(module, { verify: true });
  const [machine] = machines;
  if (machine === undefined) throw new Error(diagnostics.map(({ message }) => message).join());
  return machine;
}

function liveAt(body: string): readonly (readonly string[])[] {
  return lower(body).checkpoints.map(({ live }) => live.map(({ name }) => name));
}

describe("liveness", () => {
  test("keeps what is read later, and nothing else", () => {
    expect(liveAt("const a = await f(); const b = await f(a); await f(); return b;")).toEqual([
      [],
      [],
      ["b"],
    ]);
  });

  test("keeps a parameter only as long as it is needed", () => {
    expect(liveAt("await f(); await f(p); await f();")).toEqual([["p"], [], []]);
  });

  test("follows a loop back to its head", () => {
    expect(liveAt("for (let i = 0; i < p; i++) await f();")).toEqual([["p", "i"]]);
  });

  test("keeps what only the handler reads, because an await can settle with a throw", () => {
    expect(liveAt("let a = 1; try { await f(); a = 2; } catch { return a; }")).toEqual([["a"]]);
  });

  test("keeps what a finally reads through a pending return", () => {
    const [, inFinally] = liveAt("let a = 1; try { return await f(); } finally { await f(); await f(a); }");
    expect(inFinally).toEqual(["a", "$then1", "$with1"]);
  });

  test("ends a variable's life at a sure assignment, not at one that may not happen", () => {
    expect(liveAt("let a = 1; await f(); a = 2; await f(a);")).toEqual([[], []]);
    expect(liveAt("let a = 1; await f(); if (p) { a = 2; } await f(a);")).toEqual([["p", "a"], []]);
  });

  test("keeps the box of a captured variable while a closure may use it", () => {
    expect(liveAt("let a = 1; const up = () => a++; await f(); up(); await f(); return a;")).toEqual([
      ["a", "up"],
      ["a"],
    ]);
  });

  test("keeps operands that were evaluated before the await", () => {
    expect(liveAt("let a = 1; return a + (await f()) + a++;")).toEqual([["a", "$1"]]);
  });
});

const local: Variable = { name: "x", declaration: null, origin: null, kind: "local", boxed: false };
const temporary: Variable = { ...local, name: "$1", kind: "temporary" };

function block(id: number, rest: Partial<Block> = {}): Block {
  return { id, body: [], end: { kind: "return", value: null }, handler: null, ...rest };
}

describe("the verifier", () => {
  const good = lower("const a = await f(p); return a;");
  const withBlocks = (blocks: readonly Block[], more: Partial<Machine> = {}): Machine => ({
    ...good,
    blocks,
    ...more,
  });
  const rejects = (machine: Machine, message: RegExp): void =>
    expect(() => assertMachine(machine)).toThrow(message);

  test("accepts what lowering makes", () => {
    expect(() => assertMachine(good, "liveness")).not.toThrow();
  });

  test("rejects an edge to a block that is not there", () => {
    rejects(withBlocks([block(0, { end: { kind: "goto", to: 7 } })]), /leads to no block, 7/);
  });

  test("rejects two blocks of one number", () => {
    rejects(withBlocks([block(0), block(0)]), /two blocks have one number/);
  });

  test("rejects a way back to the entry", () => {
    rejects(
      withBlocks([block(0, { end: { kind: "goto", to: 1 } }), block(1, { end: { kind: "goto", to: 0 } })]),
      /back to the entry/,
    );
  });

  test("rejects a handler that is not there", () => {
    const handler = { to: 9, error: temporary };
    rejects(withBlocks([block(0, { handler })], { variables: [temporary] }), /leads to no block, 9/);
  });

  test("rejects a resume block that is entered by a goto", () => {
    const awaits = good.blocks.find(({ end }) => end.kind === "await");
    if (awaits?.end.kind !== "await") throw new Error("no await");
    const extra = block(99, { end: { kind: "goto", to: awaits.end.resume } });
    const entry = block(98, { end: { kind: "branch", test: [], yes: awaits.id, no: 99 } });
    rejects(withBlocks([...good.blocks, extra, entry], { entry: 98 }), /without its await/);
  });

  test("rejects a variable that is not the machine's", () => {
    const code = [{ kind: "read", variable: local, at: 0 }] as const;
    rejects(withBlocks([block(0, { body: [{ code, assigns: [] }] })]), /x is no variable/);
  });

  test("rejects a local that may be read before it has a value", () => {
    const code = [{ kind: "read", variable: local, at: 0 }] as const;
    const blocks = [block(0, { body: [{ code, assigns: [] }] })];
    rejects(withBlocks(blocks, { variables: [local] }), /x may be read before it has a value/);
  });

  test("rejects a temporary that one way leaves unassigned", () => {
    const read = [{ kind: "read", variable: temporary, at: 0 }] as const;
    const parameter: Variable = { ...temporary, kind: "parameter" };
    const blocks = (variable: Variable): Block[] => [
      block(0, { end: { kind: "branch", test: [], yes: 1, no: 2 } }),
      block(1, { body: [{ code: [], assigns: [variable] }], end: { kind: "goto", to: 2 } }),
      block(2, { body: [{ code: read.map((piece) => ({ ...piece, variable })), assigns: [] }] }),
    ];
    rejects(withBlocks(blocks(temporary), { variables: [temporary] }), /\$1 may be read/);
    expect(() => assertMachine(withBlocks(blocks(parameter), { variables: [parameter] }))).not.toThrow();
  });

  test("rejects an await at a number that no checkpoint has", () => {
    const end = { kind: "await", value: [], checkpoint: 5, resume: 1, result: null } as const;
    rejects(withBlocks([block(0, { end }), block(1)]), /5 is no checkpoint that awaits/);
  });

  test("rejects a live set that is not what is live", () => {
    const wrong = {
      ...good,
      checkpoints: good.checkpoints.map((found) => ({ ...found, live: good.variables })),
    };
    expect(() => assertMachine(wrong, "liveness")).toThrow(/keeps other variables than are live/);
  });
});

describe("a function's hash", () => {
  const hashOf = (source: string): string | undefined =>
    transformText(`import { f } from "./f.js";\n${source}`).functions[0]?.hash;
  const base =
    'export async function main(p: number) { "use durable"; const a = await f(p); return () => a; }';

  test("does not change with layout, comments, types and position", () => {
    const moved = `// moved\n\n\nexport async function main(p) {\n  "use durable";\n  // why\n  const a: number = await f(p);\n  return () => a;\n}`;
    expect(hashOf(moved)).toBe(hashOf(base));
  });

  test("changes with the code, also of a closure", () => {
    expect(hashOf(base.replace("f(p)", "f(p, 1)"))).not.toBe(hashOf(base));
    expect(hashOf(base.replace("() => a", "() => a + 1"))).not.toBe(hashOf(base));
  });

  test("is 16 hexadecimal digits", () => {
    expect(hashOf(base)).toMatch(/^[0-9a-f]{16}$/);
  });
});

test("a generator has a machine where its object may be alive at a checkpoint, and else stays native", () => {
  const withMachine = (uses: string): boolean =>
    lower(`function* g() { yield p; } ${uses} await f();`).closures.some(({ machine }) => machine !== null);
  expect(withMachine("const it = g(); await f(it); it.next();")).toBe(true);
  expect(withMachine("for (const x of g()) await f(x);")).toBe(true);
  expect(withMachine("await f(g);")).toBe(true);
  expect(
    withMachine("f([...g()], new Set(g()), g().map(String).toArray()); for (const x of g()) p += x;"),
  ).toBe(false);
});
