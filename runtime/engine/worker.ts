/**
 * Runs executions: collects what they report, commits it in one transaction, applies it, and waits until all of them
 * are parked again. One such round is a *turn*; everything that is ready at the same moment shares it, and its fsync.
 *
 * Executions that can only wait leave memory. The store's wake times and messages bring them back.
 */
import { DecodeError, EngineClosedError, NonDeterminismError, UnplaceableStateError } from "../errors.ts";
import type { Commit, LoadedExecution } from "../stores/store.ts";
import { Admission } from "./admission.ts";
import { atWork } from "./atWork.ts";
import { findOthers, parkCommit, prepareCommit, type Prepared, wakeCommit } from "./commits.ts";
import type { Execution, ExecutionHooks } from "./execution.ts";
import type { ResumeReport, Running } from "./load.ts";
import { deliver } from "./messages.ts";
import { leave, tellCommitted, tellLoaded } from "./observing.ts";
import { QueueWatch } from "./queues.ts";
import { ResumeReports } from "./resumeReports.ts";
import { mustGoOn } from "./restarting.ts";
import { takeSome } from "./takeSome.ts";
import { TimerQueue } from "./timers.ts";
import { trimJournals } from "./trimming.ts";
import { transactIn } from "./transact.ts";
import type { WorkerParts } from "./workerParts.ts";
import { drained, type OperationAtWork } from "./world.ts";

/** Turns in one pass of the event loop. */
const TURNS_MAX = 8;
/** Executions in one commit, and in the turns of one pass: of ten thousand that wake at once, the others wait for the next. */
const COMMITS_MAX = 500;

export class Worker {
  private readonly parts: WorkerParts;
  private readonly loaded = new Map<string, Running>();
  private readonly admission: Admission;
  private readonly watch: QueueWatch;
  private readonly ready = new Set<Running>();
  /** Idle executions whose row has an old wake time. */
  private readonly drowsy = new Set<Running>();
  private readonly timers = new TimerQueue<Running>();
  private readonly reports = new ResumeReports();
  private readonly hooks: ExecutionHooks;
  private cancelTimer: () => void = () => undefined;
  private storeWakeAt: number | null = null;
  private turning: Promise<void> | null = null;
  private scheduled = false;
  private stopped = false;
  private draining = false;
  /** Pieces of its own work under way. */
  private guarded = 0;

  constructor(parts: WorkerParts) {
    this.parts = parts;
    this.hooks = {
      world: parts.world,
      log: parts.log,
      observer: parts.observer,
      gate: parts.gate,
      functionId: (fn) => parts.functionId(fn),
      retention: parts.retention,
      placeOf: (functionId, choice) => parts.queues.placeOf(functionId, choice),
      draining: () => this.draining,
      everyAwait: parts.restarting !== null,
      ready: (execution) => this.markReady(execution),
      transact: (transacting) =>
        transactIn(parts, transacting, (error) => void this.guard(() => Promise.reject(error))),
      expire: (execution, op, callback) =>
        void this.guard(async () => {
          const again = await parts.store.expire(callback, parts.world.now());
          op.checkAgain(again);
          await this.deliverTo(execution.id);
          this.setTimer(this.loaded.get(execution.id));
        }),
    };
    this.admission = new Admission({
      store: parts.store,
      executionsMax: parts.executionsMax,
      knows: (functionId) => parts.knows(functionId),
      hooks: this.hooks,
      loaded: this.loaded,
      guard: (work) => this.guard(work),
      admit: (id, running) => this.admit(id, running),
      deliverTo: (id) => this.deliverTo(id),
      park: (id, error) => this.park(id, error),
    });
    this.watch = new QueueWatch({
      store: parts.store,
      world: parts.world,
      queues: parts.queues,
      room: () => (this.draining ? 0 : this.admission.room),
      guard: (work) => this.guard(work),
      wake: (id) => this.wake(id),
    });
  }

  has(id: string): boolean {
    return this.loaded.has(id);
  }

  /** Somebody was woken while there was no room, and now there is: worth a look. */
  get isBehind(): boolean {
    return this.admission.isBehind;
  }

  get executionsInMemory(): number {
    return this.loaded.size;
  }

  report(id: string): ResumeReport | null {
    return this.reports.of(id);
  }

  snapshotProblem(id: string): string | null {
    return this.loaded.get(id)?.snapshots.problem?.message ?? null;
  }

  /**
   * Looks for executions that are due or have messages, and at the clock of the store. `news`: other processes may have left
   * messages to those in memory.
   */
  pump(news: boolean): Promise<void> {
    return this.guard(async () => {
      if (this.draining) return;
      const now = this.parts.world.now();
      await this.admission.findDue(now, news);
      this.storeWakeAt = await this.parts.store.nextWake(now);
      this.arm();
      this.watch.look();
    });
  }

