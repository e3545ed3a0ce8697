import { DecryptionError, StoreError } from "../errors.ts";
import type { EncryptionOptions } from "./encryption-options.ts";
import { isHeld } from "./held.ts";
import { isSealed, Keyring } from "./keyring.ts";
import { hashOf } from "../values/chunks.ts";
import { ADMITTED_MESSAGE } from "./rows.ts";
import type { Claimed, LeasedExecution } from "./leases.ts";
import type {
  Commit,
  Created,
  EventWrite,
  ExecutionRow,
  LoadedExecution,
  Message,
  NewExecution,
  Owner,
  Settlement,
  SnapshotWrite,
  Store,
  StoredChunk,
  StoredEvent,
} from "./store.ts";
import type { Transactions } from "./transactions.ts";

/**
 * A store whose texts are encrypted on their way into `store`: inputs, results, errors, problems, events, snapshots,
 * messages and settlements. Readable stay what the store needs to find and order them: ids, names of functions, kinds of
 * events, statuses, times, tags, callbacks' operations, and how long each text is.
 *
 * Each text is bound to its execution and place. What somebody who may write the database can still do is to remove
 * whole rows, or put older ones back.
 */
export function encryptStore(store: Store, options: EncryptionOptions): Store {
  const seal = new Sealing(new Keyring(options));
  const row = (found: ExecutionRow | null): ExecutionRow | null =>
    found === null ? null : seal.openRow(found);
  // Other keys are as good as other code: what could not be read is tried again.
  const withKeys = (owner: Owner): Owner => ({ ...owner, build: `${owner.build}.${seal.keysName}` });
  const created = (made: Created): Created => seal.openCreated(made);
  return {
    name: store.name,
    ...(store.transactions === undefined ? {} : { transactions: seal.transactions(store.transactions) }),
    acquire: (owner, now, staleMs) => store.acquire(withKeys(owner), now, staleMs),
    renew: (epoch, now) => store.renew(epoch, now),
    ...(store.rejoin && {
      rejoin: (owner, staleMs) => store.rejoin!(withKeys(owner), staleMs),
    }),
    release: (epoch) => store.release(epoch),
    claim: (epoch, wanted) => then(store.claim(epoch, wanted), (claimed) => seal.openClaimed(claimed)),
    releaseLeases: (epoch, leases) => store.releaseLeases(epoch, leases),
    create: (execution, epoch) => then(store.create(seal.start(execution), epoch), created),
    createAll: (executions, epoch) =>
      then(
        store.createAll(
          executions.map((execution) => seal.start(execution)),
          epoch,
        ),
        (all) => all.map(created),
      ),
    commit: (epoch, commits) =>
      store.commit(
        epoch,
        commits.map((commit) => seal.commit(commit)),
      ),
    admit: (queue, moment) => store.admit(queue, moment),
    unpark: (execution, now) => store.unpark(execution, now),
    reopen: (reopening) =>
      store.reopen({ ...reopening, event: seal.event(reopening.execution, reopening.event) }),
    remove: (now, limit) => store.remove(now, limit),
    trim: (execution, to, limit) => store.trim(execution, to, limit),
    load: (execution) =>
      then(store.load(execution), (found) => (found === null ? null : seal.openLoaded(found))),
    nextWake: (after) => store.nextWake(after),
    settle: (callback, settlement, now) => store.settle(callback, seal.settlement(callback, settlement), now),
    heartbeat: (callback, now) => store.heartbeat(callback, now),
    expire: (callback, now) => store.expire(callback, now),
    post: (execution, body) => store.post(execution, seal.message(execution, body)),
    messages: (execution) =>
      then(store.messages(execution), (all) => all.map((message) => seal.openMessage(message))),
    callback: (id) => store.callback(id),
    about: (execution) => store.about(execution),
    get: (execution) => then(store.get(execution), row),
    list: (filter) => then(store.list(filter), (rows) => rows.map((one) => seal.openListed(one))),
    history: (execution, afterSeq, limit) =>
      then(store.history(execution, afterSeq, limit), (events) =>
        events.map((event) => seal.openEvent(execution, event)),
      ),
    ended: (executions) => store.ended(executions),
    counts: (now) => store.counts(now),
    version: () => store.version(),
    ...(store.onNews === undefined ? {} : { onNews: store.onNews.bind(store) }),
    close: () => store.close(),
  };
}

/**
 * Throws a `StoreError` if the newest execution of `store` is encrypted and no keys are at hand, or the other way round:
 * one forgotten option would else park every execution, or leave new ones readable among those that are not.
 */
