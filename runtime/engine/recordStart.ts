/** An execution begins to exist, or is found to. */
import { ExecutionExistsError, StoreError } from "../errors.ts";
import { toRead } from "../stores/cutting.ts";
import type { LoadedExecution, NewExecution } from "../stores/store.ts";
import type { Creations } from "./creations.ts";
import type { EngineParts } from "./engine.ts";
import type { Named } from "./functions.ts";
import { payloadOf } from "./events.ts";
import { encodeInput } from "./scope.ts";
import type { EnqueueOptions, StartOptions } from "./starts.ts";
import { checkStart, toNewExecution } from "./starts.ts";

interface Asked {
  readonly fn: Named;
  readonly input: unknown;
  readonly id: string;
  readonly options: StartOptions;
}

interface Recording extends EngineParts {
  readonly creations: Pick<Creations, "create">;
}

type Enqueued = EnqueueOptions<unknown> & Pick<Asked, "fn">;

/** `recordStart` inside a transaction of the user's, on `client`. */
export async function recordInside(
  parts: EngineParts,
  client: unknown,
  { fn, input, id = parts.world.uuid(), ...options }: Enqueued,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const { transactions, name } = parts.store;
  if (transactions === undefined) {
    throw new StoreError(`${name} has no database to enqueue in: use PostgreSQL or a file of SQLite.`);
  }
  const creations = { create: async (execution: NewExecution) => transactions.create(client, execution) };
  const created = await recordStart({ ...parts, creations }, { fn, input, id, options });
  return { id, created: created !== null };
}

/** What was created. */
export interface Started {
  readonly execution: LoadedExecution;
  /** Of this process's worker; null: nobody has it yet. */
  readonly lease: number | null;
}

/** Null: an execution of this id, function and input is there already. Throws what `Engine.start` throws. */
export async function recordStart(
  parts: Recording,
  { fn, input, id, options }: Asked,
): Promise<Started | null> {
  const { functions, observer } = parts;
  const name = functions.idOf(fn);
  const observed = observer?.starting?.({ id, functionId: name });
  try {
    const created = await create(parts, { id, name, input, options, trace: observed?.trace ?? null });
    observed?.ended({ created: created !== null });
    return created;
  } catch (error) {
    observed?.ended({ error });
    throw error;
  }
}

interface Start extends Omit<Asked, "fn"> {
  readonly name: string;
  readonly trace: Parameters<typeof toNewExecution>[0]["trace"];
}

async function create(
  { creations, world, retention, limits, queues }: Recording,
  { id, name, input, options, trace }: Start,
): Promise<Started | null> {
  const payload = encodeInput(input, limits.inputBytes);
  const kept = retention === null ? {} : { retention };
  const place = queues.placeOf(name, checkStart(options));
  const starting = { id, function: name, payload, ...kept, ...options, trace: trace ?? null, place };
  const execution = toNewExecution(starting, world);
  const made = await creations.create(execution);
  const { row } = made;
  if (made.created) {
    const nothing = { snapshot: null, chunks: [], messages: [] };
    return { execution: { row, ...nothing, tail: [toRead(execution.event)] }, lease: made.lease ?? null };
  }
  if (row.function === name && payloadOf(made.first) === payload) return null;
  throw new ExecutionExistsError(
    `An execution "${id}" exists already, with ${row.function !== name ? `function ${row.function}` : "another input"}. ` +
      `The same id starts the same thing only once: use another id, or the same input.`,
  );
}
