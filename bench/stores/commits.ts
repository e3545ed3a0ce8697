/**
 * Commits a second through the SQLite store, beside the same rows through bare SQLite with the same settings.
 *
 * node bench/stores/commits.ts [folder]
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import type { Commit, Store } from "../../runtime/stores/store.ts";

const parent = process.argv[2] ?? tmpdir();
mkdirSync(parent, { recursive: true });
const root = mkdtempSync(join(parent, "durablec-bench-"));

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

interface Shape {
  readonly name: string;
  readonly count: number;
  raw(): (i: number) => void;
  store(): (i: number) => void;
}

function openRaw(): DatabaseSync {
  const database = new DatabaseSync(join(root, `raw-${performance.now()}.db`));
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000;
    CREATE TABLE events (execution INTEGER, seq INTEGER, kind TEXT, body TEXT, PRIMARY KEY (execution, seq)) WITHOUT ROWID;
  `);
  return database;
}

/** `batch` events of each of `executions`, all in one transaction. */
function rawEvents(executions: number, batch: number): (i: number) => void {
  const database = openRaw();
  const insert = database.prepare("INSERT INTO events VALUES (?, ?, ?, ?)");
  return (i) => {
    database.exec("BEGIN IMMEDIATE");
    for (let execution = 0; execution < executions; execution++) {
      for (let n = 1; n <= batch; n++) insert.run(execution, i * batch + n, "StepSucceeded", BODY);
    }
    database.exec("COMMIT");
  };
}

function openStore(executions: number): { readonly store: Store; readonly epoch: number } {
  const store = openSqliteStore(join(root, `store-${performance.now()}.db`));
  const event = { seq: 1, kind: "ExecutionStarted", body: "{}" };
  const all = Array.from({ length: executions }, (_, i) => ({
    id: `x${i}`,
    function: "f",
    input: "1",
    createdAt: 1,
    event,
  }));
  void store.createAll(all);
  const acquired = store.acquire({ id: "bench", pid: process.pid, host: "here" }, 0, 1);
  if (acquired instanceof Promise || acquired.kind !== "acquired")
    throw new Error("The store of this benchmark is held.");
  return { store, epoch: acquired.epoch };
}

interface Events {
  readonly executions: number;
  readonly batch: number;
  readonly withState: boolean;
}

function storeEvents({ executions, batch, withState }: Events): (i: number) => void {
  const { store, epoch } = openStore(executions);
  return (i) => {
    const commits: Commit[] = [];
    for (let execution = 0; execution < executions; execution++) {
      const first = 2 + i * batch;
      const events = Array.from({ length: batch }, (_, n) => ({
        seq: first + n,
        kind: "StepSucceeded",
        body: BODY,
      }));
      const rest = { wakeAt: null, consumed: [], opened: [], closed: [] };
      if (!withState) commits.push({ execution: `x${execution}`, events, ...rest });
      else {
        const hash = `hash-${i}`;
        const removed = i === 0 ? [] : [`hash-${i - 1}`];
        const snapshot = { seq: first - 1, chunks: [hash], added: [{ hash, body: STATE }], removed };
        commits.push({ execution: `x${execution}`, events, snapshot, ...rest });
      }
    }
    void store.commit(epoch, commits);
  };
}

const shapes: readonly Shape[] = [
  {
    name: "1 execution, 1 event",
    count: 2_000,
    raw: () => rawEvents(1, 1),
    store: () => storeEvents({ executions: 1, batch: 1, withState: false }),
  },
  {
    name: "1 execution, 1 event and its state",
    count: 2_000,
    raw: () => rawEvents(1, 1),
    store: () => storeEvents({ executions: 1, batch: 1, withState: true }),
  },
  {
    name: "1 execution, 64 events",
    count: 300,
    raw: () => rawEvents(1, 64),
    store: () => storeEvents({ executions: 1, batch: 64, withState: false }),
  },
  {
    name: "100 executions, 1 event each",
    count: 300,
    raw: () => rawEvents(100, 1),
    store: () => storeEvents({ executions: 100, batch: 1, withState: false }),
  },
  {
    name: "100 executions, 1 event and its state each",
    count: 300,
    raw: () => rawEvents(100, 1),
    store: () => storeEvents({ executions: 100, batch: 1, withState: true }),
  },
];

function perSecond(count: number, work: (i: number) => void): number {
  const started = performance.now();
  for (let i = 0; i < count; i++) work(i);
  return (count / (performance.now() - started)) * 1_000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

console.log("transactions a second, medians of", ROUNDS, "rounds in turn");
for (const { name, count, raw, store } of shapes) {
  const rates = { raw: [] as number[], store: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.raw.push(perSecond(count, raw()));
    rates.store.push(perSecond(count, store()));
  }
  const [bare, ours] = [median(rates.raw), median(rates.store)];
  console.log(
    name.padEnd(44),
    `raw ${bare.toFixed(0).padStart(6)}  store ${ours.toFixed(0).padStart(6)}  ratio ${(ours / bare).toFixed(2)}`,
  );
}
rmSync(root, { recursive: true, force: true });
