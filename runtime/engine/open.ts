/** Opening an engine: from what a service writes to the engine's parts. */
import { OperationArgumentError } from "../arguments.ts";
import type { Duration } from "../duration.ts";
import { StoreError, UnknownFunctionError } from "../errors.ts";
import type { LogSink } from "../logger.ts";
import type { Observer } from "../observer.ts";
import { writeLog } from "../logger.ts";
import { buildName, findDurable } from "../registry.ts";
import { assertSameSecrecy, encryptStore } from "../stores/encrypted.ts";
import type { EncryptionOptions } from "../stores/encryption-options.ts";
import { openMemoryStore } from "../stores/memory.ts";
import { openSqliteStore } from "../stores/sqlite.ts";
import type { Store } from "../stores/store.ts";
import { announced, createAnnounce } from "./announce.ts";
import type { DurableFunction } from "./engine.ts";
import { Engine } from "./engine.ts";
import type { PlainFunction } from "./functions.ts";
import { assertNoGenerator, Functions } from "./functions.ts";
import { guardObserver } from "./observing.ts";
import { Gate } from "./gate.ts";
import type { Limits } from "./limits.ts";
import { LIMITS } from "./limits.ts";
import type { QueueOptions } from "./queues.ts";
import { Queues } from "./queues.ts";
import type { Restarting } from "./restarting.ts";
import type { HistoryOptions } from "./trimming.ts";
import { checkHistory } from "./trimming.ts";
import type { World } from "./world.ts";
import { realWorld } from "./world.ts";

export interface OpenOptions {
  /**
   * A file (`"orders.db"` or `"sqlite:orders.db"`), `"postgres://user:password@host:port/database"` (needs the package
   * `pg`), `"memory:"`, or a store that is open already.
   */
  readonly store: string | Store;
  /**
   * The durable functions this process may start and run: an array, or a module's exports. Others are ignored. With
   * `worker: false`, those that are not here can be started by their whole ids, `path#name`.
   */
  readonly functions: readonly unknown[] | Readonly<Record<string, unknown>>;
  /** Encrypts what is stored: see docs/encryption.md. All who open this store need the keys. */
  readonly encryption?: EncryptionOptions;
  /** Ordinary functions that may be started and invoked by these names; each runs as one step. */
  readonly plain?: Readonly<Record<string, PlainFunction>>;
  /** How long executions are kept after their ends. Default: for ever. */
  readonly retention?: Duration;
  /** How much of the history of running executions is kept. Default: all. */
  readonly history?: HistoryOptions;
  /** False: only start, settle and look; another process runs. Default true. */
  readonly worker?: boolean;
  readonly limits?: Partial<Limits>;
  /** Queues by name: see docs/queues.md. Give the same to clients, which put executions into them. */
  readonly queues?: Readonly<Record<string, QueueOptions>>;
  /** True: steps get copies of what they share with durable code, unless they say otherwise. Default false. */
  readonly isolate?: boolean;
  /** Keep an idle execution in memory this long before its next timer. Default 1000. */
  readonly lingerMs?: number;
  /**
   * How long a worker may be silent before others take its executions, in milliseconds: from 1,000 to 600,000. Default
   * 10,000. A body must not block the event loop for so long; one process that is gone from its host is noticed at once.
   */
  readonly leaseMs?: number;
  /**
   * Called when an execution is parked (with its id); with null when the store cannot be reached (`StoreUnavailableError`)
   * or this worker was silent for too long (`FencedError`), both of which the engine outlives, and when it gives up.
   * Default: stderr.
   */
  readonly onError?: (error: Error, execution: string | null) => void;
  /**
   * Takes the lines that steps and durable functions log, and the engine's own. Default: JSON lines on standard output,
   * without those of the engine.
   */
  readonly logger?: LogSink;
  /** Told what happens here: `openTelemetry()` of `@durablec/runtime/otel`, or your own. Default: none. */
  readonly observer?: Observer;
  /** Time and chance. Default: the real ones. */
  readonly world?: World;
}

/**
 * Opens a store and, unless `worker` is false, runs its executions: at once if nobody else does, else as soon as the
 * other process is gone. Throws the store's errors, and `UnknownFunctionError` for a function that is not compiled.
 */
export async function open(options: OpenOptions): Promise<Engine> {
  return openWith(options, null);
}

