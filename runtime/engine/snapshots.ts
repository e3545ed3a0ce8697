/**
 * When the state is written. Three bounds: a resume re-runs a short tail; all snapshots together cost at most twice the
 * journal, so what is written is at most three times what was recorded; and nothing ever depends on a snapshot.
 *
 * A snapshot is considered with every commit, and written when the bytes that are new in it fit the budget: twice the
 * journal written since the last one. A small state therefore travels with every event, a larger one with every few.
 * The text is cut into chunks by content, so what did not change costs nothing, however large it is.
 */
import { EncodeError } from "../errors.ts";
import type { SnapshotWrite } from "../stores/store.ts";
import { toChunks } from "../values/chunks.ts";

/** Snapshot bytes allowed for each byte of journal. */
const ALLOWANCE = 2;
/** After this many events a snapshot is tried even if the last one was too large. */
const TAIL_MAX = 64;
/** After a state that could not be written, this many events pass before the next try. */
const PAUSE_AFTER_FAILURE = 8;

/** Why the last state was not written: shown with the execution. */
export interface SnapshotProblem {
  readonly path: string;
  readonly message: string;
}

export interface Occasion {
  /** Number of the last applied event. */
  readonly seq: number;
  /** Bytes of the events that are about to be committed. */
  readonly journalBytes: number;
  readonly events: number;
  /** An explicit checkpoint: write it whatever it costs. */
  readonly forced: boolean;
  readonly save: () => string;
}

export class Snapshots {
  /** What the last snapshot is made of. */
  private known: ReadonlySet<string>;
  private journalBytes = 0;
  /** Events since the last snapshot. */
  private tail: number;
  /** New bytes of the last state that was too large to write. */
  private tooLarge = 0;
  private pause = 0;
  problem: SnapshotProblem | null = null;

  constructor(chunks: readonly string[], tail: { readonly events: number; readonly bytes: number }) {
    this.known = new Set(chunks);
    this.tail = tail.events;
    this.journalBytes = tail.bytes;
  }

  consider(occasion: Occasion): SnapshotWrite | undefined {
    this.journalBytes += occasion.journalBytes;
    this.tail += occasion.events;
    if (occasion.seq === 0 || !this.worthTrying(occasion)) return undefined;
    try {
      return this.write(occasion);
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      this.problem = { path: error.path, message: error.message };
      this.pause = PAUSE_AFTER_FAILURE;
      return undefined;
    }
  }

  private worthTrying({ forced, events }: Occasion): boolean {
    if (forced) return true;
    this.pause -= events;
    if (this.pause > 0) return false;
    const budget = this.journalBytes * ALLOWANCE;
    // Encoding a large state only to find it too large again would cost more than the tail it saves.
    return this.tooLarge <= budget || this.tail % TAIL_MAX < events;
  }

  private write({ seq, save, forced, events, journalBytes }: Occasion): SnapshotWrite | undefined {
    const chunks = toChunks(save());
    this.problem = null;
    const hashes = chunks.map(({ hash }) => hash);
    const fresh = new Map(
      chunks.filter(({ hash }) => !this.known.has(hash)).map((chunk) => [chunk.hash, chunk]),
    );
    let bytes = 0;
    for (const { body } of fresh.values()) bytes += Buffer.byteLength(body);
    if (!forced && bytes > this.journalBytes * ALLOWANCE) {
      this.tooLarge = bytes;
      return undefined;
    }
    const next = new Set(hashes);
    const removed = [...this.known].filter((hash) => !next.has(hash));
    this.known = next;
    this.tooLarge = 0;
    // The events that are committed with it come after it.
    this.tail = events;
    this.journalBytes = journalBytes;
    return { seq, chunks: hashes, added: [...fresh.values()], removed };
  }
}
