/** Executions into a store, from the lines of `exportExecutions`. */
import { createHash } from "node:crypto";
import { ExecutionExistsError, RetryRefusedError, StoreError } from "../errors.ts";
import { cut, cutNew } from "../stores/cutting.ts";
import { isHeld, toHeld } from "../stores/held.ts";
import type { Commit, Store, StoredEvent } from "../stores/store.ts";
import { toChunks } from "../values/chunks.ts";
import type { Beginning, Line, Rest } from "./format.ts";
import { Checksum, damaged, FORMAT_OLDEST, FORMAT_VERSION, parseLine } from "./format.ts";
import { Hands } from "./hands.ts";

export interface ImportOptions {
  /**
   * True: executions that ran and were not moved run here too. Only where the store they came from is gone: else they would
   * run at two places. Default false: they are refused.
   */
  readonly adopt?: boolean;
}

export interface Imported {
  readonly imported: number;
  /** Were here already, from an earlier import of the same file. */
  readonly skipped: number;
}

/** Events in one transaction, by their number and their characters. */
const EVENTS_MAX = 500;
const CHARACTERS_MAX = 4 * 2 ** 20;

/**
 * Nothing of an execution runs before its last line has been read and its checksum is right. An import that was interrupted
 * goes on where it was when the same lines are imported again. On SQLite no worker may run at this store meanwhile.
 *
 * Throws a `StoreError` for damaged lines (executions before them are there), `ExecutionExistsError` if another execution
 * has the id, and `RetryRefusedError` for one that may still run where it came from.
 */
export async function importExecutions(
  store: Store,
  lines: AsyncIterable<string> | Iterable<string>,
  { adopt = false }: ImportOptions = {},
): Promise<Imported> {
  const hands = await Hands.at(store);
  const importing = new Importing({ store, hands, adopt });
  try {
    for await (const text of lines) if (text.trim() !== "") await importing.take(text);
    return importing.end();
  } finally {
    await hands.release();
  }
}

interface Parts {
  readonly store: Store;
  readonly hands: Hands;
  readonly adopt: boolean;
}

/** The execution whose lines are being read. */
interface Current {
  readonly beginning: Beginning;
  readonly checksum: Checksum;
  /** Of an import of these lines, and no others. */
  readonly hold: string;
  /** It is here already: its lines are only read. */
  readonly skipped: boolean;
  /** Events up to this one are here. */
  seq: number;
  /** The last event that was read. */
  read: number;
  /** The last event that was trimmed where it came from; 1: none was. */
  gapTo: number;
  waiting: StoredEvent[];
  characters: number;
  rest: Rest | null;
}

class Importing {
  private readonly parts: Parts;
  private number = 0;
  private current: Current | null = null;
  private imported = 0;
  private skipped = 0;
  private isOver = false;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  async take(text: string): Promise<void> {
    this.number++;
    const line = parseLine(text, this.number);
    if (this.number === 1) return this.assertVersion(line);
    if ("execution" in line && this.current === null) return this.begin(line.execution, text);
    if ("executions" in line && this.current === null) return this.total(line.executions);
    const { current } = this;
    if (current === null) throw damaged(this.number, "is not in its place");
    if ("close" in line) return this.close(current, line.close);
    current.checksum.add(text);
    if ("event" in line && current.rest === null) return this.event(current, line.event);
    if (!("rest" in line)) throw damaged(this.number, "is not in its place");
    current.rest = line.rest;
  }

  end(): Imported {
    if (!this.isOver) throw damaged(this.number, "is not the last");
    return { imported: this.imported, skipped: this.skipped };
  }

  private assertVersion(line: Line): void {
    const version = "durablec" in line ? line.version : null;
    if (version !== null && version >= FORMAT_OLDEST && version <= FORMAT_VERSION) return;
    throw version === null
      ? damaged(1, "does not say that this is an export of durablec")
      : new StoreError(
          `The export has format ${version}, and this version of durablec reads ${FORMAT_VERSION}.`,
        );
  }

  private async begin(beginning: Beginning, text: string): Promise<void> {
    const { store, adopt } = this.parts;
    const { id, moved, status, createdAt } = beginning;
    if (status === "RUNNING" && !moved && !adopt) {
      throw new RetryRefusedError(
        `The execution "${id}" may still run where it was exported. Export it with --move; or, if that store is gone for good, ` +
          "import with --adopt.",
      );
    }
    const checksum = new Checksum();
    checksum.add(text);
    const hold = toHeld(`being imported (${createHash("sha256").update(text).digest("hex").slice(0, 16)}).`);
    const row = await store.get(id);
    const isSame = row?.function === beginning.function && row.createdAt === createdAt;
    const isDone = isSame && !isHeld(row.problem);
    if (row !== null && row.problem !== hold && !isDone) throw another(store, id);
    const seq = row?.lastSeq ?? 0;
    const none = { waiting: [], characters: 0, rest: null };
    this.current = { beginning, checksum, hold, skipped: isDone, seq, read: 0, gapTo: 1, ...none };
  }

