import { neededUntil } from "./cutting.ts";
import { MemoryQueues } from "./memory-queues.ts";
import type { SettledCallback } from "./rows.ts";
import type {
  EventWrite,
  ExecutionRow,
  Message,
  Owner,
  SnapshotWrite,
  StoredChunk,
  StoredEvent,
} from "./store.ts";

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
  /** Chunks that events need, with the event they may go with. */
  readonly pins: Map<string, number>;
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

/** Keeps events whole, and of large ones the chunks too, as a state may be made of them. */
export function append(held: Pick<Held, "events" | "chunks" | "pins">, written: EventWrite): void {
  const { added = [], ...event } = written;
  const { seq, chunks, body } = event;
  if (chunks === undefined) return void held.events.push(event);
  addChunks(held, added);
  for (const hash of chunks) held.pins.set(hash, Math.max(held.pins.get(hash) ?? 0, neededUntil(seq)));
  held.events.push({ ...event, body: body + chunks.map((hash) => held.chunks.get(hash)!).join("") });
}

/** `Store.trim` */
export function trim(held: Held, to: number, limit: number): number {
  const { events, row, snapshot } = held;
  const last = Math.min(to, snapshot?.seq ?? 0, row.lastSeq - 1);
  const after = events.findIndex(({ seq }) => seq > last);
  const removed = events.splice(1, Math.max(0, Math.min(after - 1, limit)));
  unpin(held, removed.at(-1)?.seq ?? 0);
  return removed.length;
}

/** Events up to this one are gone, and need no chunks any more. */
function unpin({ pins, chunks, snapshot }: Held, to: number): void {
  const inState = new Set(snapshot?.chunks);
  for (const [hash, until] of pins) {
    if (until > to) continue;
    pins.delete(hash);
    if (!inState.has(hash)) chunks.delete(hash);
  }
}

export function writeSnapshot(held: Held, { seq, chunks, added, removed }: SnapshotWrite): void {
  addChunks(held, added);
  dropChunks(held, removed);
  held.snapshot = { seq, chunks };
}

export function dropSnapshot(held: Held): void {
  dropChunks(held, held.snapshot?.chunks ?? []);
  held.snapshot = null;
}

function addChunks({ chunks }: Pick<Held, "chunks">, added: readonly StoredChunk[]): void {
  for (const { hash, body } of added) if (!chunks.has(hash)) chunks.set(hash, body);
}

function dropChunks({ chunks, pins }: Held, hashes: readonly string[]): void {
  for (const hash of hashes) if (!pins.has(hash)) chunks.delete(hash);
}
