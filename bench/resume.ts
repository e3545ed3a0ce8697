/**
 * (c) From opening the store to the next step's body, after so many completed steps. The execution waits for a
 * callback; the callback is settled, then a new engine opens the file and brings the execution back.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { DurableFunction, Engine } from "@durablec/runtime";
import { median, table } from "./measure.ts";

export async function benchResume(
  fn: DurableFunction<number>,
  counts: readonly number[],
  rounds: number,
): Promise<void> {
  const rows = [["completed steps", "resume ms", "snapshot bytes", "tail events", "ratio to first"]];
  let first = 0;
  for (const count of counts) {
    const folder = mkdtempSync(join(import.meta.dirname, "dist-"));
    try {
      const store = join(folder, "resume.db");
      const { ms, report } = await measure(fn, { store, count, rounds });
      first ||= ms;
      rows.push([
        String(count),
        ms.toFixed(2),
        String(report?.snapshotBytes),
        String(report?.tailEvents),
        (ms / first).toFixed(2),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  console.log(`(c) resume, ${rounds} rounds`);
  console.log(table(rows));
}

async function measure(
  fn: DurableFunction<number>,
  { store, count, rounds }: { readonly store: string; readonly count: number; readonly rounds: number },
) {
  const ids = Array.from({ length: rounds }, (_, round) => `run-${round}`);
  const engine = await open({ store, functions: [fn] });
  const callbacks: string[] = [];
  for (const id of ids) {
    await engine.start(fn, count, { id });
    callbacks.push(await callbackOf(engine, id, count));
  }
  await engine.close();
  const times: number[] = [];
  let report = null;
  for (const [round, id] of ids.entries()) {
    const client = await open({ store, functions: [fn], worker: false });
    await client.callbacks.succeed(callbacks[round] as string, 1);
    await client.close();
    const start = performance.now();
    const resumed = await open({ store, functions: [fn] });
    await resumed.result(id);
    times.push(performance.now() - start);
    report = resumed.resumeReport(id);
    await resumed.close();
  }
  return { ms: median(times), report };
}

/** Waits until the execution has opened its callback. */
async function callbackOf(engine: Engine, id: string, count: number): Promise<string> {
  for (;;) {
    const view = await engine.get(id);
    // Started, a step each, callback started.
    if (view !== null && view.events >= count + 2) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const history = await engine.history(id);
  return history.find((event) => event.kind === "CallbackStarted")?.callback as string;
}