  /** It was created this moment, by this process: as `wake`, without a look at the store. */
  async begin(created: LoadedExecution): Promise<void> {
    const { id, queue, wakeAt } = created.row;
    if (queue === null) return this.guard(() => this.admission.wake(id, created));
    this.wakesAt(wakeAt);
    this.watch.look();
  }

  /** One that is not in memory. */
  private wakesAt(wakeAt: number | null): void {
    if (wakeAt !== null && wakeAt < (this.storeWakeAt ?? Infinity)) this.storeWakeAt = wakeAt;
    this.arm();
  }

  /** Something happened for this execution: a message, or its start. */
  wake(id: string): Promise<void> {
    return this.guard(() => this.admission.wake(id));
  }

  /**
   * Lets bodies that are at work finish, records what they report, and starts nothing new. Resolves when nothing is at
   * work any more, at the latest after `drainMs`.
   */
  async drain(drainMs: number): Promise<void> {
    this.draining = true;
    const end = Date.now() + drainMs;
    const working = ({ execution }: Running): boolean => !execution.disposed && !execution.idle();
    while (!this.stopped && Date.now() < end && [...this.loaded.values()].some(working)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Stops taking turns; resolves when the running one is over. What bodies still do is dropped. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer();
    this.watch.stop();
    await this.turning;
    for (const { execution } of this.loaded.values()) leave(execution);
    this.loaded.clear();
  }

  private admit(id: string, running: Running): void {
    if (this.stopped) return leave(running.execution);
    this.loaded.set(id, running);
    this.reports.keep(id, running.report);
    const { execution } = running;
    const now = this.parts.world.now();
    tellLoaded(running, now);
    execution.fireTimers(now);
    if (execution.hasNews) this.markReady(execution);
    this.rest(running);
  }

  private async deliverTo(id: string): Promise<void> {
    const running = this.loaded.get(id);
    if (running === undefined) return;
    try {
      const messages = await this.parts.store.messages(id);
      // It has left memory meanwhile: it comes back with them.
      if (running.execution.disposed && messages.length > 0) return await this.admission.wake(id);
      deliver(running.execution, messages);
    } catch (error) {
      await this.park(id, error);
    }
  }

  private markReady(execution: Execution): void {
    const running = this.loaded.get(execution.id);
    // Still being brought back: `admit` looks at its outbox.
    if (running?.execution !== execution) return;
    this.ready.add(running);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.turning !== null || this.stopped) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.stopped) return;
      this.turning = this.guard(() => this.turns()).finally(() => {
        this.turning = null;
        if (this.ready.size > 0 || this.drowsy.size > 0) this.schedule();
      });
    });
  }

  /** What comes of a turn at once is the next; after a few, timers and I/O of bodies get their share, however fast steps are. */
  private async turns(): Promise<void> {
    let commits = 0;
    for (let left = TURNS_MAX; left > 0 && commits < COMMITS_MAX && !this.stopped; left--) {
      commits += await this.turn();
      if (this.ready.size === 0) return;
    }
  }

  /** Returns how many executions it committed. */
  private async turn(): Promise<number> {
    const { store, world, epoch, lingerMs, restarting, observer } = this.parts;
    const awake = takeSome(this.ready, COMMITS_MAX);
    const ready = new Set(awake.filter(({ execution }) => !execution.disposed));
    const moment = { now: world.now(), lingerMs };
    const prepared = [...ready].map((running) => ({ running, ...prepareCommit(running, moment) }));
    const idle = takeSome(this.drowsy, COMMITS_MAX);
    // One that has something to report after all is awake: its commit is among the others.
    const drowsy = idle.filter((running) => !ready.has(running) && this.mayLeave(running));
    // A timer that has come near meanwhile keeps its execution here.
    for (const running of idle) if (!this.mayLeave(running)) this.setTimer(running);
    const commits: Commit[] = [...prepared.map(({ commit }) => commit), ...drowsy.map(wakeCommit)];
    if (commits.length === 0) return 0;
    const began = observer === null ? 0 : performance.now();
    const answer = store.commit(epoch, commits);
    if (answer instanceof Promise) await answer;
    if (observer !== null) tellCommitted(observer, prepared, began);
    for (const { running, commit } of prepared) running.wakeAt = commit.wakeAt;
    for (const running of drowsy) running.wakeAt = running.execution.nextTimer();
    const alive = restarting?.drops === true ? await this.restart(prepared) : prepared;
    await this.applyAll(alive);
    for (const running of [...alive.map((one) => one.running), ...drowsy]) this.rest(running);
    await trimJournals(this.parts, prepared);
    this.wakeOthers(commits);
    return commits.length;
  }

  /** Executions that began with these commits, and those that were left messages. */
  private wakeOthers(commits: readonly Commit[]): void {
    for (const id of findOthers(commits)) void this.wake(id);
    for (const { starts = [] } of commits) {
      for (const { wakeAt = null } of starts) this.wakesAt(wakeAt);
      if (starts.some(({ queue }) => queue !== undefined)) this.watch.look();
    }
  }

  /** One event an execution and round, so that all executions share each draining. */
  private async applyAll(prepared: readonly (Prepared & { readonly running: Running })[]): Promise<void> {
    let round = prepared;
    for (let index = 0; round.length > 0; index++) {
      round = round.filter(({ events, running }) => index < events.length && !running.execution.disposed);
      for (const { events, running } of round) {
        try {
          running.execution.apply(events[index] as (typeof events)[0]);
        } catch (error) {
          await this.park(running.execution.id, error);
        }
        if (running.execution.hasNews) this.ready.add(running);
      }
      if (round.length > 0) await drained();
    }
  }

  /** Gives executions up and brings them back; those with a body at work go on, as it would run twice. */
  private async restart<P extends Prepared & { readonly running: Running }>(
    prepared: readonly P[],
  ): Promise<P[]> {
    const alive: P[] = [];
    for (const one of prepared) {
      const { execution } = one.running;
      const goesOn = mustGoOn(execution, one);
      if (goesOn) alive.push(one);
      else this.drop(one.running);
      this.parts.restarting?.told({ dropped: !goesOn, problem: one.running.snapshots.problem });
      if (!goesOn) await this.admission.load(execution.id);
    }
    return alive;
  }

  /** After its turn: ended, waiting in memory, or leaving it. */
  private rest(running: Running): void {
    const { execution } = running;
    if (execution.disposed) return;
    if (execution.ended !== null) {
      this.drop(running);
      if (running.queue !== null) this.watch.look();
      this.parts.ended(execution.id, execution.ended);
      return;
    }
    if (!this.mayLeave(running)) this.setTimer(running);
    else if (running.wakeAt !== execution.nextTimer()) {
      this.drowsy.add(running);
      this.schedule();
    } else {
      this.drop(running);
      this.wakesAt(running.wakeAt);
    }
  }

  private mayLeave({ execution }: Running): boolean {
    if (execution.disposed || execution.ended !== null || !execution.idle()) return false;
    const next = execution.nextTimer();
    return next === null || next > this.parts.world.now() + this.parts.lingerMs;
  }

  private drop(running: Running): void {
    leave(running.execution);
    this.loaded.delete(running.execution.id);
    this.ready.delete(running);
    if (!this.stopped && this.admission.hasRoomAgain()) setImmediate(() => void this.pump(false));
  }

  private setTimer(running: Running | undefined): void {
    const at = running?.execution.nextTimer() ?? null;
    if (
      running === undefined ||
      running.execution.disposed ||
      at === null ||
      (running.timerAt !== null && running.timerAt <= at)
    )
      return;
    running.timerAt = at;
    this.timers.add(at, running);
    this.arm();
  }

  private arm(): void {
    this.cancelTimer();
    if (this.stopped || this.draining) return;
    const at = Math.min(this.timers.earliest ?? Infinity, this.storeWakeAt ?? Infinity);
    if (at === Infinity) return;
    this.cancelTimer = this.parts.world.setTimer(at, () => {
      const now = this.parts.world.now();
      for (const running of new Set(this.timers.takeDue(now))) {
        if (running.execution.disposed) continue;
        running.timerAt = null;
        running.execution.fireTimers(now);
        if (running.execution.outbox.length === 0) this.setTimer(running);
      }
      if (this.storeWakeAt !== null && this.storeWakeAt <= now) void this.pump(false);
      else this.arm();
    });
  }

  /** State and code do not fit: the execution stays as it is, with the reason, until a build that fits comes. */
  private async park(id: string, error: unknown): Promise<void> {
    if (!(
      error instanceof UnplaceableStateError ||
      error instanceof NonDeterminismError ||
      error instanceof DecodeError
    )) {
      throw error;
    }
    const running = this.loaded.get(id);
    if (running !== undefined) this.drop(running);
    await this.parts.store.commit(this.parts.epoch, [parkCommit(id, error.message)]);
    this.parts.parked(id, error);
  }

  atWork(): readonly OperationAtWork[] | null {
    const { guarded, scheduled, turning, ready, drowsy } = this;
    if (guarded > 0 || scheduled || turning !== null || ready.size > 0 || drowsy.size > 0 || this.watch.busy)
      return null;
    return [...this.loaded.values()].flatMap(({ execution }) => atWork(execution));
  }

  private async guard(work: () => Promise<void>): Promise<void> {
    if (this.stopped) return;
    this.guarded++;
    try {
      await work();
    } catch (error) {
      if (this.stopped) return;
      this.stopped = true;
      this.cancelTimer();
      for (const { execution } of this.loaded.values()) leave(execution);
      this.parts.failed(error instanceof Error ? error : new EngineClosedError(String(error)));
    } finally {
      this.guarded--;
    }
  }
}
