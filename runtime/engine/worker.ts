/**
 * Runs executions: collects what they report, applies it, and what comes of it, until all of them wait for something outside,
 * and commits all of it in one transaction. That is a *turn*; what is ready at the same moment shares it, and its fsync.
 *
 * Executions that can only wait leave memory. The store's wake times and messages bring them back.
 */
import { EngineClosedError } from "../errors.ts";
import type { Rejoined } from "../stores/leases.ts";
import type { Commit } from "../stores/store.ts";
import { Alarm } from "./alarm.ts";
import { Admission, heldBy, type Held } from "./admission.ts";
import { applyAll, runAhead } from "./applyAll.ts";
import { atWork } from "./atWork.ts";
import { findOthers, parkCommit, wakeCommit } from "./commits.ts";
import type { Execution, ExecutionHooks } from "./execution.ts";
import { Gathering } from "./gathering.ts";
import { isMisfit, type ResumeReport, type Running } from "./load.ts";
import { commitMending } from "./mending.ts";
import { deliver } from "./messages.ts";
import { leaveInTime } from "./leaveInTime.ts";
import { leave, tellCommitted, tellLoaded } from "./observing.ts";
import { QueueWatch } from "./queues.ts";
import type { Started } from "./recordStart.ts";
import { ResumeReports } from "./resumeReports.ts";
import { restartAll } from "./restarting.ts";
import { takeSome } from "./takeSome.ts";
import { trimJournals } from "./trimming.ts";
import type { OperationAtWork } from "./world.ts";
import { expire, toHooks, type WorkerParts } from "./workerParts.ts";

/** Turns in one pass of the event loop. */
const TURNS_MAX = 8;
/** Executions in one commit, and in the turns of one pass: of ten thousand that wake at once, the others wait for the next. */
const COMMITS_MAX = 500;

export class Worker {
  private readonly parts: WorkerParts;
  private readonly loaded = new Map<string, Running>();
  private readonly admission: Admission;
  readonly watch: QueueWatch;
  private readonly ready = new Set<Running>();
  /** Idle executions whose row has an old wake time. */
  private readonly drowsy = new Set<Running>();
  private readonly alarm: Alarm;
  private readonly reports = new ResumeReports();
  private readonly hooks: ExecutionHooks;
  private turning: Promise<void> | null = null;
  private scheduled = false;
  private stopped = false;
  private draining = false;
  /** Pieces of its own work under way. */
  private guarded = 0;

