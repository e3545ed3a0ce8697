import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ts } from "ts-morph";
import { afterAll, expect, test } from "vitest";
import { readProject } from "../../compiler/1-read/readProject.ts";

const outer = ts.sys.realpath?.(mkdtempSync(join(tmpdir(), "durablec-nested-"))) ?? "";
afterAll(() => rmSync(outer, { recursive: true, force: true }));

test("a project that lies below a node_modules folder is a project, and what lies below its own is not", () => {
  const root = join(outer, "node_modules", "app");
  const source = `export async function main(): Promise<void> { "use durable"; }`;
  mkdirSync(join(root, "node_modules", "other"), { recursive: true });
  writeFileSync(join(root, "main.ts"), source);
  writeFileSync(join(root, "node_modules", "other", "index.ts"), source);
  const rootNames = [join(root, "main.ts"), join(root, "node_modules", "other", "index.ts")];
  const program = ts.createProgram({ rootNames, options: { noLib: true, types: [] } });
  const { modules } = readProject({ kind: "program", program, root });
  expect(modules.flatMap(({ functions }) => functions.map(({ id }) => id))).toEqual(["main.ts#main"]);
});
