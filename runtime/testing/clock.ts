/**
 * Time that moves only when it is told to, from one timer straight to the next. A timer belongs to a process of the test
 * (see `process.ts`), and is gone with it.
 */
export interface ClockTimer {
  readonly at: number;
  readonly callback: () => void;
  /** The engine's own look at the store: no reason to move. */
  readonly upkeep: boolean;
  /** False: its process is gone. */
  readonly isAlive: () => boolean;
}

export class TestClock {
  private time: number;
  /** In the order in which they were set: of two for the same time, the first set fires first. */
  private timers: ClockTimer[] = [];

  constructor(startAt: number) {
    this.time = startAt;
  }

  now(): number {
    return this.time;
  }

  /** Returns how to cancel. */
  setTimer(timer: ClockTimer): () => void {
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** When the next timer fires; null: nothing waits for a time. */
  next(): number | null {
    let earliest: number | null = null;
    for (const { at, upkeep, isAlive } of this.timers) {
      if (!upkeep && isAlive() && (earliest === null || at < earliest)) earliest = at;
    }
    return earliest;
  }

  /** Moves to `at` (never back) and fires what is due by then, earliest first. */
  moveTo(at: number): void {
    this.time = Math.max(this.time, at);
    const due = this.take((timer) => timer.at <= this.time).sort((a, b) => a.at - b.at);
    for (const { callback } of due) callback();
  }

  /** Lets engines look at their store now, without a move. */
  upkeep(): void {
    for (const { callback } of this.take(({ upkeep }) => upkeep)) callback();
  }

  private take(chosen: (timer: ClockTimer) => boolean): ClockTimer[] {
    const alive = this.timers.filter(({ isAlive }) => isAlive());
    this.timers = alive.filter((timer) => !chosen(timer));
    return alive.filter(chosen);
  }
}
