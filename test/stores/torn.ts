/** Files of SQLite as a crash of the machine leaves them: a log that ends in the middle, or with pages that were never written. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStore, openSqliteStore, StoreError } from "@durablec/runtime";
import type { Store } from "@durablec/runtime";
import { acquire, commitOf, newExecution } from "./samples.ts";

export interface Crashed {
  readonly file: Buffer;
  readonly log: Buffer;
  /** Events in the order they were acknowledged, and how long the log was then. */
  readonly acknowledged: readonly { readonly id: string; readonly seq: number; readonly logBytes: number }[];
}

export type Damage = "cut" | "flipped" | "zeroed";

const EXECUTIONS = ["a", "b", "c"];
const bodyOf = (id: string, seq: number): string =>
  JSON.stringify({ text: `${id}${seq} `.repeat((seq * 37) % 400) });
const eventOf = (id: string, seq: number) => ({
  seq,
  kind: seq === 1 ? "ExecutionStarted" : "StepSucceeded",
  body: bodyOf(id, seq),
});

/** Commits are acknowledged one after the other; then the files are as they are on the disk. */
export async function crash(commits: number): Promise<Crashed> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-torn-"));
  const path = join(folder, "store.db");
  const store = openSqliteStore(path);
  const epoch = await acquire(store);
  for (const id of EXECUTIONS) await store.create(newExecution(id, { event: eventOf(id, 1) }));
  const acknowledged: { id: string; seq: number; logBytes: number }[] = [];
  for (let i = 0; i < commits; i++) {
    const id = EXECUTIONS[i % EXECUTIONS.length]!;
    const seq = 2 + Math.floor(i / EXECUTIONS.length);
    await store.commit(epoch, [commitOf(id, { events: [eventOf(id, seq)], wakeAt: i })]);
    acknowledged.push({ id, seq, logBytes: statSync(`${path}-wal`).size });
  }
  const crashed = { file: readFileSync(path), log: readFileSync(`${path}-wal`), acknowledged };
  await store.close();
  rmSync(folder, { recursive: true });
  return crashed;
}

/** What was promised and does not hold, when the log is damaged from its byte `at` on. */
export async function findBroken(crashed: Crashed, how: Damage, at: number): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-torn-"));
  const path = join(folder, "store.db");
  writeFileSync(path, crashed.file);
  writeFileSync(`${path}-wal`, damaged(crashed.log, how, at));
  try {
    const store = openSqliteStore(path);
    const broken = await findLost(store, crashed, at).finally(() => store.close());
    for await (const { execution, what } of checkStore({ store: path })) broken.push(`${execution}: ${what}`);
    return broken;
  } catch (error) {
    // Named, with the file: nothing is read that is not whole.
    return error instanceof StoreError && error.message.includes(path) ? [] : [String(error)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function damaged(log: Buffer, how: Damage, at: number): Buffer {
  if (how === "cut") return log.subarray(0, at);
  const bytes = Buffer.from(log);
  for (let i = at; i < Math.min(at + 512, bytes.length); i++)
    bytes[i] = how === "zeroed" ? 0 : bytes[i]! ^ 0xff;
  return bytes;
}

async function findLost(store: Store, { acknowledged }: Crashed, at: number): Promise<string[]> {
  const broken: string[] = [];
  for (const id of EXECUTIONS) {
    // What was acknowledged before the damage began is there; what is there is what was written, without gaps.
    const promised = acknowledged.filter((one) => one.id === id && one.logBytes <= at).at(-1)?.seq ?? 0;
    const events = await store.history(id, 0, 10_000);
    if (events.length < promised) broken.push(`${id} lost events ${events.length + 1} to ${promised}`);
    for (const [index, { seq, body }] of events.entries())
      if (seq !== index + 1 || body !== bodyOf(id, seq))
        broken.push(`event ${seq} of ${id} is not what was written`);
  }
  return broken;
}
