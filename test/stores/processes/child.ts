/** The other process of `sqlite-processes.test.ts`: has the file of its first argument open and does what it is told. */
import { hostname } from "node:os";
import { openSqliteStore } from "../../../runtime/stores/sqlite.ts";

export type Order =
  | { readonly kind: "hello" }
  | { readonly kind: "acquire" }
  | { readonly kind: "commit"; readonly epoch: number; readonly execution: string; readonly seq: number }
  | { readonly kind: "commitForever"; readonly epoch: number; readonly execution: string }
  | { readonly kind: "settleAll"; readonly callbacks: readonly string[] };

/** One shape for all, so that tests read fields without asking which it is. */
export interface Report {
  readonly kind: "ready" | "acquired" | "committed" | "settled" | "failed";
  readonly epoch: number;
  readonly host: string;
  readonly seq: number;
  readonly count: number;
  readonly name: string;
}

const file = process.argv[2]!;
const store = openSqliteStore(file);
const host = hostname();

function report(changes: Partial<Report>): void {
  process.send?.({ kind: "failed", epoch: 0, host, seq: 0, count: 0, name: "", ...changes } satisfies Report);
}

process.on("message", (order: Order) => {
  void obey(order).catch((error: unknown) => report({ kind: "failed", name: (error as Error).name }));
});

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case "hello":
      return report({ kind: "ready" });
    case "acquire": {
      const acquired = await store.acquire(
        { id: `child ${process.pid}`, pid: process.pid, host, build: "b1" },
        Date.now(),
        30_000,
      );
      if (acquired.kind === "held") return report({ kind: "failed", name: "held" });
      return report({ kind: "acquired", epoch: acquired.epoch });
    }
    case "commit":
      return commit(order.epoch, order.execution, order.seq);
    case "commitForever":
      return commitForever(order.epoch, order.execution);
    case "settleAll":
      return report({ kind: "settled", count: await settleAll(order.callbacks) });
  }
}

async function commitForever(epoch: number, execution: string): Promise<void> {
  for (let seq = 2; ; seq++) {
    await commit(epoch, execution, seq);
    // Lets the report out before the next commit.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function commit(epoch: number, execution: string, seq: number): Promise<void> {
  const event = { seq, kind: "StepSucceeded", body: "{}" };
  await store.commit(epoch, [
    { execution, lease: epoch, events: [event], wakeAt: null, consumed: [], opened: [], closed: [] },
  ]);
  report({ kind: "committed", seq });
}

async function settleAll(callbacks: readonly string[]): Promise<number> {
  let count = 0;
  for (const id of callbacks) {
    try {
      await store.settle(id, { kind: "succeeded", result: String(process.pid) }, Date.now());
      count++;
    } catch (error) {
      if ((error as Error).name !== "CallbackSettledError") throw error;
    }
  }
  return count;
}
