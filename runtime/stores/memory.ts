import { FencedError, JournalConflictError, StoreError } from "../errors.ts";
import { Holdings } from "./holdings.ts";
import { assertWritable, findCalled, findDue, findLost, isRunnable, unpark } from "./memory-rows.ts";
import { append, createMemory, dropSnapshot, trim, writeSnapshot } from "./memory-place.ts";
import type { Held, Memory } from "./memory-place.ts";
import {
  ADMITTED_MESSAGE,
  addBuild,
  assertId,
  assertPast,
  assertPending,
  callbackMessage,
  deadlineOf,
  isListed,
  isReplaceable,
  listLimit,
  newRow,
  type SettledCallback,
  settledState,
  toCallbackRow,
  toShownRow,
} from "./rows.ts";
import { isHeld } from "./held.ts";
import { type FunctionCounts, toCounts, toGroup } from "./counts.ts";
import type { Claimed, Wanted } from "./leases.ts";
import type {
  About,
  Acquired,
  AdmissionMoment,
  Admitted,
  CallbackRow,
  Commit,
  Created,
  ExecutionRow,
  ListFilter,
  LoadedExecution,
  Message,
  NewExecution,
  Owner,
  QueueLimits,
  Reopening,
  Settlement,
  Store,
  StoredEvent,
} from "./store.ts";

/** A store that ends with the process, for tests. It keeps the promises of the others, but nothing on a disk. */
export function openMemoryStore(memory: Memory = createMemory()): Store {
  return new MemoryStore(memory);
}

class MemoryStore implements Store {
  readonly name = "memory";
  private readonly memory: Memory;
  private readonly holdings = new Holdings();
  private build = "";
  private isClosed = false;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  acquire(owner: Owner, now: number, staleMs: number): Acquired {
    const state = this.writing().owner;
    const { holder } = state;
    if (holder !== null && !isReplaceable(holder, { owner, now, staleMs })) {
      const { heartbeatAt, ...by } = holder;
      return { kind: "held", by, heartbeatAt };
    }
    state.holder = { id: owner.id, pid: owner.pid, host: owner.host, heartbeatAt: now };
    this.build = owner.build;
    this.holdings.clear();
    return { kind: "acquired", epoch: ++state.epoch };
  }

  renew(epoch: number, now: number): boolean {
    const state = this.writing().owner;
    if (state.epoch !== epoch || state.holder === null) return false;
    state.holder.heartbeatAt = now;
    return true;
  }

  release(epoch: number): void {
    const state = this.writing().owner;
    if (state.epoch === epoch) state.holder = null;
  }

  claim(epoch: number, wanted: Wanted): Claimed {
    this.assertOwned(epoch);
    if (wanted.parked === true) unpark(this.memory, this.build, wanted);
    return this.holdings.claim(epoch, wanted, {
      due: (asked, limit) => findDue(this.memory, asked).slice(0, limit),
      called: () => findCalled(this.memory),
      load: (execution) => this.load(execution),
    });
  }

  releaseLeases(_: number, leases: readonly Pick<Commit, "execution">[]): void {
    this.holdings.release(leases);
  }

  create(execution: NewExecution, epoch?: number): Created {
    const made = this.createOne(execution);
    const mayRun = made.created && execution.queue === undefined;
    if (!mayRun || epoch === undefined || !this.isOwned(epoch)) return made;
    this.holdings.add(execution.id);
    return { ...made, lease: epoch };
  }

  private createOne(execution: NewExecution): Created {
    const memory = this.writing();
    const existing = memory.executions.get(execution.id);
    if (existing !== undefined) return { created: false, row: existing.row, first: existing.events[0]! };
    assertId(execution.id);
    assertPast(execution);
    const row = newRow(execution);
    const nothing = { events: [], snapshot: null, chunks: new Map(), pins: new Map(), messages: [] };
    const held = { row, number: ++memory.executionCount, keepMs: execution.keepMs ?? null, parkedBy: "" };
    const made: Held = { ...nothing, ...held };
    for (const event of [execution.event, ...(execution.past ?? [])]) append(made, event);
    memory.executions.set(execution.id, made);
    for (const opened of execution.opened ?? []) this.open(execution.id, opened);
    if (execution.queue !== undefined) memory.queues.put(execution.id, execution.queue);
    return { created: true, row };
  }

  private open(execution: string, opened: Commit["opened"][number]): void {
    this.memory.callbacks.set(opened.id, {
      ...opened,
      execution,
      state: "PENDING",
      settledAt: null,
      problem: null,
    });
  }

  createAll(executions: readonly NewExecution[], epoch?: number): readonly Created[] {
    return executions.map((execution) => this.create(execution, epoch));
  }

  admit(queue: QueueLimits, moment: AdmissionMoment): Admitted {
    const admitted = this.writing().queues.admit(queue, moment);
    for (const id of admitted.executions) this.leave(id, ADMITTED_MESSAGE);
    return admitted;
  }

