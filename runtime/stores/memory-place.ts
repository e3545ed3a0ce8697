import { MemoryQueues } from "./memory-queues.ts";
import type { SettledCallback } from "./rows.ts";
import type { ExecutionRow, Message, Owner, SnapshotWrite, StoredEvent } from "./store.ts";

/** What stands for the file: several stores opened on one memory share everything, as processes share a file. */
export interface Memory {
  readonly executions: Map<string, Held>;
  readonly callbacks: Map<string, SettledCallback>;
  owner: { epoch: number; holder: (Omit<Owner, "build"> & { heartbeatAt: number }) | null };
  messageCount: number;
  executionCount: number;
  /** Counts writes by the store that made them. */
  readonly writes: Map<object, number>;
  readonly queues: MemoryQueues;
}

/** One execution. Rows are replaced, never changed: they have been handed out. */
export interface Held {
  row: ExecutionRow;
  readonly number: number;
  readonly events: StoredEvent[];
  snapshot: { readonly seq: number; readonly chunks: readonly string[] } | null;
  readonly chunks: Map<string, string>;
  messages: readonly Message[];
  readonly keepMs: number | null;
  /** Builds that have parked it. */
  parkedBy: string;
}

export function createMemory(): Memory {
  return {
    executions: new Map(),
    callbacks: new Map(),
    owner: { epoch: 0, holder: null },
    messageCount: 0,
    executionCount: 0,
    writes: new Map(),
    queues: new MemoryQueues(),
  };
}

export function writeSnapshot(held: Held, { seq, chunks, added, removed }: SnapshotWrite): void {
  for (const { hash, body } of added) held.chunks.set(hash, body);
  for (const hash of removed) held.chunks.delete(hash);
  held.snapshot = { seq, chunks };
}
