/** Runs the quickstart's function through as many lives as a plan of kills gives it, and holds the promises against it. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { open, type HistoryEvent } from "@durablec/runtime";
import { readLedger, type LedgerLine } from "../../fixtures/quickstart/src/ledger.ts";

const order = {
  id: "order-7",
  customer: "Ada",
  lines: [
    { article: "lamp", warehouse: "north", cents: 4900 },
    { article: "desk", warehouse: "south", cents: 18900 },
  ],
  coolingOffMs: 30,
};

/** How many different pieces of work each service has to do for this order. */
const workOf: Readonly<Record<string, number>> = { reserve: 1, charge: 1, ship: 2, sendReceipt: 1 };
const livesMax = 200;

/** `killOf(1)` is how the first life ends: `never`, `before:3`, `after:3`. */
export type Plan = (life: number) => string;

export interface Lived {
  readonly lives: number;
  /** What was promised and did not hold. */
  readonly broken: readonly string[];
}

/** `module`: the built `fulfil.js`. `server`: the address of a PostgreSQL store; without it, a file is made. */
export async function live(module: string, plan: Plan, server?: string): Promise<Lived> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-kill-"));
  try {
    return await liveIn({ folder, store: server ?? join(folder, "durable.db") }, module, plan);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly store: string;
}

async function liveIn({ folder, store }: Place, module: string, plan: Plan): Promise<Lived> {
  mkdirSync(folder, { recursive: true });
  const [ledger, orderPath] = ["ledger.jsonl", "order.json"].map((name) => join(folder, name));
  if (!ledger || !orderPath) throw new Error("two paths");
  writeFileSync(orderPath, JSON.stringify(order));
  const broken: string[] = [];
  for (let lives = 1; lives <= livesMax; lives++) {
    const before = readLedger(ledger).length;
    const done = lives === 1 ? [] : await readFinished(store);
    const printed = await liveOnce([store, orderPath, module, plan(lives)], ledger);
    if (printed === "hung")
      return { lives, broken: [...broken, `life ${lives} did not get on for ${lifeMaxMs / 1_000} s`] };
    broken.push(
      ...findRepeats(done, readLedger(ledger).slice(before)).map((text) => `life ${lives}: ${text}`),
    );
    if (printed !== null) return { lives, broken: [...broken, ...findWrongEnd(printed, readLedger(ledger))] };
  }
  return { lives: livesMax, broken: [`not finished after ${livesMax} lives`] };
}

const lifeProgram = join(import.meta.dirname, "life.ts");

/** A life takes less than a second; the execution waits for nothing longer than its retries. */
const lifeMaxMs = 15_000;

/** What a life printed when it came to its end, or null when it killed itself. */
async function liveOnce(args: readonly string[], ledger: string): Promise<string | "hung" | null> {
  const env = { ...process.env, LEDGER: ledger, LEDGER_PACE_MS: "0" };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [lifeProgram, ...args], {
      env,
      timeout: lifeMaxMs,
    });
    return stdout;
  } catch (error) {
    const { signal } = error as { readonly signal?: string };
    if (signal === "SIGKILL") return null;
    if (signal === "SIGTERM") return "hung";
    throw error;
  }
}

async function readFinished(store: string): Promise<readonly HistoryEvent[]> {
  const client = await open({ store, functions: [], worker: false });
  try {
    if ((await client.get(order.id)) === null) return [];
    return (await client.history(order.id)).filter(({ kind }) => kind === "StepSucceeded");
  } finally {
    await client.close();
  }
}

/** Work whose result was recorded before this life began, and that began again in it. */
function findRepeats(finished: readonly HistoryEvent[], ledger: readonly LedgerLine[]): string[] {
  return Object.entries(workOf).flatMap(([service, total]) => {
    const recorded = finished.filter(({ name }) => name === service).length;
    const begun = new Set(
      ledger.filter((line) => line.service === service && line.what === "began").map((l) => l.about),
    );
    return begun.size <= total - recorded
      ? []
      : [`${service}: ${recorded} of ${total} were recorded, and yet ${[...begun].join(", ")} began`];
  });
}

/** The same end, whatever happened on the way. */
function findWrongEnd(printed: string, ledger: readonly LedgerLine[]): string[] {
  const receipt = JSON.parse(printed) as {
    readonly order: string;
    readonly payment: string;
    readonly parcels: string[];
  };
  const expected = { order: "order-7", parcels: ["parcel for Ada: lamp", "parcel for Ada: desk"] };
  const isSame =
    JSON.stringify({ order: receipt.order, parcels: receipt.parcels }) === JSON.stringify(expected);
  const services = new Set(ledger.filter(({ what }) => what === "finished").map(({ service }) => service));
  return [
    ...(isSame && /^payment-\w+$/.test(receipt.payment) ? [] : [`another end: ${printed}`]),
    ...[...Object.keys(workOf), "askManager"]
      .filter((name) => !services.has(name))
      .map((name) => `${name} never finished`),
    ...(services.has("refund") ? ["refund ran"] : []),
  ];
}
