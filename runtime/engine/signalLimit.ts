/**
 * How many signals that nobody has asked for an execution may have: whoever sends looks, from time to time, as what is in
 * a state shows only when that is read. So there may be some more, a sixteenth of the limit for each process that sends.
 */
import { SignalsFullError } from "../errors.ts";
import type { Store } from "../stores/store.ts";

/** Executions whose count is kept. */
const COUNTS_MAX = 10_000;
/** A tail that is longer belongs to a state that cannot be written: what was taken since does not show there. */
const TAIL_MAX = 64;

export class SignalLimit {
  private readonly max: number;
  /** What this process has sent since it last looked, by execution. */
  private readonly sent = new Map<string, number>();

  constructor(max: number) {
    this.max = max;
  }

  /** Throws `SignalsFullError`. */
  async assertRoom(store: Store, id: string): Promise<void> {
    const sent = this.sent.get(id) ?? Infinity;
    if (sent + 1 < this.max / 16) {
      this.sent.set(id, sent + 1);
      return;
    }
    this.sent.delete(id);
    const count = await countSignals(store, id, this.max);
    if (count >= this.max) {
      throw new SignalsFullError(
        `Execution "${id}" has ${count} signals that it has not asked for, and may have ${this.max}. Send fewer, have it ask ` +
          `for them, or raise limits.signals.`,
      );
    }
    if (this.sent.size >= COUNTS_MAX) this.sent.clear();
    this.sent.set(id, 0);
  }
}

/** Those on their way, and those that are kept in the state. */
async function countSignals(store: Store, id: string, max: number): Promise<number> {
  const waiting = (await store.messages(id)).length;
  const events = (await store.get(id))?.lastSeq ?? 0;
  // Each one that is kept has an event.
  if (waiting + events < max) return waiting;
  const { snapshot = null, tail = [] } = (await store.load(id)) ?? {};
  const kept = snapshot === null ? 0 : countKept(snapshot.body);
  const late = tail.length > TAIL_MAX ? 0 : tail.filter(({ kind }) => kind === "SignalReceived").length;
  return waiting + kept + late;
}

/** In the text of a state. */
function countKept(state: string): number {
  const { signals = {} } = JSON.parse(state) as {
    readonly signals?: Readonly<Record<string, readonly string[]>>;
  };
  return Object.values(signals).reduce((sum, { length }) => sum + length, 0);
}
