/**
 * Going on after an end, or beside: which of the recorded events count as not having happened. Pure: the journal comes in,
 * and what to write comes out.
 */
import { RetryRefusedError } from "../errors.ts";
import type { NewExecution } from "../stores/store.ts";
import { COMPENSATION } from "./compensation.ts";
import type { JournalEvent, Numbered, OperationEvent, Undoing } from "./events.ts";
import { effective, isEnd, isOperationEvent, isStop, toStored } from "./events.ts";

/** What made it fail, at the end of its journal: undone, so that it is tried again. */
const FAILURE = /^(Step|Condition|Context|Invoke)Failed$|^ValueRejected$/;
/** What others did: it stays, or it would be lost. */
const FROM_OUTSIDE = /^(Callback(Succeeded|Failed|TimedOut)|InvokeSucceeded|SignalReceived)$/;
/** Where an operation stands between its attempts. */
const ATTEMPT = /^(StepStarted|StepRetryScheduled)$/;

/** What a retry undoes. `to`: the last event that stays; absent: the one before what made it fail. */
export function planRetry(journal: readonly Numbered[], to?: number): Undoing {
  const happened = effective(journal).filter(({ event }) => !isEnd(event));
  const compensated = happened.find(
    ({ event }) => isOperationEvent(event) && event.op.startsWith(COMPENSATION),
  );
  if (compensated !== undefined && (to === undefined || to >= compensated.seq)) {
    throw new RetryRefusedError(
      `What this execution did has been undone by its compensations (event ${compensated.seq}). Start another one, or name ` +
        `an event before: retry(id, { to }).`,
    );
  }
  const last = to ?? lastGood(happened);
  assertSeq(journal, last);
  const stays = happened.filter(({ seq }) => seq <= last);
  const undone = happened.filter(({ seq }) => seq > last);
  const open = new Set(stays.map(({ event }) => opOf(event)));
  const keep = undone.filter(
    ({ event }) => FROM_OUTSIDE.test(event.kind) && (!isOperationEvent(event) || open.has(event.op)),
  );
  const answered = new Set(
    [...stays, ...keep].filter(({ event }) => /^Invoke(Succeeded|Failed)$/.test(event.kind)).map(opIn),
  );
  const failed = new Set(undone.filter(({ event }) => FAILURE.test(event.kind)).map(opIn));
  const drop = stays.filter(
    ({ event }) =>
      // Nobody tells of the end of what it had invoked: that is invoked anew.
      (event.kind === "InvokeStarted" && !answered.has(event.op)) ||
      // A step that failed for good has all its attempts again.
      (ATTEMPT.test(event.kind) && failed.has(opOf(event))),
  );
  const toSeq = ({ seq }: Numbered): number => seq;
  return { to: last, keep: keep.map(toSeq), drop: drop.map(toSeq) };
}

function lastGood(happened: readonly Numbered[]): number {
  const stop = happened.findIndex(({ event }) => isStop(event.kind));
  let index = (stop < 0 ? happened.length : stop) - 1;
  while (index > 0 && FAILURE.test(happened[index]?.event.kind ?? "")) index--;
  return happened[index]?.seq ?? 1;
}

function assertSeq(journal: readonly Numbered[], seq: number): void {
  const last = journal.at(-1)?.seq ?? 0;
  if (Number.isInteger(seq) && seq >= 1 && seq <= last) return;
  throw new RetryRefusedError(`There is no event ${seq}: the journal has events 1 to ${last}.`);
}

function opOf(event: JournalEvent): string {
  return isOperationEvent(event) ? event.op : "";
}

function opIn({ event }: Numbered): string {
  return opOf(event);
}

/** Callbacks that wait for an answer after these events. */
export function openCallbacks(
  happened: readonly Numbered[],
): readonly Extract<OperationEvent, { kind: "CallbackStarted" }>[] {
  const settled = new Set(
    happened.filter(({ event }) => /^Callback(Succeeded|Failed|TimedOut)$/.test(event.kind)).map(opIn),
  );
  return happened.flatMap(({ event }) =>
    event.kind === "CallbackStarted" && !settled.has(event.op) ? [event] : [],
  );
}

type StartedEvent = Extract<JournalEvent, { kind: "ExecutionStarted" }>;

interface Forking {
  readonly now: number;
  uuid(): string;
}

/** The past of a fork: events up to `at`, with open callbacks and invocations of its own. */
export function planFork(
  journal: readonly Numbered[],
  { now, uuid, at }: Forking & { readonly at: number | undefined },
): Pick<NewExecution, "event" | "past" | "opened"> {
  const undoing = planFrom(journal, at);
  const retried = { seq: Infinity, event: { kind: "ExecutionRetried", time: now, ...undoing } } as const;
  const happened = effective([...journal, retried]).filter(
    ({ event }) => !isEnd(event) && !/^Execution(Admitted|Paused|Resumed|Retried)$/.test(event.kind),
  );
  const open = openCallbacks(happened);
  const asked = new Set(open.map(({ op }) => `${op}/submitter`));
  const events = happened
    .map(({ event }) => event)
    // Whoever is to answer has the other execution's id: it is handed out again.
    .filter((event) => !asked.has(opOf(event)))
    .map((event): JournalEvent => {
      if (event.kind === "ExecutionStarted") return toForked(event, now);
      if (event.kind !== "CallbackStarted" || !open.includes(event)) return event;
      const timeoutAt = event.timeoutAt === null ? null : now + event.timeoutAt - event.time;
      return { ...event, callback: uuid(), timeoutAt };
    });
  const [first, ...past] = events.map((event, index) => toStored(index + 1, event));
  if (first === undefined) throw new RetryRefusedError("The execution has no events.");
  const ops = new Set(open.map(({ op }) => op));
  const opened = events.flatMap((event) =>
    event.kind === "CallbackStarted" && ops.has(event.op)
      ? [
          {
            id: event.callback,
            op: event.op,
            timeoutAt: event.timeoutAt,
            heartbeatMs: event.heartbeatMs,
            heartbeatAt: now,
          },
        ]
      : [],
  );
  return { event: first, past, opened };
}

/** A fork begins at once, and has as much time as the other had. */
function toForked({ queue: _, ...event }: StartedEvent, now: number): JournalEvent {
  return event.timeoutAt === undefined ? event : { ...event, timeoutAt: now + event.timeoutAt - event.time };
}

/** Up to an event that is named, nothing after it counts, from outside or not. */
function planFrom(journal: readonly Numbered[], at: number | undefined): Undoing {
  const plan = planRetry(journal, at);
  return at === undefined ? plan : { ...plan, keep: [] };
}
