/** What was committed happens. */
import type { JournalEvent } from "./events.ts";
import type { Execution } from "./execution.ts";
import type { Running } from "./load.ts";
import { drained } from "./world.ts";

interface Committed {
  readonly running: Running;
  readonly events: readonly JournalEvent[];
}

interface Told {
  /** The execution's code and journal do not fit. Throws errors that are none of the execution's. */
  park(execution: Execution, error: unknown): Promise<void>;
  /** It has something to commit. */
  news(running: Running): void;
}

/** One event an execution and round, so that all executions share each draining. */
export async function applyAll(committed: readonly Committed[], told: Told): Promise<void> {
  let round = committed;
  for (let index = 0; ; index++) {
    round = round.filter(({ events, running }) => index < events.length && !running.execution.disposed);
    if (round.length === 0) return;
    for (const { events, running } of round) {
      try {
        running.execution.apply(events[index] as JournalEvent);
      } catch (error) {
        await told.park(running.execution, error);
      }
      if (running.execution.hasNews) told.news(running);
    }
    await drained();
  }
}
