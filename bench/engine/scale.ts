/**
 * (e) Many executions asleep: what they cost while they sleep, when a process starts, and when ten thousand wake at the
 * same moment. SQLite, one process; `node --expose-gc` makes the memory exact.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { open } from "@durablec/runtime";
import type { DurableFunction, Engine } from "@durablec/runtime";
import { table, timed } from "../measure.ts";
import { inLanes } from "./ours.ts";

const DAY_MS = 86_400_000;
const IN_ORDER = 1_000;

export interface Scale {
  readonly asleep: number;
  readonly woken: number;
}

export async function benchScale(sleeper: DurableFunction<number>, { asleep, woken }: Scale): Promise<void> {
  const folder = mkdtempSync(join(import.meta.dirname, "..", "dist-"));
  const store = join(folder, "scale.db");
  const opened = (): Promise<Engine> => open({ store, functions: [sleeper] });
  try {
    const empty = await timeToOpen(opened);
    let engine = await opened();
    const before = heapBytes();
    const startMs = await timed(() => startAll(engine, sleeper, { count: asleep, wakeIn: () => DAY_MS }));
    await until(() => engine.executionsInMemory === 0);
    const heap = heapBytes() - before;
    await engine.close();
    const full = await timeToOpen(opened);
    engine = await opened();
    const order = await wakeInOrder(engine, sleeper);
    const together = await wakeTogether(engine, sleeper, woken);
    await engine.close();
    console.log(`(e) ${asleep} executions asleep, ${woken} woken at the same moment`);
    console.log(
      table([
        [`to put ${asleep} to sleep, each on the disk`, `${startMs.toFixed(0)} ms`],
        ["memory for each of them", `${(heap / asleep).toFixed(1)} bytes`],
        ["opening the store: empty", `${empty.toFixed(1)} ms`],
        ["opening the store: with all of them", `${full.toFixed(1)} ms`],
        [`${IN_ORDER} that wake one after the other: the latest`, `${order.lateMs.toFixed(0)} ms late`],
        [`${IN_ORDER} that wake one after the other: out of order`, String(order.outOfOrder)],
        [`${woken} at the same moment: all ended after`, `${together.ms.toFixed(0)} ms`],
        [`${woken} at the same moment: longest stall of the event loop`, `${together.stallMs.toFixed(0)} ms`],
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function timeToOpen(opened: () => Promise<Engine>): Promise<number> {
  const start = performance.now();
  const engine = await opened();
  const ms = performance.now() - start;
  await engine.close();
  return ms;
}

interface Sleepers {
  readonly count: number;
  wakeIn(index: number): number;
}

async function startAll(
  engine: Engine,
  sleeper: DurableFunction<number>,
  { count, wakeIn }: Sleepers,
): Promise<string[]> {
  const ids: string[] = [];
  let index = 0;
  await inLanes(500, count, async () => {
    const i = index++;
    ids[i] = (await engine.start(sleeper, wakeIn(i))).id;
  });
  return ids;
}

/** Each wakes 2 ms after the one before; the first only when all of them have left memory. */
async function wakeInOrder(engine: Engine, sleeper: DurableFunction<number>) {
  const ids = await startAll(engine, sleeper, { count: IN_ORDER, wakeIn: (i) => 4_000 + 2 * i });
  await Promise.all(ids.map((id) => engine.result(id)));
  let lateMs = 0;
  const ends: { readonly due: number; readonly at: number }[] = [];
  for (const id of ids) {
    const history = await engine.history(id);
    const due = history.find((event) => event.kind === "WaitStarted")?.until ?? NaN;
    const at = history.find((event) => event.kind === "WaitSucceeded")?.time ?? NaN;
    lateMs = Math.max(lateMs, at - due);
    ends.push({ due, at });
  }
  ends.sort((a, b) => a.due - b.due);
  const outOfOrder = ends.filter(({ at }, i) => at < (ends[i - 1]?.at ?? 0)).length;
  return { lateMs, outOfOrder };
}

async function wakeTogether(engine: Engine, sleeper: DurableFunction<number>, woken: number) {
  // Starting them takes a while: all are asleep by then.
  const at = Date.now() + 4_000 + woken / 2;
  const ids = await startAll(engine, sleeper, { count: woken, wakeIn: () => at - Date.now() });
  await until(() => engine.executionsInMemory === 0 || Date.now() > at - 500);
  const results = Promise.all(ids.map((id) => engine.result(id)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await results;
  delay.disable();
  return { ms: Date.now() - at, stallMs: delay.max / 1e6 };
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
