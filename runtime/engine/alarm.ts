/** When a worker has to do something by the clock: for executions in memory, and for those that sleep in the store. */
import type { Running } from "./load.ts";
import { TimerQueue } from "./timers.ts";
import type { World } from "./world.ts";

interface AlarmParts {
  readonly world: World;
  /** Nothing is to be done any more. */
  isSilent(): boolean;
  /** The time of one in the store has come. */
  pump(): void;
}

export class Alarm {
  private readonly parts: AlarmParts;
  private readonly timers = new TimerQueue<Running>();
  private storeWakeAt: number | null = null;
  private cancel: () => void = () => undefined;

  constructor(parts: AlarmParts) {
    this.parts = parts;
  }

  /** At the earliest timer of one in memory. */
  set(running: Running | undefined): void {
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

  private fire(now: number): void {
    for (const running of new Set(this.timers.takeDue(now))) {
      if (running.execution.disposed) continue;
      running.timerAt = null;
      running.execution.fireTimers(now);
      if (running.execution.outbox.length === 0) this.set(running);
    }
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
    const { world, isSilent, pump } = this.parts;
    this.cancel();
    if (isSilent()) return;
    const at = Math.min(this.timers.earliest ?? Infinity, this.storeWakeAt ?? Infinity);
    if (at === Infinity) return;
    this.cancel = world.setTimer(at, () => {
      const now = world.now();
      this.fire(now);
      if (this.storeWakeAt !== null && this.storeWakeAt <= now) pump();
      else this.arm();
    });
  }
}
