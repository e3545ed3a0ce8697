/** Queues: executions that wait in the store for their turn, and how many may be under way at a time. */
import { OperationArgumentError } from "../arguments.ts";
import type { Duration } from "../duration.ts";
import { toMilliseconds } from "../duration.ts";
import { UnknownQueueError } from "../errors.ts";
import type { QueueLimits, QueuePlace, Store } from "../stores/store.ts";
import type { Named } from "./functions.ts";
import type { World } from "./world.ts";

/**
 * Of one queue. What is counted is an execution from when it leaves the queue to its end, asleep or not, whichever worker
 * has it. Absent: no limit.
 */
export interface QueueOptions {
  /** Most executions at a time: 1 or more. */
  readonly concurrency?: number;
  /** Most executions of one key at a time: 1 or more. */
  readonly perKey?: number;
  /** At most `count` begin in any period of this length. */
  readonly rate?: { readonly count: number; readonly per: Duration };
  /** Executions of these functions wait here, unless their start names another queue. */
  readonly functions?: readonly Named[];
}

/** Where an execution waits before it begins. */
export interface QueueChoice {
  /** Name of a queue. Default: the one that names the function in its `functions`; else it begins at once. */
  readonly queue?: string;
  /**
   * Whose it is, a customer's say, in at most 256 characters: see `perKey`. Keys take turns, however many executions one of
   * them brings.
   */
  readonly key?: string;
  /** A whole number; higher comes first. Default 0. */
  readonly priority?: number;
}

const PRIORITY_MAX = 1_000_000;
/** Names stand in an index, whose entries PostgreSQL limits to 2,704 bytes: a longer one would fail a whole commit. */
const NAME_MAX = 256;

/** The queues of an engine. */
export class Queues {
  readonly limits: readonly QueueLimits[];
  private readonly queueOf = new Map<string, string>();
  private readonly isStrict: boolean;

  /** `isStrict`: a queue that is not among these is an error; for a client, others may have it. */
  constructor(
    given: Readonly<Record<string, QueueOptions>>,
    { idOf, isStrict }: { idOf(fn: Named): string; readonly isStrict: boolean },
  ) {
    this.isStrict = isStrict;
    this.limits = Object.entries(given).map(([name, options]) => toLimits(name, options));
    for (const [name, { functions = [] }] of Object.entries(given)) {
      for (const fn of functions) this.assign(idOf(fn), name);
    }
  }

  private assign(id: string, name: string): void {
    const other = this.queueOf.get(id);
    if (other !== undefined) {
      throw new OperationArgumentError(
        `The function ${id} is in two queues, "${other}" and "${name}". Name one.`,
      );
    }
    this.queueOf.set(id, name);
  }

  /** Undefined: it begins at once. Throws `UnknownQueueError` and `OperationArgumentError`. */
  placeOf(functionId: string, { queue, key, priority = 0 }: QueueChoice): QueuePlace | undefined {
    const name = queue ?? this.queueOf.get(functionId);
    if (name === undefined) {
      if (key === undefined && priority === 0) return undefined;
      throw new OperationArgumentError(
        `An execution of ${functionId} was given a key or a priority, but no queue: name one, or list the function in a ` +
          `queue's functions.`,
      );
    }
    if (this.isStrict && !this.limits.some((limits) => limits.name === name)) {
      const known = this.limits.map((limits) => limits.name).join(", ") || "none";
      throw new UnknownQueueError(`There is no queue "${name}" in open({ queues }), which has: ${known}.`);
    }
    return { name, key: key ?? null, priority };
  }
}

/** Throws `OperationArgumentError` for what makes no sense. */
export function checkQueueChoice({ queue, key, priority }: QueueChoice): void {
  for (const [what, text] of Object.entries({ queue, key })) {
    if (text === undefined || isName(text)) continue;
    throw new OperationArgumentError(
      `The ${what} must be a string of 1 to ${NAME_MAX} characters, without the character NUL.`,
    );
  }
  if (priority === undefined || (Number.isInteger(priority) && Math.abs(priority) <= PRIORITY_MAX)) return;
  throw new OperationArgumentError(
    `The priority must be a whole number from -${PRIORITY_MAX} to ${PRIORITY_MAX}, not ${String(priority)}.`,
  );
}

function isName(text: unknown): boolean {
  return typeof text === "string" && text !== "" && text.length <= NAME_MAX && !text.includes("\0");
}

function toLimits(name: string, { concurrency, perKey, rate }: QueueOptions): QueueLimits {
  checkQueueChoice({ queue: name });
  for (const [what, count] of Object.entries({ concurrency, perKey, "rate.count": rate?.count })) {
    if (count === undefined || (Number.isInteger(count) && count >= 1)) continue;
    throw new OperationArgumentError(
      `The ${what} of the queue "${name}" must be a whole number of 1 or more, not ${String(count)}.`,
    );
  }
  const perMs = rate === undefined ? 0 : toMilliseconds(rate.per, `The period of the queue "${name}"`);
  if (rate !== undefined && perMs < 1) {
    throw new OperationArgumentError(`The period of the queue "${name}" must be longer than nothing.`);
  }
  return {
    name,
    concurrency: concurrency ?? null,
    perKey: perKey ?? null,
    rate: rate === undefined ? null : { count: rate.count, perMs },
  };
}

/** Executions that leave a queue with one transaction. */
const ADMIT_MAX = 500;

interface WatchParts {
  readonly store: Store;
  readonly world: World;
  readonly queues: Queues;
  /** How many executions the worker could take now. */
  room(): number;
  guard(work: () => Promise<void>): Promise<void>;
  /** They have left their queue. */
  wake(ids: readonly string[]): Promise<void>;
}

/** Lets executions leave the queues as their limits allow. */
export class QueueWatch {
  private readonly parts: WatchParts;
  private isLooking = false;
  private isStopped = false;
  private isAsked = false;
  private cancelTimer: () => void = () => undefined;

  constructor(parts: WatchParts) {
    this.parts = parts;
  }

  /** A look is under way, or about to be. */
  get busy(): boolean {
    return this.isLooking;
  }

  /** Something came, ended, or made room. What happens at the same moment is looked at once. */
  look(): void {
    if (this.isStopped || this.parts.queues.limits.length === 0) return;
    this.isAsked = true;
    if (this.isLooking) return;
    this.isLooking = true;
    setImmediate(() => void this.parts.guard(() => this.lookNow()).finally(() => this.lookAgain()));
  }

  stop(): void {
    this.isStopped = true;
    this.cancelTimer();
  }

  private lookAgain(): void {
    this.isLooking = false;
    if (this.isAsked) this.look();
  }

  private async lookNow(): Promise<void> {
    const { store, world, queues, room, wake } = this.parts;
    this.isAsked = false;
    this.cancelTimer();
    let next = Infinity;
    for (const limits of queues.limits) {
      const limit = Math.min(ADMIT_MAX, room());
      // Who leaves memory makes room, and then there is another look.
      if (limit <= 0) return;
      const now = world.now();
      const { executions, again } = await store.admit(limits, { now, limit });
      if (executions.length > 0) void wake(executions);
      if (again !== null && again <= now) this.isAsked = true;
      else if (again !== null) next = Math.min(next, again);
    }
    if (next < Infinity && !this.isStopped) this.cancelTimer = world.setTimer(next, () => this.look());
  }
}
