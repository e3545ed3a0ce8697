/**
 * Lets so many through in a pass of the event loop; the others follow in the passes after it, in their order. What an
 * embedded store does takes the thread: ten thousand executions that wake at the same moment would stop everything else.
 */
export class Turnstile {
  private readonly perPass: number;
  private readonly queue: (() => void)[] = [];
  private through = 0;

  constructor(perPass: number) {
    this.perPass = perPass;
  }

  /** Resolves when it is one's turn. */
  async enter(): Promise<void> {
    if (this.through === this.perPass) return new Promise((resolve) => this.queue.push(resolve));
    if (this.through++ === 0) setImmediate(() => this.pass());
  }

  private pass(): void {
    const next = this.queue.splice(0, this.perPass);
    this.through = next.length;
    if (next.length > 0) setImmediate(() => this.pass());
    for (const resolve of next) resolve();
  }
}
