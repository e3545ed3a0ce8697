/** What was gathered happens. */
import type { Gathering } from "./gathering.ts";
import type { Running } from "./load.ts";
import { drained } from "./world.ts";

/** Times that an execution's code runs on within one turn: what never waits for anything outside still leaves time for others. */
const ROUNDS_MAX = 32;

/** One event an execution and round, so that all executions share each draining. */
export async function applyAll(gathered: readonly Gathering[]): Promise<void> {
  for (let round = gathered; ; await drained()) {
    round = round.filter((one) => one.hasUnapplied);
    if (round.length === 0) return;
    for (const one of round) one.applyNext();
  }
}

/**
 * Applies what was reported before it is committed, and what comes of that, until each execution waits for something
 * outside: all of it is one commit, and one wait for the disk. Until then nobody outside hears of it, and no body begins.
 * `taken` is told of each whose reports were taken.
 */
export async function runAhead(
  gathered: readonly Gathering[],
  taken: (running: Running) => void,
): Promise<void> {
  for (const { running } of gathered) running.execution.runAhead();
  let round = gathered.filter(({ running }) => !running.execution.disposed);
  for (let left = ROUNDS_MAX; left > 0 && round.length > 0; left--) {
    for (const one of round) {
      taken(one.running);
      one.gather();
    }
    await applyAll(round);
    round = round.filter((one) => one.goesOn);
  }
}
