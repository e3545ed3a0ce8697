/** A binary heap of wake-up times. An entry is not removed when it is superseded: whoever wakes up looks again. */
export class TimerQueue<T> {
  private readonly heap: { readonly at: number; readonly item: T }[] = [];

  get earliest(): number | null {
    return this.heap[0]?.at ?? null;
  }

  add(at: number, item: T): void {
    const { heap } = this;
    let child = heap.push({ at, item }) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.at(parent) <= at) break;
      this.swap(parent, child);
      child = parent;
    }
  }

  /** Removes and returns everything due at `now`, earliest first. */
  takeDue(now: number): T[] {
    const due: T[] = [];
    for (let top = this.heap[0]; top !== undefined && top.at <= now; top = this.heap[0]) {
      due.push(top.item);
      this.removeTop();
    }
    return due;
  }

  private removeTop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      const least = this.at(left + 1) < this.at(left) ? left + 1 : left;
      if (this.at(least) >= last.at) return;
      this.swap(parent, least);
      parent = least;
    }
  }

  private at(index: number): number {
    return this.heap[index]?.at ?? Infinity;
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    [heap[a], heap[b]] = [heap[b] as (typeof heap)[0], heap[a] as (typeof heap)[0]];
  }
}
