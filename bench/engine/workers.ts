/**
 * (g) The same executions on one PostgreSQL, run by one, two and four worker processes. They are recorded by a client before
 * a worker is there, so that only running them is measured, from the moment they begin on. Where all share two cores, more
 * processes cannot do more of what needs a processor: there CPU time a step says whether sharing the work costs anything.
 * Bodies that wait, of which each worker may have so many at a time, say whether more workers do more.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { DurableFunction } from "@durablec/runtime";
import pg from "pg";
import { startPostgres } from "../../test/support/postgresServer.ts";
import { median, table } from "../measure.ts";
import { cpuMs, parentOf, treeCpuMs } from "./cpu.ts";
import { inLanes } from "./ours.ts";

const WORKERS = [1, 2, 4];

interface Shape {
  readonly name: string;
  readonly fn: DurableFunction<number>;
  readonly executions: number;
  readonly steps: number;
  /** Of each worker. */
  readonly limits: { readonly executions?: number; readonly steps?: number };
}

interface Measured {
  readonly rate: number;
  /** Milliseconds of CPU for a thousand steps. */
  readonly workers: number;
  readonly server: number;
}

export async function benchWorkers(
  { steps, waiting }: Readonly<Record<"steps" | "waiting", DurableFunction<number>>>,
  rounds: number,
): Promise<void> {
  const shapes: readonly Shape[] = [
    { name: "steps that do nothing", fn: steps, executions: 2_000, steps: 10, limits: {} },
    {
      name: "steps that wait 100 ms, at most 20 of them in each worker",
      fn: waiting,
      executions: 400,
      steps: 5,
      limits: { executions: 50, steps: 20 },
    },
  ];
  const server = await startPostgres({ isDurable: true });
  const postmaster = await findPostmaster(server.url);
  try {
    for (const shape of shapes) {
      const all = WORKERS.map(() => [] as Measured[]);
      for (let round = 0; round < rounds; round++) {
        for (const [index, workers] of WORKERS.entries()) {
          const store = `${server.url}?schema=${shape.fn.name}${round}_${workers}`;
          all[index]?.push(await measure(shape, { store, workers, postmaster }));
        }
      }
      print(shape, all, rounds);
    }
  } finally {
    await server.stop();
  }
}

function print({ name, executions, steps }: Shape, all: readonly Measured[][], rounds: number): void {
  const of = (index: number, what: keyof Measured): number =>
    median((all[index] ?? []).map((one) => one[what]));
  console.log(
    `(g) ${executions} executions of ${steps} ${name}, on one PostgreSQL: medians of ${rounds} rounds`,
  );
  console.log(
    table([
      ["worker processes", "steps/s", "CPU of workers, ms for 1,000 steps", "CPU of the server"],
      ...WORKERS.map((workers, i) => [
        String(workers),
        of(i, "rate").toFixed(0),
        of(i, "workers").toFixed(0),
        of(i, "server").toFixed(0),
      ]),
    ]),
  );
}

interface Setting {
  readonly store: string;
  readonly workers: number;
  readonly postmaster: number;
}

async function measure(
  { fn, executions, steps, limits }: Shape,
  { store, workers, postmaster }: Setting,
): Promise<Measured> {
  const client = await open({ store, functions: [fn], worker: false });
  const ids: string[] = [];
  await inLanes(100, executions, async () => void ids.push((await client.start(fn, steps)).id));
  const processes = Array.from({ length: workers }, () =>
    spawn(process.execPath, [join(import.meta.dirname, "workerProcess.ts"), store, JSON.stringify(limits)], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  await Promise.all(processes.map(({ stdout }) => once(stdout, "data")));
  const spent = (): number => processes.reduce((sum, { pid = 0 }) => sum + cpuMs(pid), 0);
  const [ofWorkers, ofServer, start] = [spent(), treeCpuMs(postmaster), performance.now()];
  for (const { stdin } of processes) stdin.write("go\n");
  await Promise.all(ids.map((id) => client.result(id)));
  const ms = performance.now() - start;
  const thousands = (executions * steps) / 1_000;
  const measured = {
    rate: (1_000 * executions * steps) / ms,
    workers: (spent() - ofWorkers) / thousands,
    server: (treeCpuMs(postmaster) - ofServer) / thousands,
  };
  for (const one of processes) {
    one.stdin.end();
    await once(one, "exit");
  }
  await client.close();
  return measured;
}

/** Whose children all processes of the server are. */
async function findPostmaster(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const postmaster = parentOf(rows[0]?.pid ?? 0);
  await client.end();
  return postmaster;
}
