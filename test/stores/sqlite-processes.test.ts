import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import type { Store } from "../../runtime/stores/store.ts";
import { startCli } from "../support/cliProcess.ts";
import { transformFixture } from "../support/transformFixture.ts";
import { makeFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import type { Order, Report } from "./processes/child.ts";
import { acquire, commitOf, event, newExecution, other } from "./samples.ts";
import { describeWorkers } from "./workers.ts";

let folder: Folder;
let file: string;
let store: Store;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = makeFolder();
  file = folder.path("store.db");
  store = openSqliteStore(file);
});

afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  await store.close();
  folder.remove();
});

/** Another process with the same file. It does what it is told and reports each. */
async function startChild(): Promise<Child> {
  const process = fork(join(import.meta.dirname, "processes/child.ts"), [file], { stdio: "inherit" });
  children.push(process);
  const ask = async (order: Order): Promise<Report> => {
    process.send(order);
    const [report] = (await once(process, "message")) as [Report];
    return report;
  };
  await ask({ kind: "hello" });
  return { process, ask };
}

interface Child {
  readonly process: ChildProcess;
  ask(order: Order): Promise<Report>;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Events that the child reports as committed while it commits without end. */
function commitsOf({ process }: Child, epoch: number): { last: number } {
  const seen = { last: 1 };
  process.on("message", (report: Report) => {
    if (report.kind === "committed") seen.last = report.seq;
  });
  process.send({ kind: "commitForever", epoch, execution: "x" } satisfies Order);
  return seen;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("a killed owner is replaced at once, and all it had committed is there", async () => {
  await store.create(newExecution("x"));
  const child = await startChild();
  const taken = await child.ask({ kind: "acquire" });
  expect((await store.acquire(other, Date.now(), 60_000)).kind).toBe("held");
  const seen = commitsOf(child, taken.epoch);
  await until(() => seen.last > 20);
  await end(child.process);
  const epoch = await acquire(store, { ...other, host: taken.host }, Date.now());
  expect(epoch).toBe(taken.epoch + 1);
  const row = await store.get("x");
  expect(row!.lastSeq).toBeGreaterThanOrEqual(seen.last);
  const events = await store.history("x", 0, 100_000);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  await store.commit(epoch, [commitOf("x", { events: [event(row!.lastSeq + 1)] })]);
});

test("an owner that was stopped and wakes up again cannot commit", async () => {
  await store.create(newExecution("x"));
  const child = await startChild();
  const taken = await child.ask({ kind: "acquire" });
  const order: Order = { kind: "commit", epoch: taken.epoch, execution: "x", seq: 2 };
  expect(await child.ask(order)).toMatchObject({ kind: "committed" });
  // Stopped between commits: one that is stopped inside a transaction keeps SQLite's lock, and all wait for it.
  child.process.kill("SIGSTOP");
  expect((await store.acquire({ ...other, host: taken.host }, Date.now(), 60_000)).kind).toBe("held");
  const epoch = await acquire(store, { ...other, host: taken.host }, Date.now() + 60_000);
  await store.commit(epoch, [commitOf("x", { events: [event(3)] })]);
  const answer = child.ask({ ...order, seq: 4 });
  child.process.kill("SIGCONT");
  expect(await answer).toMatchObject({ kind: "failed", name: "FencedError" });
  expect(await store.get("x")).toMatchObject({ lastSeq: 3 });
});

test("of many processes that settle one callback, one succeeds", async () => {
  const epoch = await acquire(store);
  await store.create(newExecution("x"), epoch);
  const ids = Array.from({ length: 30 }, (_, i) => `c${i}`);
  const opened = ids.map((id) => ({ id, op: id, timeoutAt: null, heartbeatMs: null, heartbeatAt: 0 }));
  await store.commit(epoch, [commitOf("x", { opened })]);
  const settlers = await Promise.all([startChild(), startChild()]);
  const reports = await Promise.all(
    settlers.map((child) => child.ask({ kind: "settleAll", callbacks: ids })),
  );
  expect(reports.reduce((sum, { count }) => sum + count, 0)).toBe(ids.length);
  expect(await store.messages("x")).toHaveLength(ids.length);
});

test("two processes that open a new file at the same moment both have it", async () => {
  file = folder.path("fresh.db");
  const both = await Promise.all([startChild(), startChild()]);
  const taken = await Promise.all(both.map((child) => child.ask({ kind: "acquire" })));
  expect(taken.map(({ kind }) => kind).sort()).toEqual(["acquired", "failed"]);
});

describeWorkers("SQLite", (name) => folder.path(`${name}.db`));

test("a worker whose file is taken away ends with 3 instead of writing to what is gone", async () => {
  const worker = startCli(["worker", "--store", file, transformFixture("fixtures/front/functions.ts")]);
  try {
    await worker.said(/worker \d+ runs/);
    renameSync(file, `${file}.away`);
    expect(await worker.ended).toEqual({ code: 3, signal: null });
    expect(worker.text()).toContain("has been removed or replaced while it was open");
  } finally {
    worker.child.kill("SIGKILL");
  }
});
