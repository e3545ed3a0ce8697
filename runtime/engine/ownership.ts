/** This process's right to run executions of a store: taken, renewed, and dropped before others may think it gone. */
import { hostname } from "node:os";
import { FencedError, StoreUnavailableError } from "../errors.ts";
import type { Rejoined } from "../stores/leases.ts";
import type { Owner, Store } from "../stores/store.ts";
import type { World } from "./world.ts";

export interface OwnershipParts {
  readonly store: Store;
  readonly world: World;
  /** Which code this process has. */
  readonly build: string;
  /** After so long a silence others may take its executions. */
  readonly leaseMs: number;
}

/** The part of the lease after which a question without an answer has failed: a renewal before it, and there is time left. */
const ANSWER_PART = 2;

export class Ownership {
  private readonly parts: OwnershipParts;
  private readonly owner: Owner;
  /** 0: none. */
  epoch = 0;

  constructor(parts: OwnershipParts) {
    this.parts = parts;
    this.owner = { id: parts.world.uuid(), pid: process.pid, host: hostname(), build: parts.build };
  }

  /** The epoch, or null if another process has the store for itself. */
  async take(): Promise<number | null> {
    const { store, world, leaseMs } = this.parts;
    const acquired = await this.inTime(store.acquire(this.owner, world.now(), leaseMs));
    if (acquired.kind === "held") return null;
    this.epoch = acquired.epoch;
    return acquired.epoch;
  }

  /** Throws `FencedError` when it is lost, `StoreUnavailableError` when nobody answers. */
  async renew(): Promise<void> {
    const { store, world } = this.parts;
    if (await this.inTime(store.renew(this.epoch, world.now()))) return;
    throw this.fenced();
  }

  /** Throws as `renew` does. Returns what this process has, and the epoch it has it under now. */
  async rejoin(): Promise<Rejoined> {
    const { store, leaseMs } = this.parts;
    const rejoined = await this.inTime(store.rejoin?.(this.owner, leaseMs) ?? null);
    if (rejoined === null) throw this.fenced();
    this.epoch = rejoined.epoch;
    return rejoined;
  }

  private fenced(): FencedError {
    return new FencedError(
      `This process was silent for too long: others run its executions of ${this.parts.store.name} now. It goes on with new ones.`,
    );
  }

  /** Nothing is known any more: it is to be taken again. */
  forget(): void {
    this.epoch = 0;
  }

  async release(): Promise<void> {
    if (this.epoch > 0) await this.parts.store.release(this.epoch);
  }

  /** Who gets no answer may have no right any more, and must not wait until that is certain. */
  private async inTime<T>(answer: T | Promise<T>): Promise<T> {
    if (!(answer instanceof Promise)) return answer;
    const { store, world, leaseMs } = this.parts;
    let cancel = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `The store ${store.name} has not answered for ${leaseMs / ANSWER_PART} ms.`;
      cancel = world.setTimer(
        world.now() + leaseMs / ANSWER_PART,
        () => reject(new StoreUnavailableError(message)),
        true,
      );
    });
    return Promise.race([answer, late]).finally(() => cancel());
  }
}
