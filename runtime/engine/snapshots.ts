/**
 * When the state is written. Three bounds: a resume re-runs a short tail; all snapshots together cost at most twice the
 * journal, so what is written is at most three times what was recorded; and nothing ever depends on a snapshot.
 *
 * A snapshot is considered when 48 events have come since the last one and before every sleep, and written when the bytes
 * that are new in it fit the credit: twice what the journal has taken, less what snapshots have. A large state is therefore
 * written less often, as the journal grows. The text is cut into chunks by content, so what did not change costs nothing, however
 * large it is; nor does what an event after the last snapshot has brought, whose chunks are those of large events too.
 */
import { EncodeError, messageOf } from "../errors.ts";
import { cut, toFresh } from "../stores/cutting.ts";
import type { EventWrite, SnapshotWrite, StoredEvent } from "../stores/store.ts";
import { toChunks } from "../values/chunks.ts";
import type { UnwritablePlace } from "./state.ts";
import { UnwritableStateError } from "./state.ts";

/** Snapshot bytes allowed for each byte of journal. */
const ALLOWANCE = 2;
/**
 * After this many events a snapshot is tried however large the state is. It is still not written if it would cost more than
 * allowed, as where each of a thousand small results changes another part of a large map: then a resume re-runs more, but
 * never more bytes than the state has.
 */
const TAIL_MAX = 64;
/**
 * While an execution hurries from step to step, its state is written when so many events lie behind it that a resume
 * would not have to re-run. With each event it took a third of the time of a step, with every 32nd a tenth (measured).
 */
const EVERY = 48;
/** A state of so many characters need not wait for the journal to grow. */
const SMALL = 4_096;
/** After a state that could not be written, this many events pass before the next try. */
const PAUSE_AFTER_FAILURE = 8;

/** Names of chunks that are kept in memory for one execution: those of some 100 MB of results. */
const IN_TAIL_MAX = 20_000;

/** Why the last state was not written: shown with the execution. */
export interface SnapshotProblem {
  /** From the variable to the value: `order.lines[2].client`. */
  readonly path: string;
  /** What the value is, and what to do. */
  readonly reason: string;
  readonly message: string;
  /** Null: it is what an operation needs, not a variable. */
  readonly place: UnwritablePlace | null;
}

export interface Occasion {
  /** Number of the last applied event. */
  readonly seq: number;
  /** Bytes of the events that are about to be committed. */
  readonly journalBytes: number;
  readonly events: number;
  /** Of these, the ones that are not in the state. */
  readonly after: number;
  /** An explicit checkpoint: write it whatever it costs. */
  readonly forced: boolean;
  /** The execution may sleep after this: for a long time, so what it wakes up with should be fresh. */
  readonly pausing: boolean;
}

export class Snapshots {
  /** Chunks of the last snapshot. */
  private known: ReadonlySet<string>;
  /**
   * Chunks of events after the last snapshot, with the last event that has them: those before it may have been trimmed, and
   * their chunks with them.
   */
  private readonly inTail = new Map<string, number>();
  /** Bytes that snapshots may still take: each byte of journal brings some, each written byte takes one. */
  private credit = 0;
  /** Events since the last snapshot. */
  private tail: number;
  /** Journal bytes since the last try. */
  private recorded = 0;
  /** Characters of the last state that was tried. */
  private size = 0;
  /** New bytes of the last state that was too large to write. */
  private tooLarge = 0;
  private pause = 0;
  problem: SnapshotProblem | null = null;

  /** `chunks` and `tail`: what the last snapshot is made of, and the events after it. */
  constructor(chunks: readonly string[], tail: readonly StoredEvent[]) {
    this.known = new Set(chunks);
    this.tail = tail.length;
    for (const event of tail) this.keep(event);
    // The first of them was committed with that snapshot, and its credit may be spent.
    this.recorded = tail.slice(1).reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    this.credit = this.recorded * ALLOWANCE;
  }

  /** A large event that is about to be committed. */
  cut(event: StoredEvent): EventWrite {
    // A state of one chunk may be in a row of its own, where events cannot share it.
    const inState = this.known.size > 1 ? this.known : this.inTail;
    const written = cut(event, (hash) => inState.has(hash) || this.inTail.has(hash));
    this.keep(written);
    return written;
  }

  private keep({ seq, chunks = [] }: StoredEvent): void {
    for (const hash of chunks) this.inTail.set(hash, seq);
    // Of a tail without end, as where no state can be written, the oldest are forgotten: they would be sent once more.
    for (const hash of this.inTail.keys()) {
      if (this.inTail.size <= IN_TAIL_MAX) break;
      this.inTail.delete(hash);
    }
  }

  /** `save`: the state as text. Throws `EncodeError` if it cannot be written now. */
  consider(occasion: Occasion, save: () => string): SnapshotWrite | undefined {
    this.credit += occasion.journalBytes * ALLOWANCE;
    this.recorded += occasion.journalBytes;
    this.tail += occasion.events;
    const gain = this.tail - occasion.after;
    if (occasion.seq === 0 || !this.worthTrying(occasion, gain)) return undefined;
    let text;
    try {
      text = save();
    } catch (error) {
      // Also what the author's code threw as it was written: nothing depends on a snapshot.
      const problem =
        error instanceof EncodeError ? error : new EncodeError("", `writing it throws: ${messageOf(error)}`);
      const { path, reason, message } = problem;
      this.problem = { path, reason, message, place: toPlace(problem) };
      this.pause = PAUSE_AFTER_FAILURE;
      return undefined;
    }
    return this.write(occasion, text);
  }

  /** `gain`: events that a resume would no longer re-run. */
  private worthTrying({ forced, pausing, events }: Occasion, gain: number): boolean {
    if (forced) return true;
    this.pause -= events;
    if (this.pause > 0 || gain === 0 || (gain < EVERY && !pausing)) return false;
    // Encoding costs time whether or not it is written: a large state waits until the journal has grown with it.
    if (this.tooLarge > this.credit) return false;
    return this.tail >= TAIL_MAX || this.size <= Math.max(SMALL, this.recorded);
  }

  private write({ seq, forced, after }: Occasion, text: string): SnapshotWrite | undefined {
    const chunks = toChunks(text);
    this.problem = null;
    this.size = text.length;
    this.recorded = 0;
    const hashes = chunks.map(({ hash }) => hash);
    const added = toFresh(chunks, (hash) => this.known.has(hash) || this.inTail.has(hash));
    const bytes = added.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    if (!forced && bytes > this.credit) {
      this.tooLarge = bytes;
      return undefined;
    }
    const next = new Set(hashes);
    const removed = [...this.known].filter((hash) => !next.has(hash));
    this.known = next;
    for (const [hash, last] of this.inTail) if (last <= seq) this.inTail.delete(hash);
    this.tooLarge = 0;
    this.tail = after;
    this.credit = Math.max(this.credit - bytes, 0);
    return { seq, chunks: hashes, added, removed };
  }
}

function toPlace(error: EncodeError): UnwritablePlace | null {
  return error instanceof UnwritableStateError ? error.place : null;
}