  constructor(parts: WorkerParts) {
    this.parts = parts;
    this.hooks = toHooks(parts, {
      draining: () => this.draining,
      ready: (execution) => this.markReady(execution),
      failed: (error) => void this.guard(() => Promise.reject(error)),
      lost: (lease) => this.lose(lease),
      expire: (execution, op, callback) =>
        void this.guard(async () => {
          await expire(parts, op, callback);
          await this.deliverTo(execution.id);
          this.alarm.set(this.loaded.get(execution.id));
        }),
    });
    this.admission = new Admission({
      ...parts,
      functions: parts.functionIds,
      hooks: this.hooks,
      loaded: this.loaded,
      guard: (work) => this.guard(work),
      admit: (id, running) => this.admit(id, running),
      abandon: (running) => this.drop(running),
      deliverTo: (id) => this.deliverTo(id),
      park: (held, error) => this.park(held, error),
    });
    this.alarm = new Alarm({
      world: parts.world,
      isSilent: () => this.stopped || this.draining,
      pump: () => void this.pump(),
    });
    this.watch = new QueueWatch({
      ...parts,
      room: () => (this.draining ? 0 : this.admission.room),
      guard: (work) => this.guard(work),
      wake: (ids) => this.wake(ids),
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

  /** Looks for executions that are due or have messages, and at the clock of the store. */
  pump(): Promise<void> {
    return this.guard(async () => {
      if (this.draining) return;
      await this.admission.findDue();
      this.alarm.setStore(await this.parts.store.nextWake(this.parts.world.now()));
      this.watch.look();
    });
  }

  /** It was created this moment, by this process. */
  async begin({ execution, lease }: Started): Promise<void> {
    const { id, queue, wakeAt } = execution.row;
    if (queue !== null) {
      this.alarm.addStore(wakeAt);
      this.watch.look();
    } else if (lease === null) await this.wake([id]);
    else await this.guard(() => this.admission.take({ ...execution, lease }));
  }

  /** Something happened for these executions: a message, or a start. */
  wake(ids: readonly string[]): Promise<void> {
    return this.guard(() => this.admission.wake(ids));
  }

  /** For executions that begin here: they are this worker's at once. Undefined: it has enough. */
  get epochForNew(): number | undefined {
    return !this.stopped && this.admission.hasRoomForNew ? this.parts.right.epoch : undefined;
  }

  /**
   * Lets bodies that are at work finish, records what they report, and starts nothing new. Resolves when nothing is at
   * work any more, at the latest after `drainMs`.
   */
  async drain(drainMs: number): Promise<void> {
    this.draining = true;
    await leaveInTime(drainMs, {
      // What a turn has in its hands looks idle.
      isOver: () => this.stopped || (this.turning === null && !this.scheduled && this.leaveIdle() === 0),
      flush: () => this.guard(() => this.admission.flush()),
    });
  }

  /** Executions without work leave memory: others may have them at once. Returns how many are left. */
  private leaveIdle(): number {
    for (const running of [...this.loaded.values()]) {
      if (running.execution.idle() && !this.ready.has(running) && !this.drowsy.has(running))
        this.letGo(running);
    }
    return this.loaded.size;
  }

  /** Gives up all executions at once; resolves when no turn is under way any more. What bodies still do is dropped. */
  async stop(): Promise<void> {
    this.giveUp();
    await this.turning;
  }

  private giveUp(): void {
    this.stopped = true;
    this.alarm.stop();
    this.watch.stop();
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
      if (running.execution.disposed && messages.length > 0) return await this.admission.wake([id]);
      deliver(running.execution, messages);
    } catch (error) {
      await this.park(heldBy(running.execution), error);
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
      this.turning = this.guard(() => this.turns()).finally(() => {
        this.turning = null;
        if (this.ready.size > 0 || this.drowsy.size > 0) this.schedule();
      });
      // Only now: what a turn applies before its first await may report, and must not begin another beside it.
      this.scheduled = false;
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
    const { world, lingerMs, restarting, observer } = this.parts;
    const moment = { now: world.now(), lingerMs };
    const ready = takeSome(this.ready, COMMITS_MAX).map((running) => new Gathering(running));
    if (restarting === null) await runAhead(ready, (running) => this.ready.delete(running));
    else for (const one of ready) one.gather();
    if (this.stopped) return 0;
    const gathered = ready.filter(({ running }) => !running.execution.disposed);
    const drowsy = this.drowsy.size === 0 ? [] : this.takeDrowsy(new Set(gathered.map((one) => one.running)));
    const commits = [...gathered.map((one) => one.toCommit(moment)), ...drowsy.map(wakeCommit)];
    if (commits.length === 0) return 0;
    const began = observer === null ? 0 : performance.now();
    const answer = commitMending(this.parts, commits);
    const lost = answer instanceof Promise ? await answer : answer;
    if (this.stopped) return 0;
    const written = lost.length === 0 ? gathered : this.loseOf({ gathered, drowsy }, lost);
    if (observer !== null) tellCommitted(observer, written, began);
    for (const { running, commit } of written) running.wakeAt = commit.wakeAt;
    for (const running of drowsy) running.wakeAt = running.execution.nextTimer();
    const restart = {
      drop: (running: Running) => this.drop(running),
      load: ({ execution }: Running) => this.admission.load(heldBy(execution)),
    };
    const alive = restarting?.drops === true ? await restartAll(written, restarting, restart) : written;
    await applyAll(alive);
    for (const one of alive) await this.goOn(one);
    for (const running of drowsy) this.rest(running);
    if (this.parts.keepEvents !== null) await trimJournals(this.parts, written);
    this.leaveToOthers(commits);
    return commits.length;
  }

  /** What it did is committed. */
  private async goOn({ running, problem }: Gathering): Promise<void> {
    const { execution } = running;
    if (problem !== null) return this.park(heldBy(execution), problem.error);
    execution.committed();
    if (execution.hasNews) this.ready.add(running);
    else this.ready.delete(running);
    this.rest(running);
  }

  /** Those that may leave memory, and must be told their wake times first. */
  private takeDrowsy(awake: ReadonlySet<Running>): Running[] {
    return takeSome(this.drowsy, COMMITS_MAX).filter((running) => {
      const may = this.mayLeave(running);
      // A timer that has come near meanwhile keeps its execution here.
      if (!may) this.alarm.set(running);
      // One that has something to report after all is awake: its commit is among the others.
      return may && !awake.has(running);
    });
  }

  /** What has left memory, executions that began with these commits, and those that were left messages. */
  private leaveToOthers(commits: readonly Commit[]): void {
    if (this.admission.hasReleased) void this.guard(() => this.admission.flush());
    if (commits.every(({ starts, posts }) => starts === undefined && posts === undefined)) return;
    void this.wake([...findOthers(commits)]);
    for (const { starts = [] } of commits) {
      for (const { wakeAt = null } of starts) this.alarm.addStore(wakeAt);
      if (starts.some(({ queue }) => queue !== undefined)) this.watch.look();
    }
  }

  /** Gives up those that run elsewhere now: nothing of their commits was written. Returns the others. */
  private loseOf(
    { gathered, drowsy }: { readonly gathered: readonly Gathering[]; readonly drowsy: readonly Running[] },
    lost: readonly string[],
  ): Gathering[] {
    for (const running of [...gathered.map((one) => one.running), ...drowsy])
      if (lost.includes(running.execution.id)) this.drop(running);
    this.parts.lost();
    return gathered.filter(({ running }) => !running.execution.disposed);
  }

  private lose({ execution, lease }: Held): void {
    const running = this.loaded.get(execution);
    if (running?.execution.lease !== lease) return;
    this.letGo(running);
    this.parts.lost();
    void this.guard(() => this.admission.flush());
  }

  /** It takes part anew, with what the store says it has. What failed meanwhile is looked for again. */
  resettle({ epoch, held }: Rejoined): void {
    this.parts.right.epoch = epoch;
    for (const running of [...this.loaded.values()]) {
      const { id, lease } = running.execution;
      if (held.get(id)?.lease !== lease) this.drop(running);
      else this.alarm.set(running);
    }
    this.admission.releaseStrays(held);
    this.schedule();
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
    if (!this.mayLeave(running)) this.alarm.set(running);
    else if (running.wakeAt !== execution.nextTimer()) {
      this.drowsy.add(running);
      this.schedule();
    } else {
      this.letGo(running);
      this.alarm.addStore(running.wakeAt);
    }
  }

  private mayLeave({ execution }: Running): boolean {
    if (execution.disposed || execution.ended !== null || !execution.idle()) return false;
    const next = execution.nextTimer();
    return next === null || next > this.parts.world.now() + this.parts.lingerMs;
  }

  /** Anybody may have it. */
  private letGo(running: Running): void {
    this.drop(running);
    this.admission.release(heldBy(running.execution));
  }

  private drop(running: Running | undefined): void {
    // One of its id may have come since.
    if (running === undefined || running.execution.disposed) return;
    leave(running.execution);
    this.loaded.delete(running.execution.id);
    this.ready.delete(running);
    if (!this.stopped && this.admission.hasRoomAgain()) setImmediate(() => void this.pump());
  }

  /** State and code do not fit: the execution stays as it is, with the reason, until a build that fits comes. */
  private async park(held: Held, error: unknown): Promise<void> {
    if (!isMisfit(error)) throw error;
    this.drop(this.loaded.get(held.execution));
    await commitMending(this.parts, [parkCommit(held, error.message)]);
    this.parts.parked(held.execution, error);
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
      // What was not done is found again by `resettle`, and by the look that follows it.
      if (this.stopped || this.parts.mend(error) !== null) return;
      this.giveUp();
      this.parts.failed(error instanceof Error ? error : new EngineClosedError(String(error)));
    } finally {
      this.guarded--;
    }
  }
}