  commit(epoch: number, commits: readonly Commit[]): readonly string[] {
    const { executions } = this.writing();
    this.assertOwned(epoch);
    // All is checked before anything is changed: all of it or nothing.
    const lost = findLost(this.memory, commits);
    const kept = commits.filter((commit) => !lost.includes(commit));
    assertWritable(this.memory, kept);
    for (const commit of kept) this.apply(executions.get(commit.execution)!, commit);
    this.holdings.committed(kept);
    return lost.map(({ execution }) => execution);
  }

  private isOwned(epoch: number): boolean {
    const { owner } = this.memory;
    return owner.epoch === epoch && owner.holder !== null;
  }

  private assertOwned(epoch: number): void {
    this.reading();
    if (this.isOwned(epoch)) return;
    throw new FencedError("Another worker has taken over the memory store: nothing was written.");
  }

  private apply(held: Held, commit: Commit): void {
    const { execution, wakeAt, problem, paused } = commit;
    for (const event of commit.events) append(held, event);
    if (commit.snapshot !== undefined) writeSnapshot(held, commit.snapshot);
    if (commit.consumed.length > 0) {
      const consumed = new Set(commit.consumed);
      held.messages = held.messages.filter(({ number }) => !consumed.has(number));
    }
    for (const opened of commit.opened) this.open(execution, opened);
    for (const id of commit.closed) this.closeCallback(id, execution);
    const lastSeq = commit.events.at(-1)?.seq ?? held.row.lastSeq;
    held.row = {
      ...held.row,
      ...(problem === undefined ? {} : { problem }),
      ...(paused === undefined ? {} : { paused }),
      wakeAt,
      lastSeq,
    };
    if (typeof problem === "string") held.parkedBy = addBuild(held.parkedBy, this.build);
    if (commit.end !== undefined) this.end(held, commit.end);
    for (const execution of commit.starts ?? []) this.createOne(execution);
    for (const { execution: to, body } of commit.posts ?? []) this.post(to, body);
  }

  private end(held: Held, { status, at }: NonNullable<Commit["end"]>): void {
    const expiresAt = held.keepMs === null ? null : at + held.keepMs;
    held.row = { ...held.row, status, endedAt: at, wakeAt: null, paused: false, expiresAt };
    for (const id of this.memory.callbacks.keys()) this.closeCallback(id, held.row.id);
    held.messages = [];
    this.memory.queues.leave(held.row.id);
    dropSnapshot(held);
  }

  private closeCallback(id: string, execution: string): void {
    const row = this.memory.callbacks.get(id);
    if (row?.state !== "PENDING" || row.execution !== execution) return;
    this.memory.callbacks.set(id, { ...row, state: "CLOSED" });
  }

  unpark(execution: string, now: number): boolean {
    const held = this.reading().executions.get(execution);
    if (held?.row.status !== "RUNNING" || held.row.problem === null || isHeld(held.row.problem)) return false;
    this.writing();
    held.row = { ...held.row, problem: null, wakeAt: now };
    held.parkedBy = "";
    return true;
  }

  reopen({ execution, event, wakeAt, callbacks }: Reopening): boolean {
    const held = this.reading().executions.get(execution);
    if (held === undefined || held.row.status === "RUNNING") return false;
    if (event.seq !== held.row.lastSeq + 1) {
      throw new JournalConflictError(
        `Event ${event.seq} of execution "${execution}" cannot be written: its journal ends at ${held.row.lastSeq}.`,
      );
    }
    this.writing();
    held.events.push(event);
    const again = { status: "RUNNING", endedAt: null, expiresAt: null } as const;
    held.row = { ...held.row, ...again, wakeAt, lastSeq: event.seq };
    for (const id of callbacks) {
      const row = this.memory.callbacks.get(id);
      if (row?.state === "CLOSED" && row.execution === execution)
        this.memory.callbacks.set(id, { ...row, state: "PENDING" });
    }
    return true;
  }

  remove(now: number, limit: number): number {
    const { executions, callbacks } = this.reading();
    const over = [...executions.values()].filter(({ row }) => row.expiresAt !== null && row.expiresAt <= now);
    let removed = 0;
    for (const { row, events } of over) {
      removed += events.splice(1, Math.max(0, Math.min(events.length - 2, limit - removed))).length;
      if (removed >= limit) break;
      for (const [id, { execution }] of callbacks) if (execution === row.id) callbacks.delete(id);
      executions.delete(row.id);
      removed++;
    }
    if (removed > 0) this.writing();
    return removed;
  }

