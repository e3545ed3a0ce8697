import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { build } from "../../compiler/build.ts";

/** Inside the repository, so that the output finds the runtime. */
const CACHE = join(import.meta.dirname, "../../.cache");

const DURABLE = `
import { open, step } from "@durablec/runtime";
import { Order, later } from "./service.js";
export { Order } from "./service.js";
export class Refused extends Error {}
export async function go(order: Order): Promise<number> {
  "use durable";
  const first = await later(order.count);
  try {
    await step("refuse", () => { throw new Refused("no"); }, { retry: { maxAttempts: 1 } });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  return first + (await step("count", () => order.count));
}
export async function main(): Promise<void> {
  const engine = await open({ store: "memory:", functions: [go] });
  const { id } = await engine.start(go, { count: 21 });
  console.log(await engine.result(id));
  await engine.close();
}
`;
const SERVICE = `
export interface Order { readonly count: number }
export async function later(count: number): Promise<number> { return count; }
`;

it.each([
  ["ES modules", "module", 'import("./dist/durable.js").then(({ main }) => main())'],
  ["CommonJS", "commonjs", 'require("./dist/durable.js").main()'],
])("a project of %s runs, with a type exported again under its plain name", (_name, type, run) => {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "modules-"));
  try {
    mkdirSync(join(folder, "src"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type }));
    const compilerOptions = {
      target: "ES2023",
      module: "NodeNext",
      strict: true,
      skipLibCheck: true,
      rootDir: "src",
      types: ["node"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
    writeFileSync(join(folder, "src/durable.ts"), DURABLE);
    writeFileSync(join(folder, "src/service.ts"), SERVICE);
    const built = build({ tsconfig: join(folder, "tsconfig.json"), outDir: join(folder, "dist") });
    expect([built.typeErrors, built.findings]).toEqual([[], []]);
    const printed = execFileSync(process.execPath, ["-e", run], { cwd: folder, encoding: "utf8" });
    expect(printed.trim()).toBe("42");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
