/** What an execution is doing now, read beside it: nothing of it is started, changed or written. */
import { Gate } from "./gate.ts";
import { TransactionError } from "../errors.ts";
import type { Store } from "../stores/store.ts";
import { Box } from "../variables.ts";
import type { Execution, ExecutionHooks } from "./execution.ts";
import { bringBack } from "./load.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import type { InvokeOperation } from "./operations/invoke.ts";
import type { Operation } from "./operations/operation.ts";
import type { World } from "./world.ts";
import { taskOf } from "./host.ts";

/** A durable function that is under way. */
export interface Activation {
  /** Its name in the author's source. */
  readonly function: string;
  /** `""` for the execution's own function. */
  readonly path: string;
  readonly checkpoint: number;
  readonly source: { readonly file: string; readonly line: number };
  /** Those that are read after the checkpoint. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Something the execution waits for. */
export interface PendingOperation {
  readonly op: string;
  readonly kind: Operation["kind"];
  readonly name?: string;
  /** `src/fulfil.ts:8:17` */
  readonly at?: string;
  /** When something happens next, if that is known. */
  readonly dueAt?: number;
  /** Of a callback: what whoever settles it needs. */
  readonly callbackId?: string;
  /** Of an invocation: the other execution. */
  readonly child?: string;
}

/** The state after the last recorded event. */
export interface ExecutionState {
  readonly id: string;
  /** Number of that event, and its time. */
  readonly events: number;
  readonly time: number;
  readonly paused: boolean;
  readonly activations: readonly Activation[];
  readonly operations: readonly PendingOperation[];
  /** Signals that nobody has asked for yet: how many by name. */
  readonly signals: Readonly<Record<string, number>>;
}

/** Null: it has ended, or is not there. Throws what bringing it back throws, when this process lacks its code. */
export async function readState(
  { store, world }: { readonly store: Store; readonly world: World },
  id: string,
): Promise<ExecutionState | null> {
  const stored = await store.load(id);
  if (stored === null || stored.row.status !== "RUNNING") return null;
  const { execution } = await bringBack({ ...stored, messages: [] }, 0, onlooker(world));
  execution.disposed = true;
  return {
    id,
    events: execution.applied,
    time: execution.time,
    paused: execution.paused,
    activations: [...execution.frames].flatMap(toActivation),
    operations: [...execution.operations.values()].map(toPending),
    signals: Object.fromEntries([...execution.signals].map(([name, { length }]) => [name, length])),
  };
}

/** For an execution that nobody runs: it starts nothing, and nobody hears what it says. */
function onlooker(world: World): ExecutionHooks {
  return {
    world,
    log: () => undefined,
    observer: null,
    functionId: String,
    gate: new Gate({ steps: 1, stepsByName: {} }),
    placeOf: () => undefined,
    retention: null,
    draining: () => true,
    handling: { everyAwait: false, isolate: false, changed: null },
    ready: () => undefined,
    expire: () => undefined,
    transact: () =>
      Promise.reject(new TransactionError("Nothing runs where an execution is only looked at.")),
  };
}

type Parked = Execution["frames"] extends Set<infer F> ? F : never;

function toActivation(frame: Parked): readonly Activation[] {
  const { machine, pc, slots } = frame;
  // Those of the runtime itself, of batches say, have nothing to tell.
  if (machine.source.startsWith("@durablec/")) return [];
  const { line = 0, live = [] } = machine.checkpoints[pc] ?? {};
  return [
    {
      function: machine.name,
      path: taskOf(frame).path,
      checkpoint: pc,
      source: { file: machine.source, line },
      // Temporaries are the compiler's.
      variables: Object.fromEntries(
        live.filter((name) => !name.startsWith("$")).map((name) => [name, toShown(slots[name])]),
      ),
    },
  ];
}

function toShown(value: unknown): unknown {
  return value instanceof Box ? value.v : value;
}

function toPending(operation: Operation): PendingOperation {
  const { head, kind } = operation;
  const dueAt = operation.timer();
  const callbackId = kind === "callback" ? (operation as CallbackOperation).state.callback : null;
  const child = kind === "invoke" ? (operation as InvokeOperation).state.child : null;
  return {
    op: head.op,
    kind,
    ...(head.name === undefined ? {} : { name: head.name }),
    ...(head.at === undefined ? {} : { at: head.at }),
    ...(dueAt === null ? {} : { dueAt }),
    ...(callbackId === null ? {} : { callbackId }),
    ...(child === null ? {} : { child }),
  };
}
