/**
 * Which executions a worker takes into memory: those that are due or have messages, as long as there is room. The others
 * wait in the store, which knows who they are.
 */
import type { LoadedExecution, Store } from "../stores/store.ts";
import type { ExecutionHooks } from "./execution.ts";
import type { Running } from "./load.ts";
import { bringBack } from "./load.ts";

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

export class Admission {
  private readonly parts: AdmissionParts;
  private readonly loading = new Map<string, Promise<void>>();
  /** Executions of functions that this worker does not have. */
  private readonly strangers = new Set<string>();
  /** An execution is due that there was no room for. */
  private isBehind = false;

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

  /** Takes what is due at `now` or has messages. */
  async findDue(now: number): Promise<void> {
    const { store, executionsMax, loaded } = this.parts;
    for (const id of await store.due(now, this.taken + this.strangers.size + this.room)) {
      if (this.strangers.has(id)) continue;
      if (loaded.has(id)) await this.parts.deliverTo(id);
      else if (this.taken < executionsMax) void this.load(id);
    }
  }

  /** Something happened for this execution. `known`: what the store would answer, of one that was just created. */
  async wake(id: string, known?: LoadedExecution): Promise<void> {
    const loading = this.loading.get(id);
    if (loading !== undefined) await loading;
    if (this.parts.loaded.has(id)) await this.parts.deliverTo(id);
    else if (this.taken < this.parts.executionsMax) await this.load(id, known);
    else this.isBehind = true;
  }

  /** One has left memory. True: look for what is due, as somebody was woken while there was no room. */
  hasRoomAgain(): boolean {
    const { isBehind } = this;
    this.isBehind = false;
    return isBehind;
  }

  load(id: string, known?: LoadedExecution): Promise<void> {
    const already = this.loading.get(id);
    if (already !== undefined || this.parts.hooks.draining()) return already ?? Promise.resolve();
    const loading = this.parts.guard(() => this.bringBack(id, known)).finally(() => this.loading.delete(id));
    this.loading.set(id, loading);
    return loading;
  }

  private async bringBack(id: string, known?: LoadedExecution): Promise<void> {
    try {
      const stored = known ?? (await this.parts.store.load(id));
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
