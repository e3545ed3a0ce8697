/**
 * How many bodies (of steps, submitters and checks) a worker has at work at a time. The others wait in memory, where their
 * operations are anyway; executions take turns, so that one with a thousand steps does not hold up one with its first.
 */
import { OperationArgumentError } from "../arguments.ts";

export interface StepLimits {
  /** Of all bodies. */
  readonly steps: number;
  /** Of steps of one name. */
  readonly stepsByName: Readonly<Record<string, number>>;
}

interface Body {
  readonly execution: string;
  readonly name?: string;
}

/** Those that share a limit. */
interface Lane {
  readonly max: number;
  atWork: number;
  /** By execution, in the order of their turns. */
  readonly waiting: Map<string, Set<() => void>>;
}

export class Gate {
  private readonly max: number;
  private readonly byName: ReadonlyMap<string, Lane>;
  private readonly others: Lane;
  private atWork = 0;
  private waiting = 0;

  /** Throws `OperationArgumentError` unless all limits are whole numbers of 1 or more. */
  constructor({ steps, stepsByName }: StepLimits) {
    this.max = toLimit("steps", steps);
    this.others = toLane(Infinity);
    this.byName = new Map(
      Object.entries(stepsByName).map(([name, max]) => [name, toLane(toLimit(`stepsByName[${name}]`, max))]),
    );
  }

  /** Calls `begin` as soon as there is room: now, if there is. Returns what to call once it is over, or given up. */
  enter({ execution, name }: Body, begin: () => void): () => void {
    const lane = (name === undefined ? undefined : this.byName.get(name)) ?? this.others;
    let state: "waiting" | "atWork" | "left" = "waiting";
    const start = (): void => {
      state = "atWork";
      this.atWork++;
      lane.atWork++;
      begin();
    };
    if (this.atWork < this.max && lane.atWork < lane.max) start();
    else {
      this.waiting++;
      const own = lane.waiting.get(execution);
      if (own === undefined) lane.waiting.set(execution, new Set([start]));
      else own.add(start);
    }
    return () => {
      const was = state;
      state = "left";
      if (was === "waiting") {
        this.waiting--;
        forget(lane, execution, start);
      } else if (was === "atWork") {
        this.atWork--;
        lane.atWork--;
        if (this.waiting > 0) this.fill(lane);
      }
    };
  }

  /** Room was made in this lane, and so for all. */
  private fill(lane: Lane): void {
    for (const one of [lane, ...this.byName.values(), this.others]) {
      while (this.atWork < this.max && one.atWork < one.max) {
        const start = takeTurn(one);
        if (start === null) break;
        this.waiting--;
        start();
      }
    }
  }
}

/** The first of the execution whose turn it is; its others come after those of all other executions. */
function takeTurn({ waiting }: Lane): (() => void) | null {
  for (const [execution, own] of waiting) {
    for (const start of own) {
      own.delete(start);
      waiting.delete(execution);
      if (own.size > 0) waiting.set(execution, own);
      return start;
    }
  }
  return null;
}

function forget({ waiting }: Lane, execution: string, start: () => void): void {
  const own = waiting.get(execution);
  own?.delete(start);
  if (own?.size === 0) waiting.delete(execution);
}

function toLane(max: number): Lane {
  return { max, atWork: 0, waiting: new Map() };
}

function toLimit(what: string, limit: number): number {
  if (Number.isInteger(limit) && limit >= 1) return limit;
  throw new OperationArgumentError(
    `limits.${what} in open({ limits }) must be a whole number of 1 or more, not ${String(limit)}.`,
  );
}