export async function assertSameSecrecy(store: Store, hasKeys: boolean): Promise<void> {
  const [newest] = await store.list({ limit: 1 });
  const [first] = newest === undefined ? [] : await store.history(newest.id, 0, 1);
  if (first === undefined || isSealed(first.body) === hasKeys) return;
  throw new StoreError(
    hasKeys
      ? `The store ${store.name} is not encrypted, and encryption keys were given. Open it without them, or export it ` +
          "and import it into a store that is opened with them."
      : `The store ${store.name} is encrypted: open it with its keys (encryption, or --key-file).`,
  );
}

/** Answers at once if `answer` does. */
function then<T, U>(answer: T | Promise<T>, next: (value: T) => U): U | Promise<U> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}

/** Ends each text that others are joined to, so that they can be told apart. Not among the characters of a sealed text. */
export const CHUNK_END = ";";
/** Before the name of a chunk that an old key named: the engine knows no such hash, so the next snapshot writes all anew. */
const OLD_NAME = "!";

/** Texts on their way into the store, and out of it. */
export class Sealing {
  private readonly keyring: Keyring;

  constructor(keyring: Keyring) {
    this.keyring = keyring;
  }

  /** Another name for other keys. */
  get keysName(): string {
    return this.keyring.name;
  }

  private seal(execution: string, field: string, text: string): string {
    return this.keyring.seal(text, { scope: `x:${execution}`, field });
  }

  private open(execution: string, field: string, text: string): string {
    return this.keyring.open(text, { scope: `x:${execution}`, field });
  }

  event(execution: string, event: EventWrite): EventWrite {
    const { body, chunks, added = [] } = event;
    const field = eventField(event);
    if (chunks === undefined) return { ...event, body: this.seal(execution, field, body) };
    return {
      ...event,
      // With which chunks come after it, and in which order: nobody else says so.
      body: this.seal(execution, field, `${digestOf(chunks)} ${body}`) + CHUNK_END,
      chunks: chunks.map((hash) => this.keyring.nameOf(`x:${execution}`, hash)),
      added: added.map((chunk) => this.chunk(execution, chunk)),
    };
  }

  openEvent(execution: string, event: StoredEvent): StoredEvent {
    const { body, chunks } = event;
    const field = eventField(event);
    if (chunks === undefined) return { ...event, body: this.open(execution, field, body) };
    const [sealed = "", ...pieces] = body.split(CHUNK_END);
    const text = this.open(execution, field, sealed);
    const opened = this.openChunks(execution, chunks, pieces);
    const end = text.indexOf(" ");
    if (text.slice(0, end) !== digestOf(opened.map(({ hash }) => hash)))
      throw new DecryptionError(
        `The ${field} of execution "${execution}" is not made of the chunks it was written with. Restore a backup.`,
      );
    const whole = text.slice(end + 1) + opened.map((chunk) => chunk.body).join("");
    return { ...event, body: whole, chunks: opened.map(({ known }) => known) };
  }

  start(execution: NewExecution): NewExecution {
    const { id, event, past } = execution;
    return {
      ...execution,
      event: this.event(id, event),
      ...(past === undefined ? {} : { past: past.map((one) => this.event(id, one)) }),
    };
  }

  commit(commit: Commit): Commit {
    const { execution: id, events, snapshot, starts, posts, problem } = commit;
    return {
      ...commit,
      events: events.map((event) => this.event(id, event)),
      ...(snapshot === undefined ? {} : { snapshot: this.snapshot(id, snapshot) }),
      ...(starts === undefined ? {} : { starts: starts.map((start) => this.start(start)) }),
      ...(posts === undefined
        ? {}
        : { posts: posts.map((post) => ({ ...post, body: this.message(post.execution, post.body) })) }),
      ...(problem === undefined ? {} : { problem: this.problem(id, problem) }),
    };
  }

  /** The store's own is readable, as it has to know it. */
  private problem(id: string, problem: string | null): string | null {
    return problem === null || isHeld(problem) ? problem : this.seal(id, "problem", problem);
  }

  private snapshot(id: string, { seq, chunks, added, removed }: SnapshotWrite): SnapshotWrite {
    const name = (hash: string): string => this.keyring.nameOf(`x:${id}`, hash);
    return {
      seq,
      chunks: chunks.map(name),
      added: added.map((chunk) => this.chunk(id, chunk)),
      removed: removed.map((hash) => (hash.startsWith(OLD_NAME) ? hash.slice(OLD_NAME.length) : name(hash))),
    };
  }

  private chunk(id: string, { hash, body }: StoredChunk): StoredChunk {
    const named = this.keyring.nameOf(`x:${id}`, hash);
    return { hash: named, body: this.seal(id, chunkField(named), `${hash} ${body}`) + CHUNK_END };
  }

  settlement(callback: string, settlement: Settlement): Settlement {
    const place = { scope: `c:${callback}`, field: "settlement" };
    return settlement.kind === "succeeded"
      ? { ...settlement, result: this.keyring.seal(settlement.result, place) }
      : { ...settlement, error: this.keyring.seal(settlement.error, place) };
  }

