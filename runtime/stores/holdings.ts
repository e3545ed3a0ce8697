/**
 * Leases where one worker at a time may have all executions of a store: nobody else needs to know which it has, so
 * nothing is written for them, and their number is the worker's epoch.
 */
import type { Claimed, LeasedExecution, Wanted } from "./leases.ts";
import type { Commit, ExecutionRow, LoadedExecution } from "./store.ts";

/** What a claim looks at. */
export interface Shelf {
  /** RUNNING, without a problem, of these functions: those that are due, the oldest wake time first, at most `limit`. */
  due(wanted: Wanted, limit: number): Iterable<Candidate>;
  /** RUNNING and without a problem: those that have messages, due or not. */
  called(): Iterable<Candidate>;
  load(execution: string): LoadedExecution | null;
}

export type Candidate = Pick<ExecutionRow, "id" | "function">;

export class Holdings {
  private readonly held = new Set<string>();

  claim(epoch: number, wanted: Wanted, shelf: Shelf): Claimed {
    const executions: LeasedExecution[] = [];
    const taken = new Set<string>();
    const called: string[] = [];
    const functions = new Set(wanted.functions);
    const take = (id: string): void => {
      const loaded = shelf.load(id);
      if (loaded?.row.status !== "RUNNING") return;
      const isWanted = isAwake(loaded, wanted.now) && functions.has(loaded.row.function);
      if (!isWanted && wanted.any !== true) return;
      this.held.add(id);
      taken.add(id);
      executions.push({ ...loaded, lease: epoch });
    };
    if (wanted.only !== undefined) {
      for (const id of wanted.only.slice(0, wanted.limit)) take(id);
      return { executions, unreadable: [], called };
    }
    // What it has is due too, mostly.
    const due = wanted.limit > 0 ? shelf.due(wanted, this.held.size + wanted.limit) : [];
    for (const { id } of due) {
      if (executions.length >= wanted.limit) break;
      if (!this.held.has(id)) take(id);
    }
    for (const { id, function: name } of shelf.called()) {
      if (this.held.has(id)) {
        if (!taken.has(id)) called.push(id);
      } else if (functions.has(name) && executions.length < wanted.limit) take(id);
    }
    return { executions, unreadable: [], called };
  }

  add(execution: string): void {
    this.held.add(execution);
  }

  release(leases: readonly Pick<Commit, "execution">[]): void {
    for (const { execution } of leases) this.held.delete(execution);
  }

  /** What has ended or was parked is nobody's. */
  committed(commits: readonly Commit[]): void {
    for (const { execution, end, problem } of commits)
      if (end !== undefined || typeof problem === "string") this.held.delete(execution);
  }

  clear(): void {
    this.held.clear();
  }
}

function isAwake({ row, messages }: LoadedExecution, now: number): boolean {
  if (row.problem !== null) return false;
  return messages.length > 0 || (row.wakeAt !== null && row.wakeAt <= now);
}
