/** What is kept from edit to edit must never show: a checker that has seen all of them says what a new one says. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ts } from "ts-morph";
import { afterAll, describe, expect, test } from "vitest";
import { createFileChecker } from "../../compiler/fileChecker.ts";
import { openProject } from "../../integrations/live/liveProject.ts";

const ROOT = join(import.meta.dirname, "../..");
const root = ts.sys.realpath?.(mkdtempSync(join(tmpdir(), "durablec-warm-"))) ?? "";
const file = join(root, "main.ts");
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Statements that mean something to each other, in variants that change what is found in others. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  type: [
    "type Order = { id: string };",
    "type Order = { id: string; seen: WeakSet<object> };",
    "interface Order { id: string; at(): number }",
  ],
  clock: [
    "function clock(): number { return Date.now(); }",
    "function clock(): number { return 5; }",
    "const clock = () => Math.random();",
    "",
  ],
  stamp: ["function stamp() { return clock(); }", "// Nothing here.\n\nfunction stamp() { return 1; }"],
  count: ["let count = 0;", "const count = 0;"],
  change: ["function change() { return clock(); }", "function change() { count++; }", "count++;"],
  make: [
    "function make(id: string): Order { return { id } as Order; }",
    "class Box { #x = 1; }\nfunction make(id: string) { return { id, box: new Box() }; }",
  ],
  a: [
    'export async function a(id: string) { "use durable"; const at = stamp(); await wait("1h"); return at; }',
    'export async function a(id: string) {\n  "use durable";\n  // durablec-ignore DC201: shown only\n  const at = stamp();\n  await wait("1h");\n  return at;\n}',
    "export async function a(id: string) { return id; }",
    'export async function b(id: string) { "use durable"; return id; }',
  ],
  b: [
    'export async function b(id: string) { "use durable"; const order = make(id); await wait("1h"); return order; }',
    'export async function b(order: Order) {\n  "use durable";\n  await wait("1h");\n\n  return [order, count];\n}',
  ],
  c: [
    'export async function c() { "use durable"; wait("1h"); return count + Date.now(); }',
    'export async function c() { "use durabel"; return await b({} as never); }',
    'export async function c() { "use durable"; const it = [1].values(); await a("x"); return it.next(); }',
  ],
  d: ["export const plain = async () => { await a('x'); };", ""],
};
const HEAD = 'import { wait } from "@durablec/runtime";';

/** A small generator of numbers, so that a failure can be had again. */
function toRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("findings after an edit", () => {
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(root, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ES2023",
        lib: ["ES2023"],
        module: "NodeNext",
        strict: true,
        skipLibCheck: true,
        types: [],
      },
      include: ["*.ts"],
    }),
  );
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  writeFileSync(file, "");
  const open = { text: "", version: "0" };
  const project = openProject({
    tsconfig: join(root, "tsconfig.json"),
    openText: (path) => (path === file ? open : undefined),
  });
  const at = (text: string) => {
    open.text = text;
    open.version = String(Number(open.version) + 1);
    const program = project.program();
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error("the file is not in the project");
    return { program, root, file: source };
  };

  test.each([1, 2])("are those of a file that is read for the first time (seed %i)", (seed) => {
    const random = toRandom(seed);
    const warm = createFileChecker();
    const chosen = new Map(Object.keys(PARTS).map((part) => [part, 0]));
    const codes = new Set<string>();
    for (let edit = 0; edit < 40; edit++) {
      const parts = Object.entries(PARTS);
      const [part, variants] = parts[random(parts.length)] ?? ["type", []];
      chosen.set(part, random(variants.length));
      const blank = "\n".repeat(random(3));
      const text = [HEAD, ...parts.map(([name, all]) => all[chosen.get(name) ?? 0])].join(`\n${blank}`);
      const place = at(text);
      const cold = createFileChecker().findings(place);
      expect(warm.findings(place), text).toEqual(cold);
      for (const { code } of cold) codes.add(code);
    }
    // Otherwise the edits would prove nothing.
    expect(codes.size).toBeGreaterThan(5);
  });

  test("keep what an edit does not concern: only the edited function is asked again", () => {
    const functions = Array.from(
      { length: 30 },
      (_, index) =>
        `export async function f${index}() { "use durable"; await wait("1h"); return Date.now(); }`,
    );
    const warm = createFileChecker();
    const before = warm.findings(at([HEAD, ...functions].join("\n")));
    functions[3] = functions[3]?.replace("Date.now()", "0") ?? "";
    const after = warm.findings(at([HEAD, ...functions].join("\n")));
    expect(before).toHaveLength(30);
    expect(after).toHaveLength(29);
    expect(after.map(({ message }) => message)).toEqual(before.slice(1).map(({ message }) => message));
  });
});
