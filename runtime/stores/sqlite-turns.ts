/**
 * Who may write: SQLite has one writer at a time, and one that waits for another blocks its whole process, event loop
 * included. A transaction whose body needs the event loop would then never end. So while one is open, the other writes of
 * this process stand in line here, as promises.
 */
export class SqliteTurns {
  private isHeld = false;
  private readonly writes: (() => void)[] = [];
  private readonly holders: (() => void)[] = [];

  /** At once, mostly; else after the transaction that is open, and before the next. */
  write<T>(work: () => T): T | Promise<T> {
    if (!this.isHeld) return work();
    return new Promise<T>((resolve, reject) => {
      this.writes.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  /** `work` is the only writer of this process until it settles. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.isHeld) await new Promise<void>((resolve) => this.holders.push(resolve));
    this.isHeld = true;
    try {
      return await work();
    } finally {
      // Heartbeats and commits first: a queue of transactions must not look like a dead worker.
      for (const write of this.writes.splice(0)) write();
      const next = this.holders.shift();
      if (next === undefined) this.isHeld = false;
      else next();
    }
  }
}