/** `open`, and for tests. */
export async function openWith(options: OpenOptions, restarting: Restarting | null): Promise<Engine> {
  const onError = options.onError ?? reportError;
  const { observer, logger, world = realWorld, worker = true } = options;
  const announce = createAnnounce(logger, () => world.now());
  const functions = new Functions(findFunctions(options.functions), {
    plain: options.plain ?? {},
    isClient: !worker,
  });
  const limits = { ...LIMITS, ...options.limits };
  return Engine.open({
    store: await openStore(options),
    functions,
    queues: new Queues(options.queues ?? {}, { idOf: (fn) => functions.idOf(fn), isStrict: worker }),
    retention: options.retention ?? null,
    keepEvents: checkHistory(options.history ?? {}),
    worker,
    world,
    limits,
    gate: new Gate(limits),
    lingerMs: options.lingerMs ?? 1_000,
    leaseMs: checkLease(options.leaseMs ?? 10_000),
    build: buildName(),
    log: options.logger ?? writeLog,
    restarting,
    handling: {
      everyAwait: restarting !== null,
      isolate: options.isolate ?? false,
      changed: restarting?.changed ?? null,
    },
    announce,
    observer: observer === undefined ? null : guardObserver(observer, (error) => onError(error, null)),
    onError: announced(onError, announce),
  });
}

/**
 * The store that `open` would use, and what encrypts it: for `exportExecutions` and `importExecutions`. Close it afterwards.
 * Throws the store's errors.
 */
export async function openStore({
  store: given,
  encryption,
}: Pick<OpenOptions, "store" | "encryption">): Promise<Store> {
  const store = typeof given === "string" ? await openAddress(given) : given;
  try {
    await assertSameSecrecy(store, encryption !== undefined);
    return encryption === undefined ? store : encryptStore(store, encryption);
  } catch (error) {
    if (typeof given === "string") await store.close();
    throw error;
  }
}

async function openAddress(name: string): Promise<Store> {
  if (name === "memory:") return openMemoryStore();
  if (/^postgres(ql)?:/.test(name)) return (await importPostgres()).openPostgresStore(name);
  const [, scheme, path] = /^(?:([a-z]{2,}):)?(.+)$/.exec(name) ?? [];
  if (path === undefined || (scheme !== undefined && scheme !== "sqlite")) {
    throw new OperationArgumentError(
      `The store ${JSON.stringify(name)} is unknown. Give a file path, "sqlite:path", "postgres://..." or "memory:".`,
    );
  }
  return openSqliteStore(path);
}

/** Imported when it is needed, so that a service without it needs no `pg`. */
async function importPostgres(): Promise<typeof import("../stores/postgres.ts")> {
  try {
    return await import("../stores/postgres.ts");
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("'pg'"))) throw error;
    throw new StoreError('A store "postgres://..." needs the package pg: npm install pg.', { cause: error });
  }
}

const LEASE_MIN_MS = 1_000;
const LEASE_MAX_MS = 600_000;

function checkLease(leaseMs: number): number {
  if (leaseMs >= LEASE_MIN_MS && leaseMs <= LEASE_MAX_MS) return leaseMs;
  throw new OperationArgumentError(
    `The leaseMs must be from ${LEASE_MIN_MS} to ${LEASE_MAX_MS}, not ${String(leaseMs)}.`,
  );
}

function findFunctions(given: OpenOptions["functions"]): Map<string, DurableFunction> {
  const found = new Map<string, DurableFunction>();
  for (const value of Object.values(given)) {
    const definition = typeof value === "function" ? findDurable(value) : undefined;
    if (definition?.generator !== undefined) {
      if (Array.isArray(given)) assertNoGenerator(value as PlainFunction);
    } else if (definition !== undefined) found.set(definition.id, value as DurableFunction);
    else if (Array.isArray(given)) {
      const name = typeof value === "function" ? value.name || "A function" : String(value);
      throw new UnknownFunctionError(
        `${name} in open({ functions }) is not a compiled durable function. Mark it "use durable" and import it from the ` +
          `output of \`durablec build\`.`,
      );
    }
  }
  return found;
}

function reportError(error: Error, execution: string | null): void {
  process.stderr.write(
    `durablec: ${execution === null ? "the engine" : `execution ${execution} is parked`}: ${error.name}: ${error.message}\n`,
  );
}
