import type { Allowance } from "./rows.ts";
import { NO_KEY, toAllowance, UNLIMITED } from "./rows.ts";
import type { AdmissionMoment, Admitted, QueueLimits, QueuePlace } from "./store.ts";

interface Place {
  readonly execution: string;
  readonly queue: string;
  readonly lane: string;
  readonly priority: number;
  /** As in sqlite-queues.ts. */
  readonly turn: number;
  isAdmitted: boolean;
}

/** Executions that wait in queues, and those that were admitted and have not ended. Small enough to be looked through. */
export class MemoryQueues {
  /** In the order they came. */
  private readonly places = new Map<string, Place>();
  private readonly turns = new Map<string, number>();
  private readonly rates = new Map<string, { readonly at: number; readonly amount: number }[]>();

  put(execution: string, { name, key, priority }: QueuePlace): void {
    const lane = key ?? NO_KEY;
    const of = [...this.places.values()].filter((place) => place.queue === name && place.lane === lane);
    const turn = Math.max(this.turns.get(name) ?? 0, ...of.map((place) => place.turn)) + 1;
    this.places.set(execution, { execution, queue: name, lane, priority, turn, isAdmitted: false });
  }

  leave(execution: string): void {
    this.places.delete(execution);
  }

  admit(queue: QueueLimits, { now, limit }: AdmissionMoment): Admitted {
    const { name, concurrency, perKey } = queue;
    const all = [...this.places.values()].filter((place) => place.queue === name);
    const underWay = all.filter(({ isAdmitted }) => isAdmitted);
    const lanes = new Map<string, number>();
    const enter = ({ lane }: Place): void => void lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
    underWay.forEach(enter);
    const allowance = this.allowance(queue, now);
    const room = Math.min(limit, (concurrency ?? Infinity) - underWay.length, allowance.left);
    const waiting = all.filter(({ isAdmitted }) => !isAdmitted);
    waiting.sort((a, b) => b.priority - a.priority || a.turn - b.turn);
    const executions: string[] = [];
    for (const place of waiting) {
      if (executions.length >= room) break;
      if (perKey !== null && place.lane !== NO_KEY && (lanes.get(place.lane) ?? 0) >= perKey) continue;
      place.isAdmitted = true;
      enter(place);
      this.turns.set(name, Math.max(this.turns.get(name) ?? 0, place.turn));
      executions.push(place.execution);
    }
    if (queue.rate !== null && executions.length > 0)
      this.rates.get(name)?.push({ at: now, amount: executions.length });
    const isCut = executions.length === limit;
    return {
      executions,
      again: isCut ? now : executions.length < allowance.left ? null : allowance.again(now),
    };
  }

  private allowance({ name, rate }: QueueLimits, now: number): Allowance {
    if (rate === null) return UNLIMITED;
    const recent = (this.rates.get(name) ?? []).filter(({ at }) => at > now - rate.perMs && at <= now);
    this.rates.set(name, recent);
    const amount = recent.reduce((sum, one) => sum + one.amount, 0);
    return toAllowance(rate, { amount, first: recent[0]?.at ?? null });
  }
}
