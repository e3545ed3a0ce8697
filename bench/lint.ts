/**
 * What linting costs, as ratios to TypeScript's own work on the same files in the same run.
 *
 * - *warm edit*: a file of 1,000 lines of durable code is edited in an editor; findings of it by the language server's
 *   workspace, against the semantic diagnostics of it by TypeScript's language service. Both make a new program.
 * - *cold*: a project of 300 files, `durablec lint --no-cache` and again from the cache, against `tsc --noEmit`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openProject } from "../integrations/live/liveProject.ts";
import { createWorkspace } from "../integrations/live/workspace.ts";
import { race, table, timed } from "./measure.ts";

const ROOT = join(import.meta.dirname, "..");
const MAIN = join(ROOT, "dist/cli/main.js");
const TSC = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");

export async function benchLint(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-bench-lint-"));
  try {
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const edit = await raceEdits(join(folder, "edit"), 15);
    const cold = await raceCold(join(folder, "cold"), 3);
    const ratio = (ours: number, theirs: number): string => (ours / theirs).toFixed(2);
    console.log(
      table([
        ["lint", "durablec ms", "TypeScript ms", "ratio", "aim"],
        [
          "warm edit, 1,000 lines",
          edit.ours.toFixed(0),
          edit.theirs.toFixed(0),
          ratio(edit.ours, edit.theirs),
          "1",
        ],
        ["cold, 300 files", cold.lint.toFixed(0), cold.tsc.toFixed(0), ratio(cold.lint, cold.tsc), "1.5"],
        [
          "from the cache, 300 files",
          cold.cached.toFixed(0),
          cold.tsc.toFixed(0),
          ratio(cold.cached, cold.tsc),
          "",
        ],
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function raceEdits(folder: string, rounds: number): Promise<{ ours: number; theirs: number }> {
  writeProject(folder, 10);
  const file = join(folder, "src/big.ts");
  const text = toModule("big", 80);
  writeFileSync(file, text);
  const state = { edits: 0 };
  const edited = (): string => text.replace("total = 0", `total = ${state.edits++}`);
  const workspace = createWorkspace();
  const open = { text, version: "0" };
  const project = openProject({
    tsconfig: join(folder, "tsconfig.json"),
    openText: (path) => (path === file ? open : undefined),
  });
  return race(
    {
      ours: () =>
        timed(() => {
          workspace.setText(file, edited());
          workspace.findings(file);
        }),
      theirs: () =>
        timed(() => {
          open.text = edited();
          open.version = String(state.edits);
          const program = project.program();
          program.getSemanticDiagnostics(program.getSourceFile(file));
        }),
    },
    rounds,
  );
}

function raceCold(folder: string, rounds: number): Promise<Record<"lint" | "tsc" | "cached", number>> {
  writeProject(folder, 300);
  const run = (...argv: readonly string[]): Promise<number> =>
    timed(() => {
      const { status, stdout } = spawnSync(process.execPath, [...argv], { cwd: folder, encoding: "utf8" });
      if (status !== 0) throw new Error(`${argv.join(" ")}: ${stdout}`);
    });
  return race(
    {
      tsc: () => run(TSC, "--noEmit", "-p", "."),
      lint: () => run(MAIN, "lint", "--no-cache"),
      cached: () => run(MAIN, "lint"),
    },
    rounds,
  );
}

function writeProject(folder: string, count: number): void {
  mkdirSync(join(folder, "src"), { recursive: true });
  const compilerOptions = {
    target: "ES2023",
    module: "NodeNext",
    strict: true,
    skipLibCheck: true,
    types: ["node"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  writeFileSync(join(folder, "src/services.ts"), SERVICES);
  // One file in three is durable code; the others are what it calls.
  for (let index = 0; index < count - 1; index++)
    writeFileSync(
      join(folder, `src/m${index}.ts`),
      index % 3 === 0 ? toModule(`m${index}`, 4) : toOrdinary(`m${index}`),
    );
}

const SERVICES = `export interface Order { readonly id: string; readonly lines: readonly { readonly cents: number }[] }
export async function reserve(order: Order): Promise<{ readonly north: string[] }> { return { north: [order.id] }; }
export async function charge(order: Order, cents: number): Promise<{ readonly number: string }> {
  return { number: \`\${order.id}-\${cents}\` };
}
export function toTotal(order: Order): number { return order.lines.reduce((sum, { cents }) => sum + cents, 0); }
`;

/** A durable function has 12 lines. */
function toModule(name: string, functions: number): string {
  const all = Array.from(
    { length: functions },
    (_, index) => `
export async function ${name}_${index}(order: Order): Promise<string> {
  "use durable";
  let total = 0;
  const stock = await reserve(order);
  for (const line of order.lines) {
    const payment = await step("charge", () => charge(order, line.cents));
    if (payment.number.length > 3) total += line.cents;
  }
  await wait({ hours: 1 });
  return \`\${stock.north.join()} \${total + toTotal(order)}\`;
}
`,
  );
  return `import { step, wait } from "@durablec/runtime";
import { charge, reserve, toTotal, type Order } from "./services.js";
${all.join("")}`;
}

function toOrdinary(name: string): string {
  const all = Array.from(
    { length: 6 },
    (_, index) => `
export function ${name}_${index}(orders: readonly Order[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const order of orders) totals.set(order.id, (totals.get(order.id) ?? 0) + toTotal(order));
  return new Map([...totals].filter(([, cents]) => cents > ${index}).map(([id, cents]) => [id.trim(), cents * 2]));
}
`,
  );
  return `import { toTotal, type Order } from "./services.js";\n${all.join("")}`;
}
