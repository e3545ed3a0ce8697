/**
 * (f) What durability costs on the disk, and what a crash costs: bytes written for each step, the same beside a large live
 * value, a loop that never ends with a trimmed history, and from a SIGKILL to the next step.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { open, openSqliteStore } from "@durablec/runtime";
import type { DurableFunction, Store } from "@durablec/runtime";
import { median, table, timed } from "../measure.ts";

export interface Costly {
  readonly steps: DurableFunction<number>;
  readonly besideLarge: DurableFunction<number>;
}

const STEPS = 2_000;
const BESIDE_LARGE = 640;
const CRASHES = 5;

/** `loops`: iterations of the loop that never ends. */
export async function benchCosts({ steps, besideLarge }: Costly, loops: number): Promise<void> {
  const folder = mkdtempSync(join(import.meta.dirname, "..", "dist-"));
  const file = (name: string): string => join(folder, `${name}.db`);
  try {
    const small = await run(file("small"), steps, { input: STEPS });
    const large = await run(file("large"), besideLarge, { input: BESIDE_LARGE });
    const long = await run(file("long"), steps, { input: loops, keepEvents: 1_000 });
    const size = statSync(file("long")).size;
    const crashes: number[] = [];
    for (let i = 0; i < CRASHES; i++) crashes.push(await crash(file(`crash-${i}`), steps));
    console.log("(f) what it costs, SQLite");
    console.log(
      table([
        [`${STEPS} small steps: journal and states a step`, `${(small.told / STEPS).toFixed(0)} bytes`],
        [`${STEPS} small steps: bytes written for each byte recorded`, small.factor.toFixed(2)],
        [`${STEPS} small steps: written to files a step, log and pages`, `${perStep(small, STEPS)} KB`],
        ["10 MB live beside small steps: bytes written for each byte recorded", large.factor.toFixed(2)],
        ["10 MB live beside small steps: written to files for each byte recorded", large.onDisk.toFixed(2)],
        ["10 MB live beside small steps: ms a step", (large.ms / BESIDE_LARGE).toFixed(2)],
        [`a loop of ${loops} steps, keepEvents 1,000: the file`, `${(size / 1e6).toFixed(1)} MB`],
        [
          `a loop of ${loops} steps: heap after it`,
          `${(large.heap / 1e6).toFixed(1)} MB before, ${(long.heap / 1e6).toFixed(1)} MB after`,
        ],
        [`a loop of ${loops} steps: ms a step`, (long.ms / loops).toFixed(3)],
        ["SIGKILL, then from open to the next recorded step", `${median(crashes).toFixed(1)} ms`],
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Ran {
  readonly ms: number;
  /** Bytes of events and states. */
  readonly told: number;
  readonly factor: number;
  /** Bytes this process wrote to files; NaN where the system does not say. */
  readonly written: number;
  /** ... for each byte recorded. */
  readonly onDisk: number;
  readonly heap: number;
}

function perStep({ written }: Ran, steps: number): string {
  return (written / steps / 1e3).toFixed(1);
}

async function run(
  file: string,
  fn: DurableFunction<number>,
  { input, keepEvents = Infinity }: { readonly input: number; readonly keepEvents?: number },
): Promise<Ran> {
  const store = openSqliteStore(file);
  const counted = count(store);
  const engine = await open({ store, functions: [fn], history: { keepEvents } });
  const before = writtenByUs();
  const ms = await timed(async () => {
    const { id } = await engine.start(fn, input);
    await engine.result(id);
  });
  const written = writtenByUs() - before;
  await engine.close();
  globalThis.gc?.();
  const told = counted.journal + counted.states;
  return {
    ms,
    told,
    factor: told / counted.recorded,
    onDisk: written / counted.recorded,
    written,
    heap: process.memoryUsage().heapUsed,
  };
}

function count(store: Store) {
  const counted = { recorded: 0, journal: 0, states: 0 };
  const sizes = new Map<string, number>();
  const commit = store.commit.bind(store);
  store.commit = (epoch, commits) => {
    for (const { events, snapshot } of commits) {
      for (const { body, chunks = [], added = [] } of events) {
        for (const chunk of added) sizes.set(chunk.hash, Buffer.byteLength(chunk.body));
        const bytesOf = (hashes: readonly string[]): number =>
          hashes.reduce((sum, hash) => sum + (sizes.get(hash) ?? 0), Buffer.byteLength(body));
        counted.journal += bytesOf(added.map(({ hash }) => hash));
        counted.recorded += bytesOf(chunks);
      }
      for (const { body } of snapshot?.added ?? []) counted.states += Buffer.byteLength(body);
    }
    return commit(epoch, commits);
  };
  return counted;
}

function writtenByUs(): number {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
  } catch {
    return NaN;
  }
}

/** Another process takes steps until it is killed; then the time until one of its steps is recorded here. */
async function crash(file: string, steps: DurableFunction<number>): Promise<number> {
  const victim = spawn(process.execPath, [join(import.meta.dirname, "victim.ts"), file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(victim.stdout, "data");
  await new Promise((resolve) => setTimeout(resolve, 500));
  victim.kill("SIGKILL");
  await once(victim, "exit");
  const client = await open({ store: file, functions: [steps], worker: false });
  const last = (await client.get("victim"))?.events ?? 0;
  await client.close();
  const start = performance.now();
  const engine = await open({ store: file, functions: [steps] });
  while (((await engine.get("victim"))?.events ?? 0) <= last) await new Promise(setImmediate);
  const ms = performance.now() - start;
  await engine.close();
  return ms;
}
