/**
 * An engine's presence at its store: it hears of news, has a worker while it may run executions, and outlives times in
 * which the store cannot be reached. A worker whose connection broke keeps what it has, as long as nobody else may have it:
 * see `mending.ts`. After that, it drops all, and comes back.
 */
import { EngineClosedError, StoreUnavailableError } from "../errors.ts";
import type { HeldLeases } from "../stores/leases.ts";
import type { News } from "../stores/news.ts";
import { isOutlived } from "./announce.ts";
import type { EngineParts } from "./engine.ts";
import { Ownership } from "./ownership.ts";
import type { Waiters } from "./waiters.ts";
import { Worker } from "./worker.ts";

/** How often the store is asked whether another process wrote. */
const POLL_MS = 50;
/** How often a worker looks for what is due although there are no news: what belonged to dead workers, say. */
const LOOK_MS = 1_000;

/** Times that a lease is renewed before it would be over. */
const RENEWALS = 4;
/** The part of the lease after which a worker that got no answer gives up what it has, before others may take it. */
const SILENCE_PART = 3 / 4;

/** How often executions whose retention is over are looked for, and how many rows of them go at once. */
const REMOVE_MS = 10_000;
const REMOVE_ROWS = 1_000;

/** Between attempts to reach the store again: doubled each time. */
const BACKOFF_MS = 50;
const BACKOFF_MAX_MS = 5_000;

export class Presence {
  worker: Worker | null = null;
  private readonly parts: EngineParts;
  private readonly waiters: Waiters;
  private readonly ownership: Ownership;
  private version = -1;
  private lookedAt = -Infinity;
  private removeAt = 0;
  private cancelPoll: () => void = () => undefined;
  private cancelRenewal: () => void = () => undefined;
  private cancelDeadline: () => void = () => undefined;
  /** It got no answer for so long that others may soon have what it has. */
  private isOverdue = false;
  private ignoreNews: () => void = () => undefined;
  /** Settled when the worker takes part anew, or is given up. Null: it takes part. */
  private mending: PromiseWithResolvers<HeldLeases> | null = null;
  private polling: Promise<void> = Promise.resolve();
  private isPolling = false;
  /** Counts the times it stood back: a look that was under way then may hang for long. */
  private lives = 0;
  private hasNews = false;
  /** Attempts in a row that failed. */
  private failures = 0;
  private isOpening = true;
  private failure: Error | null = null;
  /** Once, however often it is asked for. */
  private ending: Promise<void> | null = null;

  constructor(parts: EngineParts, waiters: Waiters) {
    this.parts = parts;
    this.waiters = waiters;
    this.ownership = new Ownership(parts);
  }

  /** Throws what the store throws. */
  async open(): Promise<void> {
    await this.poll();
    if (this.failure !== null) throw this.failure;
    this.isOpening = false;
    const { announce, store, worker } = this.parts;
    announce("engine.opened", { store: store.name, worker });
    if (worker && this.worker === null) announce("worker.standby", { store: store.name });
    this.ignoreNews = this.parts.store.onNews?.((news) => this.hear(news)) ?? this.ignoreNews;
  }

