/** What encryption costs a commit: the same store, with and without. `npm run build && node bench/stores/encryption.ts` */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encryptStore } from "../../runtime/stores/encrypted.ts";
import { openSqliteStore } from "@durablec/runtime";
import type { Store } from "@durablec/runtime";

const [EXECUTIONS, ROUNDS, RUNS] = [100, 100, 5];
const owner = { id: "bench", pid: process.pid, host: "here", build: "bench" };
const body =
  JSON.stringify({ op: "1", name: "charge", site: 2, time: 1, attempt: 1, startedAt: 1 }) +
  '\n"'.padEnd(99, "x");

/** Microseconds for each event of a hundred executions that commit together. */
async function measure(wrap: (store: Store) => Store): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-bench-"));
  const store = wrap(openSqliteStore(join(folder, "bench.db")));
  const acquired = await store.acquire(owner, 0, 1_000);
  const epoch = acquired.kind === "acquired" ? acquired.epoch : 0;
  const ids = Array.from({ length: EXECUTIONS }, (_, i) => `x${i}`);
  const first = { seq: 1, kind: "ExecutionStarted", body };
  await store.createAll(ids.map((id) => ({ id, function: "f", createdAt: 0, event: first })));
  const start = performance.now();
  for (let seq = 2; seq < ROUNDS + 2; seq++) {
    const rest = { wakeAt: 0, consumed: [], opened: [], closed: [] };
    const events = [{ seq, kind: "StepSucceeded", body }];
    await store.commit(
      epoch,
      ids.map((execution) => ({ execution, lease: epoch, events, ...rest })),
    );
  }
  const ms = performance.now() - start;
  await store.close();
  rmSync(folder, { recursive: true });
  return (ms * 1_000) / (EXECUTIONS * ROUNDS);
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const options = { current: "k", keys: { k: randomBytes(32) } };
const times: Record<"plain" | "encrypted", number[]> = { plain: [], encrypted: [] };
for (let run = 0; run < RUNS; run++) {
  times.plain.push(await measure((store) => store));
  times.encrypted.push(await measure((store) => encryptStore(store, options)));
}
const [plain, encrypted] = [median(times.plain), median(times.encrypted)];
console.log(`an event of ${body.length} characters in a commit of ${EXECUTIONS}: median of ${RUNS} runs`);
console.log(`  plain      ${plain.toFixed(1)} µs`);
console.log(`  encrypted  ${encrypted.toFixed(1)} µs  (${(encrypted - plain).toFixed(1)} µs more)`);
