/** Which process runs the executions of a store: one at a time, known by its heartbeat and its epoch. */
import { hostname } from "node:os";
import { FencedError } from "../errors.ts";
import type { Owner, Store } from "../stores/store.ts";
import type { World } from "./world.ts";

/** The owner's heartbeat, and when others may think it dead. A dead process on this host is noticed at once. */
const HEARTBEAT_MS = 2_000;
const STALE_MS = 10_000;

export class Ownership {
  private readonly store: Store;
  private readonly owner: Owner;
  private lastHeartbeat = 0;
  /** 0: somebody else's. */
  private epoch = 0;

  constructor(store: Store, world: World) {
    this.store = store;
    this.owner = { id: world.uuid(), pid: process.pid, host: hostname() };
  }

  /** The epoch, if the store has become this process's with this call; else null. */
  async take(now: number): Promise<number | null> {
    const acquired = await this.store.acquire(this.owner, now, STALE_MS);
    if (acquired.kind === "held") return null;
    this.epoch = acquired.epoch;
    this.lastHeartbeat = now;
    return acquired.epoch;
  }

  /** The heartbeat, when it is time for one. Throws `FencedError` if another process has taken over. */
  async keep(now: number): Promise<void> {
    if (now - this.lastHeartbeat < HEARTBEAT_MS) return;
    this.lastHeartbeat = now;
    if (await this.store.renew(this.epoch, now)) return;
    throw new FencedError(
      `Another process has taken over ${this.store.name}: this one was silent for too long. Open the engine again.`,
    );
  }

  async release(): Promise<void> {
    if (this.epoch > 0) await this.store.release(this.epoch);
  }
}