  load(execution: string): LoadedExecution | null {
    const held = this.reading().executions.get(execution);
    if (held === undefined) return null;
    const { row, snapshot, messages } = held;
    if (row.status !== "RUNNING") return { row, snapshot: null, chunks: [], tail: [], messages: [] };
    if (snapshot === null) return { row, snapshot: null, chunks: [], tail: [...held.events], messages };
    const body = snapshot.chunks.map((hash) => held.chunks.get(hash)!).join("");
    const tail = held.events.filter(({ seq }) => seq > snapshot.seq);
    return { row, snapshot: { seq: snapshot.seq, body }, chunks: snapshot.chunks, tail, messages };
  }

  nextWake(after: number): number | null {
    let next: number | null = null;
    for (const held of this.reading().executions.values()) {
      const { wakeAt } = held.row;
      if (isRunnable(held) && wakeAt !== null && wakeAt > after && (next === null || wakeAt < next))
        next = wakeAt;
    }
    return next;
  }

  settle(id: string, settlement: Settlement, now: number): void {
    const { callbacks } = this.writing();
    const row = this.find(id);
    assertPending(row, id, now);
    callbacks.set(id, { ...row, state: settledState(settlement), settledAt: now });
    this.leave(row.execution, callbackMessage(row, settlement));
  }

  heartbeat(id: string, now: number): void {
    const { callbacks } = this.writing();
    const row = this.find(id);
    assertPending(row, id, now);
    callbacks.set(id, { ...row, heartbeatAt: now });
  }

  expire(id: string, now: number): number | null {
    const { callbacks } = this.reading();
    const row = callbacks.get(id);
    const deadline = row?.state === "PENDING" ? deadlineOf(row) : null;
    if (row === undefined || deadline === null) return null;
    if (deadline.at > now) return deadline.at;
    this.writing();
    callbacks.set(id, { ...row, state: "TIMED_OUT", settledAt: now });
    this.leave(row.execution, callbackMessage(row, { kind: "timedOut", by: deadline.by }));
    return null;
  }

  post(execution: string, body: string): boolean {
    const row = this.reading().executions.get(execution)?.row;
    if (row?.status !== "RUNNING" || isHeld(row.problem)) return false;
    this.writing();
    this.leave(execution, body);
    return true;
  }

  private leave(execution: string, body: string): void {
    const held = this.memory.executions.get(execution)!;
    held.messages = [...held.messages, { number: ++this.memory.messageCount, execution, body }];
  }

  messages(execution: string): readonly Message[] {
    return this.reading().executions.get(execution)?.messages ?? [];
  }

  callback(id: string): CallbackRow | null {
    return toCallbackRow(this.find(id));
  }

  /** With the problem its execution has now. */
  private find(id: string): SettledCallback | null {
    const { callbacks, executions } = this.reading();
    const found = callbacks.get(id);
    return found === undefined
      ? null
      : { ...found, problem: executions.get(found.execution)?.row.problem ?? null };
  }

  about(execution: string): About | null {
    const { callbacks, executions } = this.reading();
    const held = executions.get(execution);
    if (held === undefined) return null;
    const own = [...callbacks.values()].filter((callback) => callback.execution === execution);
    return { callbacks: own.map(toShownRow).sort((a, b) => (a.id < b.id ? -1 : 1)), keepMs: held.keepMs };
  }

  get(execution: string): ExecutionRow | null {
    return this.reading().executions.get(execution)?.row ?? null;
  }

  list(filter: ListFilter): readonly ExecutionRow[] {
    const { before, limit } = filter;
    const { executions } = this.reading();
    const end = before === undefined ? Infinity : (executions.get(before)?.number ?? 0);
    return [...executions.values()]
      .filter(({ row, number }) => number < end && isListed(row, filter))
      .reverse()
      .slice(0, listLimit(limit))
      .map(({ row }) => row);
  }

  ended(ids: readonly string[]): readonly string[] {
    const { executions } = this.reading();
    return ids.filter((id) => executions.get(id)?.row.status !== "RUNNING");
  }

  counts(now: number): readonly FunctionCounts[] {
    return toCounts([...this.reading().executions.values()].map(({ row }) => toGroup(row, now)));
  }

  history(execution: string, afterSeq: number, limit: number): readonly StoredEvent[] {
    const events = this.reading().executions.get(execution)?.events ?? [];
    const from = afterSeq < 1 ? 0 : events.findIndex(({ seq }) => seq > afterSeq);
    return from < 0 ? [] : events.slice(from, from + Math.max(0, limit));
  }

  trim(execution: string, to: number, limit: number): number {
    const held = this.writing().executions.get(execution);
    return held === undefined ? 0 : trim(held, to, limit);
  }

  version(): number {
    let version = 0;
    for (const [store, count] of this.reading().writes) if (store !== this) version += count;
    return version;
  }

  close(): void {
    this.isClosed = true;
  }

  private reading(): Memory {
    if (this.isClosed) throw new StoreError("The memory store has been closed.");
    return this.memory;
  }

  private writing(): Memory {
    const { writes } = this.reading();
    writes.set(this, (writes.get(this) ?? 0) + 1);
    return this.memory;
  }
}
