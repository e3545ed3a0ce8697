/**
 * Which executions a worker takes into memory: those that are due or have messages, as long as there is room. The others
 * wait in the store, or are taken by another worker.
 */
import { FencedError } from "../errors.ts";
import type { Claimed, HeldLeases, LeasedExecution, Wanted } from "../stores/leases.ts";
import type { Commit, LoadedExecution, Store } from "../stores/store.ts";
import type { Execution, ExecutionHooks } from "./execution.ts";
import type { Running } from "./load.ts";
import { bringBack } from "./load.ts";
import type { Mending } from "./mending.ts";

export interface AdmissionParts extends Pick<Mending, "right" | "moved"> {
  readonly store: Store;
  readonly executionsMax: number;
  /** Functions this worker was given. Executions of others are left to workers that were. */
  readonly functions: readonly string[];
  readonly hooks: ExecutionHooks;
  /** Executions in memory. */
  readonly loaded: ReadonlyMap<string, Running>;
  guard(work: () => Promise<void>): Promise<void>;
  admit(id: string, running: Running): void;
  /** The one in memory has an older lease than this worker has now. */
  abandon(running: Running): void;
  /** Of one in memory: its messages. */
  deliverTo(id: string): Promise<void>;
  /** One that cannot be brought back. Throws errors that are none of the execution's. */
  park(held: Held, error: unknown): Promise<void>;
}

/** An execution and the lease it is held under. */
export type Held = Pick<Commit, "execution" | "lease">;

export function heldBy({ id, lease }: Execution): Held {
  return { execution: id, lease };
}

/** Executions that are taken at once: few, so that several workers share many, and none of them reads for long. */
const CLAIM_MAX = 128;
/** How often those are looked for that workers of other builds have parked. */
const PARKED_MS = 5_000;

export class Admission {
  private readonly parts: AdmissionParts;
  private readonly loading = new Map<string, Promise<void>>();
  /** One claim after the other: each knows what the one before has taken. */
  private claiming: Promise<unknown> = Promise.resolve();
  private finding: Promise<void> | null = null;
  private findAgain = false;
  private released: Held[] = [];
  private parkedAt = -Infinity;
  /** An execution is due that there was no room for. */
  private behind = false;

  constructor(parts: AdmissionParts) {
    this.parts = parts;
  }

  /** How many executions could be taken. */
  get room(): number {
    const { executionsMax, loaded } = this.parts;
    return Math.max(executionsMax - loaded.size - this.loading.size, 0);
  }

  /** Whether an execution that is started here should run here: not if many do, as others may have more room. */
  get hasRoomForNew(): boolean {
    const { executionsMax, loaded, hooks } = this.parts;
    return !hooks.draining() && loaded.size + this.loading.size < Math.min(executionsMax, CLAIM_MAX);
  }

  /** Takes what is due or has messages. Calls that come together are one. */
  findDue(): Promise<void> {
    this.findAgain = true;
    return (this.finding ??= this.findAll());
  }

