/** An execution that has ended goes on, or another one goes on from its past. */
import { RetryRefusedError, UnknownExecutionError } from "../errors.ts";
import { cutNew } from "../stores/cutting.ts";
import type { ExecutionRow, Store } from "../stores/store.ts";
import type { Numbered } from "./events.ts";
import { effective, fromStored, isEnd, toStored } from "./events.ts";
import type { StartOptions } from "./starts.ts";
import { checkStart } from "./starts.ts";
import { toMilliseconds } from "../duration.ts";
import { assertWhole } from "./trimming.ts";
import { openCallbacks, planFork, planRetry } from "./undo.ts";
import type { World } from "./world.ts";

export interface RetryOptions extends Pick<StartOptions, "executionTimeout"> {
  /** The last event that stays. Default: the one before what made it fail, or before it was stopped. */
  readonly to?: number;
}

export interface ForkOptions extends StartOptions {
  /** Id of the new execution. Default: a new one. */
  readonly id?: string;
  /** The last event it has in common. Default: as `retry` has it; of one that runs, its last. */
  readonly at?: number;
}

interface Parts {
  readonly store: Store;
  readonly world: World;
}

/** Throws `RetryRefusedError` if it runs, or has undone what it did. */
export async function retryExecution(
  { store, world }: Parts,
  id: string,
  options: RetryOptions,
): Promise<void> {
  const row = await read(store, id);
  if (row.status === "RUNNING" || row.status === "SUCCEEDED") {
    throw new RetryRefusedError(
      `The execution "${id}" ${row.status === "RUNNING" ? "is running" : "has succeeded"}: there is nothing to try again.`,
    );
  }
  checkStart(options);
  const journal = await readJournal(store, id);
  const undoing = planRetry(journal, options.to);
  const now = world.now();
  const timeoutMs = toTimeout(journal, options);
  const seq = row.lastSeq + 1;
  const event = {
    kind: "ExecutionRetried",
    time: now,
    ...(timeoutMs === null ? {} : { timeoutAt: now + timeoutMs }),
    ...undoing,
  } as const;
  const happened = effective([...journal, { seq, event }]);
  // It would run for ever without anything to do.
  if (happened.some((one) => isEnd(one.event))) {
    throw new RetryRefusedError(
      `Up to event ${undoing.to} the execution "${id}" has ended: there is nothing to go on with. Name an event before its end.`,
    );
  }
  const callbacks = openCallbacks(happened).map(({ callback }) => callback);
  if (await store.reopen({ execution: id, event: toStored(seq, event), wakeAt: now, callbacks })) return;
  throw new RetryRefusedError(`The execution "${id}" is running again already.`);
}

/** Returns the id of the new execution. Throws `RetryRefusedError`. */
export async function forkExecution(
  { store, world }: Parts,
  id: string,
  options: ForkOptions,
): Promise<string> {
  const row = await read(store, id);
  checkStart(options);
  const { id: newId = world.uuid(), at, tags = row.tags, retention } = options;
  const journal = await readJournal(store, id);
  const now = world.now();
  const past = planFork(journal, { now, uuid: () => world.uuid(), at });
  const forked = {
    id: newId,
    function: row.function,
    createdAt: now,
    ...past,
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(retention === undefined ? {} : { keepMs: toMilliseconds(retention, "The retention") }),
  };
  if ((await store.create(cutNew(forked))).created) return newId;
  throw new RetryRefusedError(`An execution "${newId}" exists already: a fork needs an id of its own.`);
}

function toTimeout(journal: readonly Numbered[], { executionTimeout }: RetryOptions): number | null {
  if (executionTimeout !== undefined) return toMilliseconds(executionTimeout, "The executionTimeout");
  const first = journal[0]?.event;
  if (first?.kind !== "ExecutionStarted" || first.timeoutAt === undefined) return null;
  return first.timeoutAt - first.time;
}

async function read(store: Store, id: string): Promise<ExecutionRow> {
  const row = await store.get(id);
  if (row !== null) return row;
  throw new UnknownExecutionError(`There is no execution "${id}" in ${store.name}.`);
}

const PAGE = 1_000;

async function readJournal(store: Store, id: string): Promise<readonly Numbered[]> {
  const journal: Numbered[] = [];
  for (;;) {
    const page = await store.history(id, journal.at(-1)?.seq ?? 0, PAGE);
    journal.push(...page.map((stored) => ({ seq: stored.seq, event: fromStored(stored) })));
    assertWhole(id, journal);
    if (page.length < PAGE) return journal;
  }
}
