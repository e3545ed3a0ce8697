/**
 * Which executions a worker takes into memory: those that are due or have messages, as long as there is room. The others
 * wait in the store, which knows who they are.
 */
import type { LoadedExecution, Store } from "../stores/store.ts";
import type { ExecutionHooks } from "./execution.ts";
import type { Running } from "./load.ts";
import { bringBack } from "./load.ts";
import { Turnstile } from "./turnstile.ts";

export interface AdmissionParts {
  readonly store: Store;
  readonly executionsMax: number;
  /** Whether this worker was given the function. Executions of others are left to workers that were. */
  knows(functionId: string): boolean;
  readonly hooks: ExecutionHooks;
  /** Executions in memory. */
  readonly loaded: ReadonlyMap<string, Running>;
  guard(work: () => Promise<void>): Promise<void>;
  admit(id: string, running: Running): void;
  /** Of one in memory: its messages. */
  deliverTo(id: string): Promise<void>;
  /** One that cannot be brought back. Throws errors that are none of the execution's. */
  park(id: string, error: unknown): Promise<void>;
}

/** Executions that are read in one pass of the event loop. */
const LOADS_MAX = 100;

export class Admission {
  private readonly parts: AdmissionParts;
  private readonly loading = new Map<string, Promise<void>>();
  /** Executions of functions that this worker does not have. */
  private readonly strangers = new Set<string>();
  private readonly turnstile = new Turnstile(LOADS_MAX);
  /** An execution is due that there was no room for. */
  private behind = false;

  constructor(parts: AdmissionParts) {
    this.parts = parts;
  }

  private get taken(): number {
    return this.parts.loaded.size + this.loading.size;
  }

  /** How many executions could be taken. */
  get room(): number {
    return Math.max(this.parts.executionsMax - this.taken, 0);
  }

  /** Takes what is due at `now` or has messages. `news`: those in memory may have some, too. */
  async findDue(now: number, news: boolean): Promise<void> {
    const { store, executionsMax, loaded } = this.parts;
    const limit = this.taken + this.strangers.size + this.room;
    const due = await store.due(now, limit);
    // There may be more than these.
    if (due.length >= limit) this.behind = true;
    for (const id of due) {
      if (this.strangers.has(id)) continue;
      if (loaded.has(id)) {
        if (news) await this.parts.deliverTo(id);
      } else if (this.loading.has(id)) {
        // What is being brought back has been read before this message came.
        if (news) void this.parts.guard(() => this.wake(id));
      } else if (this.taken < executionsMax) void this.load(id);
      else this.behind = true;
    }
  }

  /** Something happened for this execution. `known`: what the store would answer, of one that was just created. */
  async wake(id: string, known?: LoadedExecution): Promise<void> {
    const loading = this.loading.get(id);
    if (loading !== undefined) await loading;
    if (this.parts.loaded.has(id)) await this.parts.deliverTo(id);
    else if (this.taken < this.parts.executionsMax) await this.load(id, known);
    else this.behind = true;
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

  load(id: string, known?: LoadedExecution): Promise<void> {
    const already = this.loading.get(id);
    if (already !== undefined || this.parts.hooks.draining()) return already ?? Promise.resolve();
    const loading = this.parts.guard(() => this.bringBack(id, known)).finally(() => this.loading.delete(id));
    this.loading.set(id, loading);
    return loading;
  }

  private async read(id: string): Promise<LoadedExecution | null> {
    await this.turnstile.enter();
    return this.parts.store.load(id);
  }

  private async bringBack(id: string, known?: LoadedExecution): Promise<void> {
    try {
      const stored = known ?? (await this.read(id));
      if (stored === null || stored.row.status !== "RUNNING" || stored.row.problem !== null) return;
      if (!this.parts.knows(stored.row.function)) {
        this.strangers.add(id);
        return;
      }
      this.parts.admit(id, await bringBack(stored, this.parts.hooks));
    } catch (error) {
      await this.parts.park(id, error);
    }
  }
}
