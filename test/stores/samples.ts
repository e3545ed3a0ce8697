import type { Commit, NewExecution, Owner, Store, StoredEvent } from "../../runtime/stores/store.ts";

/** What a test of a store is given: one, and others on the same place. */
export interface Given {
  readonly store: Store;
  readonly open: () => Promise<Store>;
}

/** What a store promises, and how it is put to the test. */
export type Claim = readonly [name: string, hold: (given: Given) => Promise<void>];

export const owner: Owner = { id: "owner-1", pid: process.pid, host: "here" };
export const other: Owner = { id: "owner-2", pid: process.pid, host: "here" };
export const STALE_MS = 1_000;

export function newExecution(id: string, changes: Partial<NewExecution> = {}): NewExecution {
  return { id, function: "a.ts#f", input: '"in"', createdAt: 100, event: event(1), ...changes };
}

export function event(seq: number): StoredEvent {
  return { seq, kind: "StepSucceeded", body: `{"n":${seq}}` };
}

export function commitOf(execution: string, changes: Partial<Commit> = {}): Commit {
  return { execution, events: [], wakeAt: null, consumed: [], opened: [], closed: [], ...changes };
}

export async function acquire(store: Store, by = owner, now = 0): Promise<number> {
  const acquired = await store.acquire(by, now, STALE_MS);
  if (acquired.kind !== "acquired") throw new Error("The test does not own its store.");
  return acquired.epoch;
}

/** An execution with a callback "c" that times out at 1,000 and needs a heartbeat every 100. */
export async function withCallback(store: Store): Promise<number> {
  const epoch = await acquire(store);
  await store.create(newExecution("x"));
  const callback = { id: "c", op: "0.1", timeoutAt: 1_000, heartbeatMs: 100, heartbeatAt: 200 };
  await store.commit(epoch, [commitOf("x", { opened: [callback] })]);
  return epoch;
}

export async function failure(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail.");
}
