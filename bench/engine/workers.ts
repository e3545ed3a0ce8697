/**
 * (g) The same executions on one PostgreSQL, run by one, two and four worker processes. They are recorded by a client before
 * a worker is there, so that only running them is measured, from the first worker's start on.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { DurableFunction } from "@durablec/runtime";
import { startPostgres } from "../../test/support/postgresServer.ts";
import { median, table } from "../measure.ts";
import { inLanes } from "./ours.ts";

const EXECUTIONS = 2_000;
const STEPS = 10;
const WORKERS = [1, 2, 4];

export async function benchWorkers(steps: DurableFunction<number>, rounds: number): Promise<void> {
  const server = await startPostgres({ isDurable: true });
  try {
    const rates = WORKERS.map(() => [] as number[]);
    for (let round = 0; round < rounds; round++) {
      for (const [index, workers] of WORKERS.entries()) {
        const store = `${server.url}?schema=workers${round}_${workers}`;
        rates[index]?.push((1_000 * EXECUTIONS * STEPS) / (await measure(store, steps, workers)));
      }
    }
    console.log(
      `(g) ${EXECUTIONS} executions of ${STEPS} steps on one PostgreSQL, medians of ${rounds} rounds`,
    );
    console.log(
      table([
        ["worker processes", "steps/s"],
        ...WORKERS.map((workers, i) => [String(workers), median(rates[i] ?? []).toFixed(0)]),
      ]),
    );
  } finally {
    await server.stop();
  }
}

/** Milliseconds until all have ended. */
async function measure(store: string, steps: DurableFunction<number>, workers: number): Promise<number> {
  const client = await open({ store, functions: [steps], worker: false });
  const ids: string[] = [];
  await inLanes(100, EXECUTIONS, async () => void ids.push((await client.start(steps, STEPS)).id));
  const processes = Array.from({ length: workers }, () =>
    spawn(process.execPath, [join(import.meta.dirname, "workerProcess.ts"), store], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  await Promise.all(processes.map(({ stdout }) => once(stdout, "data")));
  const start = performance.now();
  for (const { stdin } of processes) stdin.write("go\n");
  await Promise.all(ids.map((id) => client.result(id)));
  const ms = performance.now() - start;
  for (const one of processes) {
    one.stdin.end();
    await once(one, "exit");
  }
  await client.close();
  return ms;
}
