/** Requests that are answered when an execution has ended. */
import type { Engine } from "../engine/engine.ts";
import type { ExecutionView } from "../engine/view.ts";
import { Problem } from "./problem.ts";

export interface WaitLimits {
  readonly maxMs: number;
  /** Requests that may wait at a time. */
  readonly countMax: number;
  /** Aborted: nobody waits any longer. */
  readonly closing: AbortSignal | undefined;
}

export class Waits {
  readonly maxMs: number;
  private readonly engine: Engine;
  private readonly limits: WaitLimits;
  private count = 0;

  constructor(engine: Engine, limits: WaitLimits) {
    this.engine = engine;
    this.limits = limits;
    this.maxMs = limits.maxMs;
  }

  /** The execution as it is when it has ended, when the time is over, or when nobody listens any more. */
  async forEnd(id: string, waitMs: number, gone: AbortSignal): Promise<ExecutionView> {
    const { countMax, closing } = this.limits;
    if (this.count >= countMax)
      throw new Problem(
        503,
        "too_many_waits",
        `${countMax} requests wait already: ask again later, without wait.`,
      );
    this.count++;
    const over = AbortSignal.any([
      gone,
      AbortSignal.timeout(waitMs),
      ...(closing === undefined ? [] : [closing]),
    ]);
    try {
      await this.engine.result(id, { signal: over });
    } catch {
      // Its failure, or the time: both are in the view. If the store failed, so does the look.
    } finally {
      this.count--;
    }
    const view = await this.engine.get(id);
    if (view !== null) return view;
    throw new Problem(404, "unknown_execution", `There is no execution "${id}" any more.`);
  }
}
