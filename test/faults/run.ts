/**
 * `npm run faults -- [NAME] [--count N]`: N executions (default 1,000) on a PostgreSQL server of its own, or on a file of
 * SQLite, while something fails all the time; NAME is one of `kill`, `restart`, `stop`, `clock`, `terminate`, `cut`, `sqlite`,
 * `backup`, `full`, all by default. Ends with 1 if anything recorded was lost, recorded twice, or done again.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { open } from "@durablec/runtime";
import type { Engine } from "@durablec/runtime";
import pg from "pg";
import { startPostgres } from "../support/postgresServer.ts";
import type { PostgresServer } from "../support/postgresServer.ts";
import { transformFixture } from "../support/transformFixture.ts";
import { tryBackups } from "./backup.ts";
import { tryFullDisk } from "./full.ts";
import { judge } from "./ledger.ts";
import { startProxy } from "./proxy.ts";

interface Place {
  readonly server: PostgresServer;
  readonly workers: Worker[];
  /** Processes that slept. */
  readonly paused: Set<number>;
  startWorker(jumps?: boolean): void;
}

interface Worker {
  readonly child: ChildProcess;
  readonly jumps: boolean;
}

interface Fault {
  readonly workers: number;
  /** Its clock jumps. */
  readonly jumping?: number;
  readonly sqlite?: true;
  /** Workers reach the server through a proxy that cuts their connections off. */
  readonly proxy?: true;
  /** Once, again and again. */
  happen(place: Place): Promise<void>;
}

const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(Math.random() * all.length)];

async function killOne({ workers, startWorker }: Place): Promise<void> {
  await pause(300 + Math.random() * 1_500);
  const worker = pick(workers);
  if (worker === undefined) return;
  worker.child.kill("SIGKILL");
  workers.splice(workers.indexOf(worker), 1);
  startWorker();
}

const FAULTS: Readonly<Record<string, Fault>> = {
  kill: { workers: 3, happen: killOne },
  restart: {
    workers: 2,
    async happen({ server }) {
      await pause(1_000 + Math.random() * 3_000);
      await server.restart();
    },
  },
  stop: {
    workers: 3,
    async happen({ workers, paused }) {
      await pause(1_500);
      // Always the same one, so that the others' bodies can be held to their word.
      const [worker] = workers;
      if (worker?.child.pid === undefined) return;
      paused.add(worker.child.pid);
      worker.child.kill("SIGSTOP");
      await pause(4_000);
      worker.child.kill("SIGCONT");
    },
  },
  clock: { workers: 3, jumping: 1, happen: async () => pause(200) },
  terminate: {
    workers: 2,
    async happen({ server }) {
      await pause(300);
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      await client.query(
        "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE application_name = 'durablec' " +
          "ORDER BY random() LIMIT 2) AS few",
      );
      await client.end();
    },
  },
  cut: { workers: 2, proxy: true, happen: async () => pause(200) },
  sqlite: { workers: 2, sqlite: true, happen: killOne },
};

const { values, positionals } = parseArgs({
  options: { count: { type: "string", default: "1000" } },
  allowPositionals: true,
});
const count = Number(values.count);
const trials: Readonly<Record<string, () => Promise<number>>> = {
  ...Object.fromEntries(Object.entries(FAULTS).map(([name, fault]) => [name, () => suffer(name, fault)])),
  backup: () => tryBackups(count),
  full: tryFullDisk,
};
process.exitCode = 0;
for (const name of positionals.length > 0 ? positionals : Object.keys(trials)) {
  const trial = trials[name];
  if (trial === undefined) throw new Error(`There is no fault "${name}": ${Object.keys(trials).join(", ")}.`);
  const broken = await trial();
  if (broken > 0) process.exitCode = 1;
}
process.exit();

async function suffer(name: string, fault: Fault): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-faults-"));
  const module = transformFixture("fixtures/faults/functions.ts");
  const ledger = join(folder, "ledger");
  writeFileSync(ledger, "");
  const server = await startPostgres();
  const store = fault.sqlite ? join(folder, "faults.db") : server.url;
  const proxy = fault.proxy ? await startProxy(server.url) : null;
  const errors = new Map<string, number>();
  const workers: Worker[] = [];
  const going = { on: true, times: 0 };
  const startWorker = (jumps = false): void => {
    const args = [
      join(import.meta.dirname, "worker.ts"),
      proxy?.url ?? store,
      module,
      "2000",
      jumps ? "jumps" : "",
    ];
    const child = spawn(process.execPath, args, { env: { ...process.env, LEDGER: ledger } });
    child.stdout.on("data", (text) => {
      for (const line of String(text).trim().split("\n")) {
        const error = line.split(" ")[1] ?? line;
        errors.set(error, (errors.get(error) ?? 0) + 1);
      }
    });
    child.stderr.on("data", (text) => process.stderr.write(`${name}: ${String(text)}`));
    const worker = { child, jumps };
    workers.push(worker);
    // One that could not open its store is started again, as a supervisor would.
    child.on("exit", () => {
      if (!going.on || !workers.includes(worker)) return;
      workers.splice(workers.indexOf(worker), 1);
      startWorker(jumps);
    });
  };
  const paused = new Set<number>();
  const began = performance.now();
  for (let i = 0; i < fault.workers; i++) startWorker(i < (fault.jumping ?? 0));
  const functions = (await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>;
  const client = await open({ store, functions, worker: false, onError: () => undefined });
  const names = Array.from({ length: count }, (_, i) => `${name}-${i}`);
  const failing = (async () => {
    for (; going.on; going.times++) await fault.happen({ server, workers, paused, startWorker });
  })();
  await Promise.all(names.map((id) => runOne(client, id)));
  going.on = false;
  await failing;
  const seconds = (performance.now() - began) / 1_000;
  for (const { child } of workers) child.kill("SIGKILL");
  await client.close();
  proxy?.close();
  const reader = await open({ store, functions, worker: false });
  const judged = await judge(reader, ledger, { names, paused });
  await reader.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  const told = [...errors].map(([error, times]) => `${error} ${times}`).join(", ") || "no errors";
  process.stdout.write(
    `${judged.broken.length === 0 ? "✓" : "✗"} ${name}: ${proxy?.cuts ?? going.times} times in ${seconds.toFixed(0)} s; ${judged.executions} ` +
      `executions, ${judged.steps} steps recorded, ${judged.repeats} bodies begun again; workers outlived: ${told}\n`,
  );
  for (const text of judged.broken.slice(0, 20)) process.stdout.write(`    ${text}\n`);
  return judged.broken.length;
}

/** Started until it is known to be recorded, as a client would; then waited for. */
async function runOne(client: Engine, id: string): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    try {
      await client.start("fixtures/faults/functions.ts#job", id, { id });
      break;
    } catch (error) {
      if ((error as Error).name !== "StoreUnavailableError") throw error;
      await pause(50 + Math.random() * 100);
    }
  }
  await client.result(id);
}
