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

/** Those that share a limit. */
interface Lane {
  readonly max: number;
  atWork: number;
  /** By execution, in the order of their turns. */
  readonly waiting: Map<string, Set<Place>>;
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

  /** A place for a body of a step of this name: `begin` is called when it has been entered and there is room. */
  placeFor(execution: string, name: string | undefined, begin: () => void): Place {
    const lane = (name === undefined ? undefined : this.byName.get(name)) ?? this.others;
    return new Place({ gate: this, lane, execution }, begin);
  }

  enter(place: Place, lane: Lane): void {
    if (this.atWork < this.max && lane.atWork < lane.max) return this.begin(place, lane);
    this.waiting++;
    const own = lane.waiting.get(place.execution);
    if (own === undefined) lane.waiting.set(place.execution, new Set([place]));
    else own.add(place);
  }

  private begin(place: Place, lane: Lane): void {
    this.atWork++;
    lane.atWork++;
    place.begin();
  }

  leave(lane: Lane): void {
    this.atWork--;
    lane.atWork--;
    if (this.waiting > 0) this.fill(lane);
  }

  giveUp(place: Place, lane: Lane): void {
    this.waiting--;
    const own = lane.waiting.get(place.execution);
    own?.delete(place);
    if (own?.size === 0) lane.waiting.delete(place.execution);
  }

  /** Room was made in this lane, and so for all. */
  private fill(lane: Lane): void {
    for (const one of [lane, ...this.byName.values(), this.others]) {
      while (this.atWork < this.max && one.atWork < one.max) {
        const place = takeTurn(one);
        if (place === null) break;
        this.waiting--;
        this.begin(place, one);
      }
    }
  }
}

interface Around {
  readonly gate: Gate;
  readonly lane: Lane;
  readonly execution: string;
}

/** Of one body: waited for, taken, left. */
export class Place {
  private readonly around: Around;
  private readonly whenThere: () => void;
  private state: "outside" | "waiting" | "atWork" | "left" = "outside";

  constructor(around: Around, whenThere: () => void) {
    this.around = around;
    this.whenThere = whenThere;
  }

  get execution(): string {
    return this.around.execution;
  }

  /** `begin` is called now if there is room, or else later. */
  enter(): void {
    // Given up before.
    if (this.state !== "outside") return;
    this.state = "waiting";
    this.around.gate.enter(this, this.around.lane);
  }

  begin(): void {
    this.state = "atWork";
    this.whenThere();
  }

  /** It is over, or given up. */
  leave(): void {
    const { state, around } = this;
    this.state = "left";
    if (state === "waiting") around.gate.giveUp(this, around.lane);
    else if (state === "atWork") around.gate.leave(around.lane);
  }
}

/** The first of the execution whose turn it is; its others come after those of all other executions. */
function takeTurn({ waiting }: Lane): Place | null {
  for (const [execution, own] of waiting) {
    for (const place of own) {
      own.delete(place);
      waiting.delete(execution);
      if (own.size > 0) waiting.set(execution, own);
      return place;
    }
  }
  return null;
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
