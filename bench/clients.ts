/**
 * `node bench/clients.ts`: clients apart from their worker, which is another process. What a one-step execution takes from
 * `start` to its result; what a thousand results cost that are waited for and do not come; what counting a store costs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { Engine } from "@durablec/runtime";
import { startPostgres } from "../test/support/postgresServer.ts";
import { startCli } from "../test/support/cliProcess.ts";
import { transformFixture } from "../test/support/transformFixture.ts";
import { table } from "./measure.ts";

const SOURCE = "fixtures/front/functions.ts";
const EXECUTIONS = 300;
const WAITING = 1_000;
const IDLE_MS = 3_000;
const TOKEN = "a-token-of-the-benchmark";

const module = transformFixture(SOURCE);
const folder = mkdtempSync(join(import.meta.dirname, "dist-"));
const server = await startPostgres({ isDurable: true });
const stores = { SQLite: join(folder, "clients.db"), PostgreSQL: server.url };
const rows = [
  ["", "start to result p50", "p99", "over HTTP p50", "p99", "CPU, 1,000 results waited for", "by polling"],
];
try {
  for (const [name, store] of Object.entries(stores)) rows.push([name, ...(await measure(store))]);
  console.log(`${EXECUTIONS} one-step executions, one after the other; the worker is another process`);
  console.log(table(rows));
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}

async function measure(store: string): Promise<readonly string[]> {
  const client = await open({ store, functions: [], worker: false });
  const worker = startCli(["worker", "--store", store, module]);
  const front = startCli(["serve", "--port", "0", "--store", store], { DURABLEC_TOKEN: TOKEN });
  try {
    await worker.said(/worker \d+ runs/);
    const [, url = ""] = await front.said(/serving .* on (http:\S+);/);
    const direct = await times(async () => {
      const { id } = await client.start(`${SOURCE}#double`, 1);
      await client.result(id);
    });
    const http = await times(() => overHttp(url));
    const ids = await Promise.all(
      Array.from({ length: WAITING }, async () => (await client.start(`${SOURCE}#mailbox`, 1)).id),
    );
    const waited = Promise.allSettled(ids.map((id) => client.result(id)));
    // Until they wait, and the worker is done with them.
    await pause(IDLE_MS);
    const idle = await cpuShare(() => pause(IDLE_MS));
    const polled = await cpuShare(() => poll(client, ids));
    await client.close();
    await waited;
    return [ms(direct, 0.5), ms(direct, 0.99), ms(http, 0.5), ms(http, 0.99), idle, polled];
  } finally {
    await client.close();
    await worker.end();
    await front.end();
  }
}

async function overHttp(url: string): Promise<void> {
  const answer = await fetch(`${url}/v1/executions?wait=30s`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ function: `${SOURCE}#double`, input: 1 }),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  await answer.text();
}

/** What it would cost to ask for each of them, twenty times a second. */
async function poll(client: Engine, ids: readonly string[]): Promise<void> {
  for (const end = Date.now() + IDLE_MS; Date.now() < end;) {
    await Promise.all(ids.map((id) => client.get(id)));
    await pause(50);
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

async function times(work: () => Promise<void>): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let i = -20; i < EXECUTIONS; i++) {
    const began = performance.now();
    await work();
    if (i >= 0) taken.push(performance.now() - began);
  }
  return taken.sort((a, b) => a - b);
}

function ms(sorted: readonly number[], part: number): string {
  return `${(sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(1)} ms`;
}

async function cpuShare(work: () => Promise<unknown>): Promise<string> {
  const before = process.cpuUsage();
  const began = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  return `${((user + system) / 10 / (performance.now() - began)).toFixed(1)} %`;
}
