/**
 * What becomes of a worker whose connection broke. Others see nothing of it, and its leases hold on; but of what was asked
 * for at that moment nobody knows whether it was done. So it takes part anew, under a higher epoch, which keeps out what
 * comes late, and is told all it has: from this each commit is either there, or is made again. Bodies at work go on.
 */
import type { HeldLeases } from "../stores/leases.ts";
import type { Answer, Commit, Store } from "../stores/store.ts";

export interface Mending {
  /** Under which this worker acts now: taking part anew raises it. */
  readonly right: { epoch: number };
  /**
   * After an error of the store: resolves with what the worker has once it takes part anew; rejects when it is given up.
   * Null: it was no broken connection, or there is nothing to go on with.
   */
  mend(error: unknown): Promise<HeldLeases> | null;
  /**
   * Something was refused under `epoch`. Null: rightly. Else because the worker takes part anew at this moment, or has just
   * done so: resolves when it has, and the same may be asked for again; rejects when it is given up.
   */
  moved(epoch: number): Promise<unknown> | null;
}

interface Parts extends Mending {
  readonly store: Store;
}

/** As `Store.commit`, and whatever becomes of the connection meanwhile, each of these is there in the end, or lost. */
export function commitMending(parts: Parts, commits: readonly Commit[]): Answer<readonly string[]> {
  const { epoch } = parts.right;
  const answer = parts.store.commit(epoch, commits);
  if (!(answer instanceof Promise)) return answer;
  return answer.then(
    (lost) => (lost.length === 0 ? lost : commitAgain(parts, commits, { epoch, answer })),
    () => commitAgain(parts, commits, { epoch, answer }),
  );
}

/** Those that are not there are made again. Ends at the latest when the worker is given up. */
async function commitAgain(
  parts: Parts,
  commits: readonly Commit[],
  first: { readonly epoch: number; readonly answer: Answer<readonly string[]> },
): Promise<readonly string[]> {
  let left = commits;
  for (let { epoch, answer } = first; ;) {
    try {
      const lost = await answer;
      const moved = lost.length > 0 ? parts.moved(epoch) : null;
      if (moved === null) return lost;
      await moved;
      left = left.filter(({ execution }) => lost.includes(execution));
    } catch (error) {
      const mended = parts.mend(error);
      if (mended === null) throw error;
      const held = await mended;
      left = left.filter((commit) => !isThere(commit, held));
    }
    if (left.length === 0) return [];
    ({ epoch } = parts.right);
    answer = parts.store.commit(epoch, left);
  }
}

/** One without events may be made twice. */
function isThere({ execution, lease, events }: Commit, held: HeldLeases): boolean {
  const found = held.get(execution);
  const last = events.at(-1);
  return found?.lease === lease && last !== undefined && found.lastSeq >= last.seq;
}