  private async findAll(): Promise<void> {
    try {
      while (this.findAgain && !this.parts.hooks.draining()) {
        this.findAgain = false;
        const isParked = this.isTimeForParked();
        const { taken, called } = await this.claim({ parked: isParked });
        // Some may just be coming into memory, read before their messages came.
        if (called.length > 0) void this.parts.guard(() => this.wake(called));
        // A full basket: there is more.
        if (taken >= CLAIM_MAX && this.room > 0) this.findAgain = true;
        if (this.findAgain) await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.finding = null;
    }
  }

  private isTimeForParked(): boolean {
    const now = this.parts.hooks.world.now();
    if (now >= this.parkedAt && now - this.parkedAt < PARKED_MS) return false;
    this.parkedAt = now;
    return true;
  }

  /** Something happened for these executions. */
  async wake(ids: readonly string[]): Promise<void> {
    const missing: string[] = [];
    for (const id of ids) {
      await this.loading.get(id);
      if (this.parts.loaded.has(id)) await this.parts.deliverTo(id);
      else missing.push(id);
    }
    if (missing.length === 0) return;
    if (missing.length > CLAIM_MAX) return this.findDue();
    await this.claim({ only: missing });
  }

  /** Somebody was woken while there was no room, and now there is some. */
  get isBehind(): boolean {
    return this.behind && this.room > 0;
  }

  /**
   * One has left memory. True: look for what is due, as somebody was woken while there was no room. Not for each place that
   * is free: the look costs as much as all that are due.
   */
  hasRoomAgain(): boolean {
    if (!this.behind || this.room < this.parts.executionsMax / 8) return false;
    this.behind = false;
    return true;
  }

  /** One leaves memory before its end: anybody may have it. */
  release(held: Held): void {
    this.released.push(held);
  }

  get hasReleased(): boolean {
    return this.released.length > 0;
  }

  /** What was released is free afterwards. */
  async flush(): Promise<void> {
    if (!this.hasReleased) return;
    const released = this.released.splice(0);
    const answer = this.parts.store.releaseLeases(this.parts.right.epoch, released);
    if (answer instanceof Promise) await answer;
  }

  /** What it has by the books of the store and not in memory, as an answer was lost: anybody may have it. */
  releaseStrays(held: HeldLeases): void {
    // After a claim that is under way: what that has taken is about to come into memory.
    this.claiming = this.claiming.then(() => {
      for (const [execution, { lease }] of held) {
        if (!this.parts.loaded.has(execution) && !this.loading.has(execution))
          this.release({ execution, lease });
      }
    });
  }

  /** Resolves when what was taken is in memory. */
  private async claim(
    wanted: Pick<Wanted, "only" | "parked">,
  ): Promise<{ readonly taken: number; readonly called: readonly string[] }> {
    const { store, right, functions, hooks } = this.parts;
    const turn = this.claiming.then(async (): Promise<Claimed> => {
      await this.flush();
      const only = wanted.only?.filter((id) => !this.parts.loaded.has(id) && !this.loading.has(id));
      const limit = hooks.draining() ? 0 : Math.min(this.room, CLAIM_MAX);
      if (only?.length === 0) return NOTHING;
      const asked = { ...wanted, ...(only === undefined ? {} : { only }) };
      const { epoch } = right;
      const answer = store.claim(epoch, { ...asked, now: hooks.world.now(), limit, functions });
      const claimed =
        answer instanceof Promise ? await answer.catch((error) => this.refused(epoch, error)) : answer;
      this.behind = claimed.executions.length >= limit;
      return claimed;
    });
    this.claiming = turn.catch(() => undefined);
    const { executions, unreadable, called } = await turn;
    const all = executions.map((leased) => this.take(leased));
    for (const { error, ...held } of unreadable) all.push(this.parts.park(held, error));
    await Promise.all(all);
    return { taken: all.length, called };
  }

  /** The look that follows each taking part finds the same again. */
  private async refused(epoch: number, error: unknown): Promise<Claimed> {
    const moved = error instanceof FencedError ? this.parts.moved(epoch) : null;
    if (moved === null) throw error;
    await moved;
    return NOTHING;
  }

  /** Brings one back that this worker has been given. */
  take(leased: LeasedExecution): Promise<void> {
    const { id } = leased.row;
    const before = this.loading.get(id) ?? Promise.resolve();
    const bringing = before.then(() =>
      this.parts.guard(async () => {
        const old = this.parts.loaded.get(id);
        if (old !== undefined && old.execution.lease >= leased.lease) return;
        if (old !== undefined) this.parts.abandon(old);
        await this.bringBack(leased, leased.lease);
      }),
    );
    return this.track(id, bringing);
  }

  /** One that was given up, but not its lease. */
  load({ execution, lease }: Held): Promise<void> {
    const loading = this.parts.guard(async () => {
      const stored = await this.parts.store.load(execution);
      if (stored?.row.status === "RUNNING" && stored.row.problem === null)
        await this.bringBack(stored, lease);
    });
    return this.track(execution, loading);
  }

  private track(id: string, loading: Promise<void>): Promise<void> {
    const tracked = loading.finally(() => {
      if (this.loading.get(id) === tracked) this.loading.delete(id);
    });
    this.loading.set(id, tracked);
    return tracked;
  }

  private async bringBack(stored: LoadedExecution, lease: number): Promise<void> {
    const { id } = stored.row;
    try {
      this.parts.admit(id, await bringBack(stored, lease, this.parts.hooks));
    } catch (error) {
      await this.parts.park({ execution: id, lease }, error);
    }
  }
}

const NOTHING: Claimed = { executions: [], unreadable: [], called: [] };
