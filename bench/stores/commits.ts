/**
 * Commits a second through the SQLite and the PostgreSQL store, beside the same rows through bare SQLite and bare `pg`,
 * all of them on the same disk and waiting for it.
 *
 * node bench/stores/commits.ts [folder]
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { openPostgresStore } from "../../runtime/stores/postgres.ts";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import type { Commit, Store } from "../../runtime/stores/store.ts";
import { startPostgres } from "../../test/support/postgresServer.ts";
import { median, table } from "../measure.ts";

const parent = process.argv[2] ?? tmpdir();
mkdirSync(parent, { recursive: true });
const root = mkdtempSync(join(parent, "durablec-bench-"));
const server = await startPostgres({ isDurable: true });

/** An event and a state as the engine writes them after a small step. */
const BODY = JSON.stringify({
  op: "0.17",
  checkpoint: 3,
  result: { id: "payment-123", amount: 1250 },
  at: 1_700_000_000_000,
});
const STATE = JSON.stringify({
  tasks: [{ machine: "src/fulfil.ts#fulfil", pc: 3, slots: { order: { id: 17 }, n: 5 } }],
});

const ROUNDS = 5;

/** One transaction: `batch` events of each of `executions`. */
interface Shape {
  readonly name: string;
  readonly count: number;
  readonly executions: number;
  readonly batch: number;
  readonly withState: boolean;
}

/** Something that is ready to make transactions, numbered from 0. */
interface Ready {
  transact(i: number): unknown;
  close(): unknown;
}

const shapes: readonly Shape[] = [
  { name: "1 execution, 1 event", count: 1_000, executions: 1, batch: 1, withState: false },
  { name: "1 execution, 1 event and its state", count: 1_000, executions: 1, batch: 1, withState: true },
  { name: "1 execution, 64 events", count: 200, executions: 1, batch: 64, withState: false },
  { name: "100 executions, 1 event each", count: 200, executions: 100, batch: 1, withState: false },
  {
    name: "100 executions, 1 event and its state each",
    count: 200,
    executions: 100,
    batch: 1,
    withState: true,
  },
];

const candidates: Readonly<Record<string, (shape: Shape) => Ready | Promise<Ready>>> = {
  "raw SQLite": rawSqlite,
  "SQLite store": (shape) => ready(openSqliteStore(join(root, `store-${performance.now()}.db`)), shape),
  "raw pg": rawPostgres,
  "PostgreSQL store": async (shape) =>
    ready(await openPostgresStore(server.url, { schema: `store-${performance.now()}` }), shape),
};

function rawSqlite({ executions, batch }: Shape): Ready {
  const database = new DatabaseSync(join(root, `raw-${performance.now()}.db`));
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000;
    CREATE TABLE events (execution INTEGER, seq INTEGER, kind TEXT, body TEXT, PRIMARY KEY (execution, seq)) WITHOUT ROWID;
  `);
  const insert = database.prepare("INSERT INTO events VALUES (?, ?, ?, ?)");
  const transact = (i: number): void => {
    database.exec("BEGIN IMMEDIATE");
    for (const [execution, seq] of rowsOf(i, executions, batch))
      insert.run(execution, seq, "StepSucceeded", BODY);
    database.exec("COMMIT");
  };
  return { transact, close: () => database.close() };
}

/** One statement: a prepared INSERT, of arrays where there are several rows. */
async function rawPostgres({ executions, batch }: Shape): Promise<Ready> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const events = `raw${Math.trunc(performance.now() * 1_000)}`;
  await client.query(
    `CREATE TABLE ${events} (execution bigint, seq integer, kind text, body text, PRIMARY KEY (execution, seq))`,
  );
  const one = { name: "one", text: `INSERT INTO ${events} VALUES ($1, $2, $3, $4)` };
  const several = {
    name: "several",
    text: `INSERT INTO ${events} SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[])`,
  };
  const transact = (i: number): unknown => {
    const rows = rowsOf(i, executions, batch);
    if (rows.length === 1) return client.query({ ...one, values: [...rows[0]!, "StepSucceeded", BODY] });
    const columns = [rows.map(([execution]) => execution), rows.map(([, seq]) => seq)];
    return client.query({
      ...several,
      values: [...columns, rows.map(() => "StepSucceeded"), rows.map(() => BODY)],
    });
  };
  return { transact, close: () => client.end() };
}

/** Execution and number of each event. */
function rowsOf(i: number, executions: number, batch: number): (readonly [number, number])[] {
  return Array.from({ length: executions * batch }, (_, n) => [
    Math.floor(n / batch),
    i * batch + (n % batch),
  ]);
}

async function ready(store: Store, shape: Shape): Promise<Ready> {
  const event = { seq: 1, kind: "ExecutionStarted", body: "{}" };
  const rest = { function: "f", createdAt: 1, event };
  const owner = { id: "bench", pid: process.pid, host: "here", build: "bench" };
  const acquired = await store.acquire(owner, 0, 600_000);
  if (acquired.kind !== "acquired") throw new Error("The store of this benchmark is held.");
  const all = Array.from({ length: shape.executions }, (_, i) => ({ id: `x${i}`, ...rest }));
  await store.createAll(all, acquired.epoch);
  return {
    transact: (i) => store.commit(acquired.epoch, commitsOf(i, shape)),
    close: () => store.close(),
  };
}

function commitsOf(i: number, { executions, batch, withState }: Shape): Commit[] {
  const first = 2 + i * batch;
  const events = Array.from({ length: batch }, (_, n) => ({
    seq: first + n,
    kind: "StepSucceeded",
    body: BODY,
  }));
  const hash = `hash-${i}`;
  const removed = i === 0 ? [] : [`hash-${i - 1}`];
  const snapshot = { seq: first - 1, chunks: [hash], added: [{ hash, body: STATE }], removed };
  const rest = { wakeAt: null, consumed: [], opened: [], closed: [], ...(withState ? { snapshot } : {}) };
  return Array.from({ length: executions }, (_, n) => ({ execution: `x${n}`, lease: 1, events, ...rest }));
}

async function perSecond(count: number, { transact, close }: Ready): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < count; i++) {
    const answer = transact(i);
    if (answer instanceof Promise) await answer;
  }
  const rate = (count / (performance.now() - started)) * 1_000;
  await close();
  return rate;
}

async function measure(shape: Shape): Promise<string[]> {
  const names = Object.keys(candidates);
  const rates = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names)
      rates.get(name)!.push(await perSecond(shape.count, await candidates[name]!(shape)));
  }
  const [rawLite = 0, lite = 0, rawPg = 0, ours = 0] = names.map((name) => median(rates.get(name)!));
  const shown = [rawLite, lite, lite / rawLite, rawPg, ours, ours / rawPg];
  return [shape.name, ...shown.map((value) => value.toFixed(value < 10 ? 2 : 0))];
}

console.log(`transactions a second, medians of ${ROUNDS} rounds in turn`);
const rows = [["", "raw SQLite", "store", "ratio", "raw pg", "store", "ratio"]];
for (const shape of shapes) rows.push(await measure(shape));
console.log(table(rows));
await server.stop();
rmSync(root, { recursive: true, force: true });
