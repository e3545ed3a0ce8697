/** Executions out of a store, as lines of text that `importExecutions` takes. */
import { RetryRefusedError, StoreError, UnknownExecutionError } from "../errors.ts";
import { realWorld } from "../engine/world.ts";
import { isHeld, toHeld } from "../stores/held.ts";
import type { About, ExecutionRow, ExecutionStatus, LoadedExecution, Store } from "../stores/store.ts";
import { Hands } from "./hands.ts";
import { Checksum, FORMAT_VERSION } from "./format.ts";
import type { Line } from "./format.ts";

export interface ExportOptions {
  /** Only these. Default: all. */
  readonly executions?: readonly string[];
  readonly status?: ExecutionStatus;
  /**
   * Those that run are frozen here for good, before they are read: only a file of executions that were moved can be run
   * elsewhere. No worker may have them meanwhile; on SQLite, none may run at this store. Default false.
   */
  readonly move?: boolean;
}

const PAGE = 1_000;
/** How often an execution that a worker is changing is looked at again. */
const LOOKS_MAX = 10;

/**
 * Lines of JSON, an execution after the other, the oldest first. Holds one page of events, one state and the ids in memory.
 * Throws `UnknownExecutionError`, and with `move` also `StoreError` if a worker runs at this store, and `RetryRefusedError`
 * for an execution that cannot go alone.
 */
export async function* exportExecutions(store: Store, options: ExportOptions = {}): AsyncGenerator<string> {
  const ids = options.executions ?? (await findIds(store, options.status));
  const mover = options.move === true ? await Mover.at(store, ids) : null;
  try {
    yield JSON.stringify({ durablec: "executions", version: FORMAT_VERSION } satisfies Line);
    for (const id of ids) {
      await mover?.freeze(id);
      yield* exportOne(store, id);
    }
    yield JSON.stringify({ executions: ids.length } satisfies Line);
  } finally {
    await mover?.end();
  }
}

async function findIds(store: Store, status: ExecutionStatus | undefined): Promise<readonly string[]> {
  const filter = { limit: PAGE, ...(status === undefined ? {} : { status }) };
  const ids: string[] = [];
  for (;;) {
    const before = ids.at(-1);
    const page = await store.list(before === undefined ? filter : { ...filter, before });
    ids.push(...page.map(({ id }) => id));
    if (page.length < PAGE) return ids.reverse();
  }
}

async function* exportOne(store: Store, id: string): AsyncGenerator<string> {
  const { loaded, about } = await read(store, id);
  const { row, snapshot, messages } = loaded;
  const checksum = new Checksum();
  const line = (content: Line): string => {
    const text = JSON.stringify(content);
    checksum.add(text);
    return text;
  };
  const { function: name, createdAt, parent, tags, status, lastSeq } = row;
  const moved = isHeld(row.problem);
  yield line({
    execution: { id, function: name, createdAt, parent, tags, keepMs: about.keepMs, status, moved },
  });
  for (let seq = 0; seq < lastSeq;) {
    const page = await store.history(id, seq, Math.min(PAGE, lastSeq - seq));
    if (page.length === 0)
      throw new StoreError(`The journal of "${id}" in ${store.name} ends at ${seq}, not ${lastSeq}.`);
    for (const { seq: number, kind, body } of page) {
      assertFollows(number, seq, loaded);
      seq = number;
      yield line({ event: { seq, kind, body } });
    }
  }
  yield line({
    rest: {
      wakeAt: row.wakeAt,
      paused: row.paused,
      snapshot,
      callbacks: about.callbacks,
      messages: messages.map(({ body }) => body),
      endedAt: row.endedAt,
    },
  });
  yield JSON.stringify({ close: { id, sha256: checksum.end() } } satisfies Line);
}

/** A journal that was trimmed (`open({ history })`) has one gap, behind its first event, which the state makes up for. */
function assertFollows(seq: number, before: number, { row, snapshot }: LoadedExecution): void {
  if (seq === before + 1) return;
  const isMadeUpFor = row.status !== "RUNNING" || (snapshot !== null && snapshot.seq >= seq - 1);
  if (before === 1 && isMadeUpFor) return;
  throw new StoreError(
    `The history of "${row.id}" was trimmed while it was read, up to event ${seq}. Try again.`,
  );
}

/** Callbacks and the rest are two questions: they belong together if nothing has changed in between. */
async function read(
  store: Store,
  id: string,
): Promise<{ readonly loaded: LoadedExecution; readonly about: About }> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const before = await store.about(id);
    const loaded = await store.load(id);
    const about = await store.about(id);
    if (loaded === null || about === null)
      throw new UnknownExecutionError(`There is no execution "${id}" in ${store.name}.`);
    if (JSON.stringify(before) === JSON.stringify(about)) return { loaded, about };
  }
  throw new StoreError(
    `The callbacks of "${id}" in ${store.name} changed each time they were looked at. Try again.`,
  );
}

/** The only one who may write executions, for as long as it moves some. */
class Mover {
  private readonly store: Store;
  private readonly hands: Hands;

  private constructor(store: Store, hands: Hands) {
    this.store = store;
    this.hands = hands;
  }

  static async at(store: Store, ids: readonly string[]): Promise<Mover> {
    const hands = await Hands.at(store);
    try {
      await assertWhole(store, new Set(ids));
      return new Mover(store, hands);
    } catch (error) {
      await hands.release();
      throw error;
    }
  }

  async freeze(id: string): Promise<void> {
    const row = await this.store.get(id);
    if (row === null || row.status !== "RUNNING" || isHeld(row.problem)) return;
    const problem = toHeld(
      `moved to another store by an export at ${new Date(realWorld.now()).toISOString()}.`,
    );
    const none = { events: [], consumed: [], opened: [], closed: [] };
    await this.hands.commit({ execution: id, ...none, wakeAt: row.wakeAt, problem });
  }

  end(): Promise<void> {
    return this.hands.release();
  }
}

/** Throws unless those that wait for each other go together. */
async function assertWhole(store: Store, ids: ReadonlySet<string>): Promise<void> {
  for (const id of ids) {
    const row = await store.get(id);
    if (row === null) throw new UnknownExecutionError(`There is no execution "${id}" in ${store.name}.`);
    if (row.status !== "RUNNING") continue;
    if (row.queue !== null) {
      throw new RetryRefusedError(
        `The execution "${id}" came through the queue ${row.queue}, whose books cannot be moved: let it end here.`,
      );
    }
    const missing = await findMissing(store, row, ids);
    if (missing === null) continue;
    throw new RetryRefusedError(
      `The execution "${id}" and "${missing}" wait for each other: name both, or none, to move them.`,
    );
  }
}

async function findMissing(
  store: Store,
  row: ExecutionRow,
  ids: ReadonlySet<string>,
): Promise<string | null> {
  if (row.parent !== null && !ids.has(row.parent) && (await store.get(row.parent))?.status === "RUNNING")
    return row.parent;
  const filter = { parent: row.id, status: "RUNNING", limit: PAGE } as const;
  for (let before: string | undefined; ;) {
    const page = await store.list(before === undefined ? filter : { ...filter, before });
    const other = page.find(({ id }) => !ids.has(id));
    if (other !== undefined) return other.id;
    if (page.length < PAGE) return null;
    before = page.at(-1)!.id;
  }
}