  assertOpen(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** What the store, or the worker, has thrown. */
  failed(error: unknown): void {
    if (this.mend(error) !== null) return;
    if (isOutlived(error) && !this.isOpening) this.standBack(error);
    else this.giveUp(error instanceof Error ? error : new EngineClosedError(String(error)));
  }

  async close(drainMs: number): Promise<void> {
    if (drainMs > 0 && this.ending === null) await this.drain(drainMs);
    await (this.ending ??= this.end());
  }

  private async end(): Promise<void> {
    const healthy = this.failure === null && this.failures === 0;
    const { worker } = this;
    this.giveUp(new EngineClosedError("The engine was closed."));
    await worker?.stop();
    await this.polling;
    const { store } = this.parts;
    try {
      if (healthy) await this.ownership.release();
    } catch (error) {
      // Others find out by its silence.
      if (!(error instanceof StoreUnavailableError)) throw error;
    } finally {
      await store.close();
    }
    this.parts.announce("engine.closed", { store: store.name });
  }

  private async drain(drainMs: number): Promise<void> {
    const { worker } = this;
    const { announce, world } = this.parts;
    const began = world.now();
    announce("engine.draining", { executions: worker?.executionsInMemory ?? 0, drainMs });
    await worker?.drain(drainMs);
    announce("engine.drained", { unfinished: worker?.atWork()?.length ?? 0, tookMs: world.now() - began });
  }

  private hear({ look, called, ended }: News): void {
    // When it comes back, it looks at everything.
    if (this.failures > 0 || this.failure !== null) return;
    if (look) this.lookSoon();
    const { worker } = this;
    // One whose holder is another costs nothing; who has it by now may not be who had it then.
    const ids = called.filter(
      ([id, by]) => worker?.has(id) === true || by === 0 || by === this.ownership.epoch,
    );
    if (ids.length > 0) void worker?.wake(ids.map(([id]) => id));
    if (ended.length > 0) worker?.watch.look();
    this.waiters.settleThese(ended).catch((error: unknown) => this.failed(error));
  }

  /** At once, or after the look that is under way. */
  private lookSoon(): void {
    this.hasNews = true;
    if (this.isPolling) return;
    this.cancelPoll();
    void this.poll();
  }

  private async poll(): Promise<void> {
    const { lives } = this;
    this.isPolling = true;
    this.hasNews = false;
    const work = this.pollOnce();
    this.polling = work.catch(() => undefined);
    try {
      await work;
      if (lives === this.lives) this.answered();
    } catch (error) {
      if (lives === this.lives) this.failed(error);
    }
    if (lives === this.lives) this.pollSoon();
  }

  private answered(): void {
    if (this.failures > 0) this.parts.announce("store.back", { store: this.parts.store.name });
    this.failures = 0;
  }

  private pollSoon(): void {
    this.isPolling = false;
    this.cancelPoll();
    if (this.failure !== null) return;
    const { world } = this.parts;
    this.cancelPoll = world.setTimer(world.now() + this.pauseMs(), () => void this.poll(), true);
  }

  private pauseMs(): number {
    const longest = this.mending === null ? BACKOFF_MAX_MS : this.parts.leaseMs / RENEWALS;
    if (this.failures > 0) return Math.min(BACKOFF_MS * 2 ** (this.failures - 1), longest);
    return this.hasNews ? 0 : POLL_MS;
  }

  private async pollOnce(): Promise<void> {
    const { store, world } = this.parts;
    const { lives } = this;
    const now = world.now();
    if (this.mending !== null) await this.rejoin();
    // It stood back meanwhile, and another look is on its way: both would take part.
    if (lives !== this.lives) return;
    if (this.parts.worker && this.worker === null) await this.makeWorker();
    if (this.worker !== null && now >= this.removeAt) await this.removeOld(now);
    const version = await store.version();
    const isTime = now < this.lookedAt || now - this.lookedAt >= LOOK_MS;
    if (version === this.version && !isTime && this.worker?.isBehind !== true) return;
    this.version = version;
    this.lookedAt = now;
    await this.worker?.pump();
    await this.waiters.settleAll();
  }

  /** What has been kept long enough: a bounded part of it, and at once more if there was so much. */
  private async removeOld(now: number): Promise<void> {
    const removed = await this.parts.store.remove(now, REMOVE_ROWS);
    this.removeAt = removed >= REMOVE_ROWS ? now : now + REMOVE_MS;
  }

  private async makeWorker(): Promise<void> {
    const { lives } = this;
    const askedAt = this.parts.world.now();
    const epoch = await this.ownership.take();
    if (epoch === null || lives !== this.lives || this.failure !== null) return;
    const { functions, limits, announce, store } = this.parts;
    announce("worker.started", { store: store.name, epoch });
    const right = { epoch };
    const worker: Worker = new Worker({
      ...this.parts,
      right,
      mend: (error) => (this.worker === worker ? this.mend(error) : null),
      moved: (asked) =>
        this.worker !== worker
          ? null
          : (this.mending?.promise ?? (asked === right.epoch ? null : Promise.resolve())),
      functionIds: functions.ids,
      functionId: (fn) => functions.idOf(fn),
      executionsMax: limits.executions,
      ended: (id, event) => this.waiters.tell(id, event),
      parked: (id, problem) => this.parts.onError(problem, id),
      lost: () => void this.renew(),
      failed: (error) => {
        if (this.worker === worker) this.failed(error);
      },
    });
    this.worker = worker;
    this.heardSince(askedAt);
    await worker.pump();
  }

  /** A question of then was answered: the leases are good for some time, and are renewed before. */
  private heardSince(askedAt: number): void {
    const { world, store, leaseMs } = this.parts;
    this.renewLater();
    this.cancelDeadline();
    this.isOverdue = false;
    const silentMs = leaseMs * SILENCE_PART;
    const giveUp = (): void => {
      // A body may have held up this process, and the answer of a renewal be the next thing that it sees.
      this.isOverdue = true;
      if (this.mending === null) return;
      const message = `The store ${store.name} has not answered for ${silentMs} ms: others may run what was here.`;
      this.standBack(new StoreUnavailableError(message));
    };
    this.cancelDeadline = world.setTimer(askedAt + silentMs, giveUp, true);
  }

  /** Null: this is no broken connection, or there is nothing to keep. Else what the worker has, as soon as that is known. */
  private mend(error: unknown): Promise<HeldLeases> | null {
    if (!(error instanceof StoreUnavailableError) || this.parts.store.rejoin === undefined) return null;
    if (this.worker === null || this.failure !== null || this.isOverdue) return null;
    if (this.mending === null) {
      this.mending = Promise.withResolvers();
      // Often nobody waits for it.
      this.mending.promise.catch(() => undefined);
      this.cancelRenewal();
      this.interrupt(error);
    }
    return this.mending.promise;
  }

  private async rejoin(): Promise<void> {
    const { lives, mending, worker } = this;
    this.failures++;
    const askedAt = this.parts.world.now();
    const rejoined = await this.ownership.rejoin();
    if (lives !== this.lives || mending !== this.mending) return;
    this.mending = null;
    // The next one that breaks is another: it is not waited for as long as for a server that is down.
    this.failures = 1;
    this.heardSince(askedAt);
    worker?.resettle(rejoined);
    mending?.resolve(rejoined.held);
  }

  /** By a clock of its own: whatever else hangs, the lease is kept, or known to be lost. */
  private renewLater(): void {
    const { world, leaseMs } = this.parts;
    this.cancelRenewal();
    this.cancelRenewal = world.setTimer(world.now() + leaseMs / RENEWALS, () => void this.renew(), true);
  }

  private async renew(): Promise<void> {
    // It will be known soon enough.
    if (this.mending !== null) return;
    const { lives } = this;
    const askedAt = this.parts.world.now();
    try {
      await this.ownership.renew();
      if (lives === this.lives && this.worker !== null) this.heardSince(askedAt);
    } catch (error) {
      if (lives === this.lives) this.failed(error);
    }
  }

  /** Until the store answers again, and this process may take part again. */
  private standBack(error: Error): void {
    if (this.failure !== null) return;
    this.dropWorker(error);
    this.ownership.forget();
    this.interrupt(error);
  }

  /** A look that is under way may hang for long: another begins after a while, and looks at everything. */
  private interrupt(error: Error): void {
    if (this.failures++ === 0) this.parts.onError(error, null);
    this.lives++;
    this.version = -1;
    this.pollSoon();
  }

  private dropWorker(error: Error): void {
    this.cancelRenewal();
    this.cancelDeadline();
    this.mending?.reject(error);
    this.mending = null;
    void this.worker?.stop();
    this.worker = null;
  }

  private giveUp(error: Error): void {
    const closing = error instanceof EngineClosedError;
    if (this.failure === null && !closing) this.parts.onError(error, null);
    this.failure = error;
    this.cancelPoll();
    this.ignoreNews();
    this.dropWorker(error);
    this.waiters.rejectAll(error);
  }
}