  message(execution: string, body: string): string {
    return this.seal(execution, "message", body);
  }

  openMessage(message: Message): Message {
    const { execution, body } = message;
    // The store's own, and nothing but that.
    if (body === ADMITTED_MESSAGE) return message;
    const told = isSealed(body) ? null : toSettled(body);
    if (told === null) return { ...message, body: this.open(execution, "message", body) };
    // Made by the store itself, of a settlement that is sealed.
    const place = { scope: `c:${told.callback}`, field: "settlement" };
    const { settlement } = told;
    const open = (text = ""): string => this.keyring.open(text, place);
    const { kind, result, error } = settlement;
    const opened =
      kind === "succeeded" ? { result: open(result) } : kind === "failed" ? { error: open(error) } : {};
    return { ...message, body: JSON.stringify({ ...told, settlement: { ...settlement, ...opened } }) };
  }

  openRow(row: ExecutionRow): ExecutionRow {
    const { id, problem } = row;
    if (problem === null || isHeld(problem)) return row;
    return { ...row, problem: this.open(id, "problem", problem) };
  }

  openCreated(made: Created): Created {
    const row = this.openRow(made.row);
    return made.created ? { ...made, row } : { ...made, row, first: this.openEvent(row.id, made.first) };
  }

  transactions(inner: Transactions): Transactions {
    return {
      run: async (transacting) => {
        const { execution, op } = transacting;
        const field = `result of transaction ${op}`;
        const body = async (client: unknown): Promise<string> =>
          this.seal(execution, field, await transacting.body(client));
        const done = await inner.run({ ...transacting, body });
        return done.kind === "failed" ? done : { ...done, body: this.open(execution, field, done.body) };
      },
      create: (client, execution) =>
        then(inner.create(client, this.start(execution)), (made) => this.openCreated(made)),
      close: () => inner.close(),
    };
  }

  /** One row that cannot be read must not hide the others of a list: its problem says why. */
  openListed(row: ExecutionRow): ExecutionRow {
    try {
      return this.openRow(row);
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error;
      return { ...row, problem: error.message };
    }
  }

  /** One that cannot be read must not hold the others up. */
  openClaimed({ executions, unreadable, called }: Claimed): Claimed {
    const readable: LeasedExecution[] = [];
    const failed = [...unreadable];
    for (const leased of executions) {
      const { lease } = leased;
      try {
        readable.push({ ...this.openLoaded(leased), lease });
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        failed.push({ execution: leased.row.id, lease, error });
      }
    }
    return { executions: readable, unreadable: failed, called };
  }

  openLoaded(loaded: LoadedExecution): LoadedExecution {
    const { row, snapshot, chunks, tail, messages } = loaded;
    const opened = this.openChunks(row.id, chunks, (snapshot?.body ?? "").split(CHUNK_END));
    return {
      row: this.openRow(row),
      snapshot: snapshot === null ? null : { ...snapshot, body: opened.map(({ body }) => body).join("") },
      chunks: opened.map(({ known }) => known),
      tail: tail.map((event) => this.openEvent(row.id, event)),
      messages: messages.map((message) => this.openMessage(message)),
    };
  }

  private openChunks(
    id: string,
    names: readonly string[],
    sealed: readonly string[],
  ): readonly OpenedChunk[] {
    return names.map((named, index) => {
      const text = this.open(id, chunkField(named), sealed[index] ?? "");
      const end = text.indexOf(" ");
      const hash = text.slice(0, end);
      const isCurrent = this.keyring.nameOf(`x:${id}`, hash) === named;
      return { hash, known: isCurrent ? hash : `${OLD_NAME}${named}`, body: text.slice(end + 1) };
    });
  }
}

interface OpenedChunk extends StoredChunk {
  /** The hash, as the engine may know it: see `OLD_NAME`. */
  readonly known: string;
}

function digestOf(hashes: readonly string[]): string {
  return hashOf(hashes.join(" "));
}

/** With the kind: an event's kind is readable, and must not be changed. */
export const eventField = ({ seq, kind }: StoredEvent): string => `event ${seq} (${kind})`;

export const chunkField = (name: string): string => `snapshot's chunk ${name}`;

export interface Settled {
  readonly callback: string;
  readonly settlement: { readonly kind: string; readonly result?: string; readonly error?: string };
}

/** The message that a store leaves when a callback is settled or its time is over; null for any other text. */
export function toSettled(body: string): Settled | null {
  try {
    const told = JSON.parse(body) as Partial<Settled> & { readonly kind?: string };
    return told.kind === "callback" && told.settlement !== undefined ? (told as Settled) : null;
  } catch {
    return null;
  }
}
