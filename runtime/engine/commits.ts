/** Commits that no event asks for, and what commits mean to others. */
import type { Commit } from "../stores/store.ts";
import { considerState } from "./gathering.ts";
import type { Running } from "./load.ts";

/** The commit of an execution that leaves memory although its last event did not say so: its state, and its wake time. */
export function wakeCommit(running: Running): Commit {
  const { execution } = running;
  const { applied: seq, queued } = execution;
  const occasion = { seq, journalBytes: 0, events: 0, after: 0, forced: false, pausing: true };
  const snapshot = queued === null ? considerState(running, occasion) : undefined;
  return {
    execution: execution.id,
    lease: execution.lease,
    events: [],
    ...(snapshot === undefined ? {} : { snapshot }),
    wakeAt: execution.nextTimer(),
    consumed: [],
    opened: [],
    closed: [],
  };
}

/** Of an execution that cannot go on here. */
export function parkCommit(held: Pick<Commit, "execution" | "lease">, problem: string): Commit {
  return { ...held, events: [], wakeAt: null, consumed: [], opened: [], closed: [], problem };
}

/** Executions that began with these commits, and those that were left messages. */
export function findOthers(commits: readonly Commit[]): ReadonlySet<string> {
  const others = new Set<string>();
  for (const { starts, posts } of commits) {
    for (const { id, queue } of starts ?? []) if (queue === undefined) others.add(id);
    for (const { execution } of posts ?? []) others.add(execution);
  }
  return others;
}
