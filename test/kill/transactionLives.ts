/** Transactions that are killed in life after life: each of their rows is there once, and the result is right. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openSqliteStore } from "@durablec/runtime";
import { openPostgresStore } from "@durablec/runtime/postgres";
import pg from "pg";

export const KILL_PLACES = ["body", "commit", "recorded", "event", "told"] as const;

/** A database with an empty ledger. */
export interface Place {
  readonly address: string;
  rows(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

interface Lives {
  /** The built `transactions.js`. */
  readonly module: string;
  readonly place: Place;
  /** How many transactions there are, at once. */
  readonly count: number;
  /** How each life ends; those that follow end by themselves. */
  readonly kills: readonly string[];
  /** Awaited before the ledger is read. */
  readonly settled?: () => Promise<void>;
}

/** How many lives it took, and what was promised and did not hold. */
export async function liveTransactions({
  module,
  place,
  count,
  kills,
  settled,
}: Lives): Promise<{ readonly lives: number; readonly broken: readonly string[] }> {
  for (let life = 0; ; life++) {
    if (life > LIVES_MAX) return { lives: life, broken: [`not finished after ${life} lives`] };
    const printed = await liveOnce([place.address, module, String(count), kills[life] ?? "never"]);
    if (printed === null) continue;
    await settled?.();
    return { lives: life + 1, broken: findBroken(printed, await place.rows(), count) };
  }
}

function findBroken(printed: string, rows: readonly string[], count: number): readonly string[] {
  const expected = Array.from({ length: count }, (_, index) => `row ${index}`).sort();
  const found = rows.toSorted().join();
  const sum = (count * (count - 1)) / 2;
  return [
    ...(found === expected.join() ? [] : [`the ledger has ${found}`]),
    ...(printed === String(sum) ? [] : [`the result is ${printed}, not ${sum}`]),
  ];
}

/**
 * A worker is stopped inside a transaction, for so long that another takes over and comes to the end, and then goes on: what it
 * still commits is refused, or was the same. What was promised and did not hold.
 */
export async function stopAndGoOn({
  module,
  place,
  count,
}: Omit<Lives, "kills">): Promise<readonly string[]> {
  const stopped = spawn(process.execPath, [program, place.address, module, String(count), "stop:2"]);
  const ended = once(stopped, "exit");
  while (stateOf(stopped.pid!) !== "T") await new Promise((resolve) => setTimeout(resolve, 20));
  const printed = await liveOnce([place.address, module, String(count), "never"]);
  stopped.kill("SIGCONT");
  await ended;
  return findBroken(printed ?? "nothing", await place.rows(), count);
}

/** As Linux shows it: T for one that is stopped. */
function stateOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "")[0] ?? "";
}

const program = join(import.meta.dirname, "transactionLife.ts");

const LIVES_MAX = 200;

/** What a life printed at its end; null if it killed itself, or its server was killed under it. */
async function liveOnce(args: readonly string[]): Promise<string | null> {
  try {
    return (await promisify(execFile)(process.execPath, [program, ...args], { timeout: 60_000 })).stdout;
  } catch (error) {
    const { signal, stderr = "" } = error as { readonly signal?: string; readonly stderr?: string };
    if (signal === "SIGKILL" || stderr.includes("StoreUnavailableError")) return null;
    throw error;
  }
}

export async function sqlitePlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-kill-"));
  const address = join(folder, "durable.db");
  await openSqliteStore(address).close();
  const file = new DatabaseSync(address);
  file.exec("CREATE TABLE ledger (what TEXT NOT NULL)");
  return {
    address,
    rows: async () =>
      file
        .prepare("SELECT what FROM ledger")
        .all()
        .map(({ what }) => what as string),
    async remove() {
      file.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export async function postgresPlace(server: string, schema: string): Promise<Place> {
  const address = `${server}?schema=${schema}&options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  await (await openPostgresStore(address)).close();
  // Each time a new connection: the server may have been killed.
  const query = async (sql: string): Promise<readonly string[]> => {
    const client = new pg.Client({ connectionString: address });
    await client.connect();
    try {
      return (await client.query<{ what: string }>(sql)).rows.map(({ what }) => what);
    } finally {
      await client.end();
    }
  };
  await query("CREATE TABLE ledger (what text NOT NULL)");
  return { address, rows: () => query("SELECT what FROM ledger"), remove: async () => undefined };
}