  private async event(current: Current, event: StoredEvent): Promise<void> {
    if (current.skipped && event.seq === 1) await this.assertSame(current.beginning.id, event);
    if (current.read === 1) current.gapTo = event.seq - 1;
    current.read = event.seq;
    if (current.skipped || event.seq <= current.seq) return;
    current.waiting.push(event);
    current.characters += event.body.length;
    // The second event goes with the first: it may lie behind a gap, which only the beginning of a journal can have.
    if (current.waiting[0]!.seq === 1 && current.waiting.length === 1) return;
    const isFull = current.waiting.length >= EVENTS_MAX || current.characters >= CHARACTERS_MAX;
    if (isFull) await this.write(current);
  }

  /** The first event has the input, and a seed that no other has. */
  private async assertSame(id: string, event: StoredEvent): Promise<void> {
    const { store } = this.parts;
    const [first] = await store.history(id, 0, 1);
    if (first?.body !== event.body) throw another(store, id);
  }

  /** The first event makes the execution; nobody runs it, as it is held. */
  private async write(current: Current): Promise<void> {
    const { store, hands } = this.parts;
    const { beginning, hold } = current;
    const [first] = current.waiting;
    if (first === undefined) return;
    const [past, rest] =
      first.seq === 1 ? [current.waiting.slice(1, 2), current.waiting.slice(2)] : [[], current.waiting];
    const events = rest.map((event) => cut(event, () => false));
    if (first.seq === 1) {
      const { id, function: name, createdAt, parent, tags, keepMs } = beginning;
      const more = { ...(parent === null ? {} : { parent }), ...(keepMs === null ? {} : { keepMs }), tags };
      await store.create(cutNew({ id, function: name, createdAt, event: first, past, held: hold, ...more }));
    }
    await hands.commit({ ...toCommit(beginning.id), events, problem: hold });
    current.seq = current.waiting.at(-1)!.seq;
    current.waiting = [];
    current.characters = 0;
  }

  private async close(
    current: Current,
    close: { readonly id: string; readonly sha256: string },
  ): Promise<void> {
    this.current = null;
    const { beginning, checksum, rest } = current;
    if (rest === null || close.id !== beginning.id || close.sha256 !== checksum.end())
      throw damaged(this.number, `does not fit the lines of "${beginning.id}" before it`);
    if (current.skipped) return void this.skipped++;
    if (beginning.status === "RUNNING" && current.gapTo > (rest.snapshot?.seq ?? 1))
      throw damaged(
        this.number,
        `ends "${beginning.id}" without a state for events up to ${current.gapTo}, which it lacks`,
      );
    await this.write(current);
    await this.parts.hands.commit(toLast(beginning, rest));
    this.imported++;
  }

  private total(executions: number): void {
    if (executions !== this.imported + this.skipped)
      throw damaged(this.number, `says that there are ${executions} executions`);
    this.isOver = true;
  }
}

function another(store: Store, id: string): ExecutionExistsError {
  return new ExecutionExistsError(
    `Another execution "${id}" is in ${store.name}: nothing of this one was imported.`,
  );
}

function toCommit(execution: string): Omit<Commit, "lease"> {
  return { execution, events: [], wakeAt: null, consumed: [], opened: [], closed: [] };
}

/** From here on it runs, or has ended. */
function toLast({ id, status }: Beginning, rest: Rest): Omit<Commit, "lease"> {
  const { snapshot, callbacks, messages, wakeAt, paused, endedAt } = rest;
  const opened = callbacks.map(({ state: _, ...callback }) => callback);
  const closed = callbacks.filter(({ state }) => state !== "PENDING").map((callback) => callback.id);
  const commit = { ...toCommit(id), opened, closed, problem: null };
  if (status !== "RUNNING") return { ...commit, end: { status, at: endedAt ?? 0 } };
  const chunks = snapshot === null ? [] : toChunks(snapshot.body);
  const unique = [...new Map(chunks.map((chunk) => [chunk.hash, chunk])).values()];
  return {
    ...commit,
    wakeAt,
    paused,
    posts: messages.map((body) => ({ execution: id, body })),
    ...(snapshot === null
      ? {}
      : {
          snapshot: { seq: snapshot.seq, chunks: chunks.map(({ hash }) => hash), added: unique, removed: [] },
        }),
  };
}
