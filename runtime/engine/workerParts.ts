import type { LogSink } from "../logger.ts";
import type { Store } from "../stores/store.ts";
import type { Duration } from "../duration.ts";
import type { Named } from "./functions.ts";
import type { EndEvent } from "./events.ts";
import type { ExecutionHooks } from "./execution.ts";
import type { Gate } from "./gate.ts";
import type { Mending } from "./mending.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import type { Queues } from "./queues.ts";
import type { Restarting } from "./restarting.ts";
import { transactIn } from "./transact.ts";
import type { World } from "./world.ts";

/** What a worker is made of. */
export interface WorkerParts extends Mending {
  readonly store: Store;
  readonly world: World;
  /** Functions this worker was given. Executions of others are left to workers that were. */
  readonly functionIds: readonly string[];
  /** Most executions in memory at a time; the others wait in the store. */
  readonly executionsMax: number;
  /** An idle execution stays in memory this long before its next timer, so that short waits cost no reload. */
  readonly lingerMs: number;
  readonly restarting: Restarting | null;
  readonly handling: ExecutionHooks["handling"];
  readonly log: LogSink;
  readonly observer: ExecutionHooks["observer"];
  functionId(fn: Named): string;
  readonly retention: Duration | null;
  /** Of running executions, behind their states. Null: all. */
  readonly keepEvents: number | null;
  readonly queues: Queues;
  readonly gate: Gate;
  ended(id: string, event: EndEvent): void;
  parked(id: string, problem: Error): void;
  /** Another worker has executions of this one. */
  lost(): void;
  /** The worker cannot go on: the store failed, or another owner took over. Called once. */
  failed(error: unknown): void;
}

type Own = Pick<ExecutionHooks, "draining" | "ready" | "expire"> & Parameters<typeof transactIn>[2];

/** Asks the store whether the time of a callback is over. Where it does not answer, the question stays due. */
export async function expire(
  { store, world }: Pick<WorkerParts, "store" | "world">,
  op: CallbackOperation,
  callback: string,
): Promise<void> {
  let next = op.state.checkAt;
  try {
    next = await store.expire(callback, world.now());
  } finally {
    op.checkAgain(next);
  }
}

/** What executions ask of a worker. */
export function toHooks(parts: WorkerParts, { failed, lost, ...own }: Own): ExecutionHooks {
  const { world, log, observer, gate, retention, queues, handling } = parts;
  return {
    ...{ world, log, observer, gate, retention, handling, ...own },
    functionId: (fn) => parts.functionId(fn),
    placeOf: (functionId, choice) => queues.placeOf(functionId, choice),
    transact: (transacting) => transactIn(parts, transacting, { failed, lost }),
  };
}
