import { FencedError } from "../../runtime/errors.ts";
import type { Answer, Commit, NewExecution, Owner, Store, StoredEvent } from "../../runtime/stores/store.ts";

/** What a test of a store is given: one, and others on the same place. */
export interface Given {
  readonly store: Store;
  readonly open: () => Promise<Store>;
}

/** What a store promises, and how it is put to the test. */
export type Claim = readonly [name: string, hold: (given: Given) => Promise<void>];

export const owner: Owner = { id: "owner-1", pid: process.pid, host: "here", build: "b1" };
export const other: Owner = { id: "owner-2", pid: process.pid, host: "here", build: "b1" };
export const STALE_MS = 1_000;

export function newExecution(id: string, changes: Partial<NewExecution> = {}): NewExecution {
  return { id, function: "a.ts#f", createdAt: 100, event: event(1), ...changes };
}

export function event(seq: number): StoredEvent {
  return { seq, kind: "StepSucceeded", body: `{"n":${seq}}` };
}

/** Of an execution that was created for its worker: its first lease. */
export function commitOf(execution: string, changes: Partial<Commit> = {}): Commit {
  return { execution, lease: 1, events: [], wakeAt: null, consumed: [], opened: [], closed: [], ...changes };
}

export async function acquire(store: Store, by = owner, now = 0): Promise<number> {
  const acquired = await store.acquire(by, now, STALE_MS);
  if (acquired.kind !== "acquired") throw new Error("The test does not own its store.");
  return acquired.epoch;
}

/** What the worker would be given at `now`, without taking it. */
export async function dueIds(store: Store, epoch: number, { now = 0, limit = 10 } = {}): Promise<string[]> {
  const { executions } = await store.claim(epoch, { now, limit, functions: ["a.ts#f"] });
  await store.releaseLeases(
    epoch,
    executions.map(({ row, lease }) => ({ execution: row.id, lease })),
  );
  return executions.map(({ row }) => row.id);
}

/** An execution with a callback "c" that times out at 1,000 and needs a heartbeat every 100. */
export async function withCallback(store: Store): Promise<number> {
  const epoch = await acquire(store);
  await store.create(newExecution("x"), epoch);
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

/** Takes an execution that nobody has, in whatever state. */
export async function leaseOf(store: Store, epoch: number, id: string): Promise<number> {
  const wanted = { now: 0, limit: 1, functions: [], only: [id], any: true };
  return (await store.claim(epoch, wanted)).executions[0]?.lease ?? 0;
}

/** Whether all of a commit was refused: a store of one worker throws, one of many returns what is not this one's. */
export async function isRefused(work: () => Answer<readonly string[]>): Promise<boolean> {
  try {
    return (await work()).length > 0;
  } catch (error) {
    return error instanceof FencedError;
  }
}
