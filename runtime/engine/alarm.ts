/** When a worker has to do something by the clock: for executions in memory, and for those that sleep in the store. */
import { TimerQueue } from "./timers.ts";
import type { World } from "./world.ts";

interface AlarmParts<T> {
  readonly world: World;
  /** Nothing is to be done any more. */
  isSilent(): boolean;
  /** The times of these have come. */
  fire(items: ReadonlySet<T>, now: number): void;
  /** The time of one in the store has come. */
  pump(): void;
}

export class Alarm<T> {
  private readonly parts: AlarmParts<T>;
  private readonly timers = new TimerQueue<T>();
  private storeWakeAt: number | null = null;
  private cancel: () => void = () => undefined;

  constructor(parts: AlarmParts<T>) {
    this.parts = parts;
  }

  add(at: number, item: T): void {
    this.timers.add(at, item);
    this.arm();
  }

  /** The earliest of all in the store. */
  setStore(at: number | null): void {
    this.storeWakeAt = at;
    this.arm();
  }

  /** One more in the store. */
  addStore(at: number | null): void {
    this.setStore(at === null ? this.storeWakeAt : Math.min(at, this.storeWakeAt ?? Infinity));
  }

  stop(): void {
    this.cancel();
  }

  private arm(): void {
    const { world, isSilent, fire, pump } = this.parts;
    this.cancel();
    if (isSilent()) return;
    const at = Math.min(this.timers.earliest ?? Infinity, this.storeWakeAt ?? Infinity);
    if (at === Infinity) return;
    this.cancel = world.setTimer(at, () => {
      const now = world.now();
      fire(new Set(this.timers.takeDue(now)), now);
      if (this.storeWakeAt !== null && this.storeWakeAt <= now) pump();
      else this.arm();
    });
  }
}
