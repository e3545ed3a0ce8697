/** A new execution as the store takes it. */
import type { Duration } from "../duration.ts";
import { OperationArgumentError } from "../arguments.ts";
import { DurationError, toMilliseconds } from "../duration.ts";
import type { TraceContext } from "../observer.ts";
import { cutNew } from "../stores/cutting.ts";
import type { NewExecution, QueuePlace, Tags } from "../stores/store.ts";
import { toStored } from "./events.ts";
import type { QueueChoice } from "./queues.ts";
import { checkQueueChoice } from "./queues.ts";
import type { World } from "./world.ts";

export interface StartOptions extends QueueChoice {
  /** The execution is `TIMED_OUT` when it takes longer: 1 second to 366 days. Default: none. */
  readonly executionTimeout?: Duration;
  /** How long it is kept after its end, history and result. Default: the engine's, which is for ever. */
  readonly retention?: Duration;
  /** To find it by: `list({ tags })`. */
  readonly tags?: Tags;
}

export interface EnqueueOptions<I> extends StartOptions {
  readonly input: I;
  /** Default: a new one. */
  readonly id?: string;
}

export interface Starting extends Omit<StartOptions, keyof QueueChoice> {
  readonly id: string;
  /** Id of the function. */
  readonly function: string;
  /** Encoded input. */
  readonly payload: string;
  readonly parent?: string;
  /** Of the trace it belongs to. */
  readonly trace?: TraceContext | null;
  /** Absent: it begins at once. */
  readonly place?: QueuePlace | undefined;
}

export function toNewExecution(starting: Starting, world: World): NewExecution {
  const { id, function: name, payload, parent, executionTimeout, retention, tags, trace, place } = starting;
  const createdAt = world.now();
  const timeoutMs =
    executionTimeout === undefined ? null : toMilliseconds(executionTimeout, "The executionTimeout");
  const timeoutAt = timeoutMs === null ? null : createdAt + timeoutMs;
  const event = {
    kind: "ExecutionStarted",
    time: createdAt,
    function: name,
    seed: world.uuid(),
    ...(timeoutAt === null ? {} : { timeoutAt }),
    ...(trace ? { trace } : {}),
    ...(place === undefined ? {} : { queue: place }),
    payload,
  } as const;
  return cutNew({
    id,
    function: name,
    createdAt,
    event: toStored(1, event),
    ...(parent === undefined ? {} : { parent }),
    ...(tags === undefined || Object.keys(tags).length === 0 ? {} : { tags }),
    ...(retention === undefined ? {} : { keepMs: toMilliseconds(retention, "The retention") }),
    ...(place === undefined ? {} : { queue: place, wakeAt: timeoutAt }),
  });
}

const SECOND_MS = 1_000;

/** Throws `DurationError` or `OperationArgumentError` for what makes no sense. */
export function checkStart(options: StartOptions): StartOptions {
  const { executionTimeout, retention, tags } = options;
  if (executionTimeout !== undefined) {
    const ms = toMilliseconds(executionTimeout, "The executionTimeout");
    if (ms < SECOND_MS) {
      throw new DurationError(`The executionTimeout must be 1 second or more, not ${ms} ms.`);
    }
  }
  if (retention !== undefined) toMilliseconds(retention, "The retention");
  checkQueueChoice(options);
  for (const [name, value] of Object.entries(tags ?? {})) {
    if (typeof value === "string" && !`${name}${value}`.includes("\0")) continue;
    throw new OperationArgumentError(`The tag "${name}" must be a string without the character NUL.`);
  }
  return options;
}
