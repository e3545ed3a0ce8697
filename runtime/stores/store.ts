/**
 * What the engine asks of a store. Every store keeps the same promises; one suite in `test/stores` runs against all.
 *
 * A store keeps text and numbers and never looks inside them: encoding belongs to the engine. Text has no character NUL
 * (JSON never does), as PostgreSQL cannot keep it: an id with one is refused.
 * A method may answer at once or with a promise, so that an embedded store costs no microtask.
 */

import type { FunctionCounts } from "./counts.ts";
import type { Claimed, Rejoined, Wanted } from "./leases.ts";
import type { News } from "./news.ts";
import type { Transactions } from "./transactions.ts";

export type Answer<T> = T | Promise<T>;

export type ExecutionStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "STOPPED";

/**
 * One execution's row. Times are milliseconds since the epoch. Its input is in the first event of its journal and, once it has
 * ended, its result or error in the last: neither of these is removed before the row.
 */
export interface ExecutionRow {
  readonly id: string;
  /** The machine's id, `path#name`. */
  readonly function: string;
  readonly status: ExecutionStatus;
  /** Why no worker runs it although it is RUNNING (a state that fits no code, say). Shown to people. */
  readonly problem: string | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** When a worker must look at it next; null: only a message can wake it. */
  readonly wakeAt: number | null;
  /** Number of the last committed event. */
  readonly lastSeq: number;
  /** The execution that invoked it. */
  readonly parent: string | null;
  /** The queue it was put into. */
  readonly queue: string | null;
  readonly tags: Tags;
  /** Somebody asked it to pause: a worker starts nothing of it until it is resumed. */
  readonly paused: boolean;
  /** Once it has ended: when `remove` may take it. Null: never. */
  readonly expiresAt: number | null;
}

/** Names and values to find executions by. */
export type Tags = Readonly<Record<string, string>>;

/** One event of the journal, numbered from 1 without gaps. `body` is the engine's JSON. */
export interface StoredEvent {
  readonly seq: number;
  readonly kind: string;
  readonly body: string;
  /** Hashes of the chunks by which the end of its body is stored. Absent: it is stored in one piece. */
  readonly chunks?: readonly string[];
}

/** An event as written. With `chunks`, `body` is only its beginning: they come after it. */
export interface EventWrite extends StoredEvent {
  /** Those of its chunks that the execution may not have yet. They stay until no event and no snapshot needs them. */
  readonly added?: readonly StoredChunk[];
}

/** A piece of text, and its name among those of its execution. */
export interface StoredChunk {
  readonly hash: string;
  readonly body: string;
}

/** The state after event `seq`: `chunks`, joined in order, are its text. */
export interface StoredSnapshot {
  readonly seq: number;
  readonly body: string;
}

/** A snapshot as written: a list of content hashes, of which only `added` have to be stored. */
export interface SnapshotWrite {
  readonly seq: number;
  /** Hashes of all chunks, in order; the same hash may come twice. */
  readonly chunks: readonly string[];
  /** Chunks that neither the execution's previous snapshot nor an event after it held; those of this commit count. */
  readonly added: readonly StoredChunk[];
  /** Hashes of chunks that no snapshot of the execution needs any more. Those that an event needs stay. */
  readonly removed: readonly string[];
}

/** A callback that outside parties may settle. */
export interface CallbackRow {
  readonly id: string;
  readonly execution: string;
  /** Operation id inside the execution. */
  readonly op: string;
  readonly state: "PENDING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "CLOSED";
  /** Absolute time at which it times out, or null. */
  readonly timeoutAt: number | null;
  /** Longest silence between heartbeats, or null. */
  readonly heartbeatMs: number | null;
  /** Time of the last heartbeat, or of its opening. */
  readonly heartbeatAt: number;
}

/** Something from outside for one execution. Consumed in the commit that turns it into an event. */
export interface Message {
  /** Ascending within a store. */
  readonly number: number;
  readonly execution: string;
  /** The engine's JSON: see `engine/messages.ts`. */
  readonly body: string;
}

/** What one execution adds in one transaction. */
export interface Commit {
  readonly execution: string;
  /** The lease under which it runs. */
  readonly lease: number;
  /** In order; the first is numbered `lastSeq + 1`. May be empty (a snapshot or a wake time alone). */
  readonly events: readonly EventWrite[];
  readonly snapshot?: SnapshotWrite;
  readonly wakeAt: number | null;
  /** Messages that became events here. */
  readonly consumed: readonly number[];
  readonly opened: readonly Omit<CallbackRow, "state" | "execution">[];
  /** Callback ids that nobody may settle any more: PENDING becomes CLOSED, settled ones stay as they are. */
  readonly closed: readonly string[];
  readonly end?: {
    readonly status: Exclude<ExecutionStatus, "RUNNING">;
    readonly at: number;
  };
  /** Other executions that begin with this commit. One whose id exists is left as it is. */
  readonly starts?: readonly NewExecution[];
  /** Messages to other executions, in order. Those that have ended or do not exist get none. */
  readonly posts?: readonly { readonly execution: string; readonly body: string }[];
  /** Absent: unchanged. */
  readonly paused?: boolean;
  /** Sets (text) or clears (null) the row's problem. Absent: unchanged. */
  readonly problem?: string | null;
}

/** All that is needed to bring an execution back. */
export interface LoadedExecution {
  readonly row: ExecutionRow;
  readonly snapshot: StoredSnapshot | null;
  /** Hashes the snapshot is made of, so that the next one can share them. */
  readonly chunks: readonly string[];
  /** Events after the snapshot, in order. */
  readonly tail: readonly StoredEvent[];
  readonly messages: readonly Message[];
}

/** How a callback was settled from outside. Payloads are encoded. */
export type Settlement =
  | { readonly kind: "succeeded"; readonly result: string }
  | { readonly kind: "failed"; readonly error: string };

/** Where an execution waits before it begins. */
export interface QueuePlace {
  readonly name: string;
  /** Whose it is: executions of one key wait for each other, and keys take turns. Null: nobody's. */
  readonly key: string | null;
  /** Higher comes first. */
  readonly priority: number;
}

/** How many executions of a queue may be under way: admitted, and not ended. Null: any number. */
export interface QueueLimits {
  readonly name: string;
  readonly concurrency: number | null;
  /** Of one key. */
  readonly perKey: number | null;
  /** At most `count` are admitted in any `perMs` milliseconds. */
  readonly rate: { readonly count: number; readonly perMs: number } | null;
}

export interface Admitted {
  /** Their messages `{ kind: "admitted" }` are there. */
  readonly executions: readonly string[];
  /** When to ask again, though nothing ends and nothing comes: now, if there was more to do. Null: not by time. */
  readonly again: number | null;
}

export interface AdmissionMoment {
  readonly now: number;
  /** Most that are admitted with this call. */
  readonly limit: number;
}

export interface NewExecution {
  readonly id: string;
  readonly function: string;
  readonly createdAt: number;
  /** Event 1, ExecutionStarted, with its input. */
  readonly event: EventWrite;
  /** Events 2 and on, of one that goes on from the past of another; later ones of one that is `held`, and was trimmed. */
  readonly past?: readonly EventWrite[];
  /** Callbacks that this past has open. */
  readonly opened?: Commit["opened"];
  readonly parent?: string;
  readonly tags?: Tags;
  /** How long it is kept after its end. Absent: for ever. */
  readonly keepMs?: number;
  /** It waits there until it is admitted. Absent: it begins at once. */
  readonly queue?: QueuePlace;
  /** It is parked from the start, with this problem: see `held.ts`. */
  readonly held?: string;
  /** Of one that waits in a queue: when its time is over all the same. Others wake as soon as they are created. */
  readonly wakeAt?: number | null;
}

export interface About {
  /** In whatever state, in the order of their ids. */
  readonly callbacks: readonly Omit<CallbackRow, "execution">[];
  readonly keepMs: number | null;
}

/** How an execution that has ended goes on. */
export interface Reopening {
  readonly execution: string;
  /** Numbered `lastSeq + 1`. */
  readonly event: StoredEvent;
  readonly wakeAt: number;
  /** Its CLOSED callbacks that are PENDING again. */
  readonly callbacks: readonly string[];
}

export type Created =
  | {
      readonly created: true;
      readonly row: ExecutionRow;
      /** Of its lease, if it was created for a worker. */
      readonly lease?: number;
    }
  /** The one that is there, and its first event. */
  | {
      readonly created: false;
      readonly row: ExecutionRow;
      readonly first: StoredEvent;
      readonly lease?: never;
    };

export interface ListFilter {
  readonly status?: ExecutionStatus;
  readonly function?: string;
  /** Only those that have a problem. Cheap, however many others there are. */
  readonly parked?: true;
  /** Only those that have all of these. */
  readonly tags?: Tags;
  /** Only those that this execution invoked. */
  readonly parent?: string;
  /** Only those that were put into this queue, waiting or not. */
  readonly queue?: string;
  /** Default 100, at most 1000. */
  readonly limit?: number;
  /** Only executions created before this one: the last id of the previous page. */
  readonly before?: string;
}

/** Who wants to run executions. */
export interface Owner {
  /** Unique per process and opening. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** Which code it has, without spaces: what one build could not bring back is tried again by others. */
  readonly build: string;
}

export type Acquired =
  | { readonly kind: "acquired"; readonly epoch: number }
  | { readonly kind: "held"; readonly by: Pick<Owner, "id" | "pid" | "host">; readonly heartbeatAt: number };

/**
 * Who runs what. A worker acquires the right to run executions, which is known by its epoch, then claims them one by one:
 * each has a lease, and only its holder may commit. A store on one machine has one worker at a time, which may have all;
 * to the others it is held. On a server there are many at a time.
 */
export interface Store {
  /** Absent: it is in no database that authors could write to. */
  readonly transactions?: Transactions;
  /** For messages: the file name, the server. Never a secret. */
  readonly name: string;

  /**
   * Takes part in running executions, where one may at a time: if nobody does, or who did is gone. Who has been silent for
   * longer than `staleMs` is taken to be gone, and who lived on this host and whose process no longer exists. Each taking
   * has a higher epoch; what `owner` itself held before is free.
   */
  acquire(owner: Owner, now: number, staleMs: number): Answer<Acquired>;
  /** Says that the worker is alive, for all its leases. False: it has been silent for too long, and has none any more. */
  renew(epoch: number, now: number): Answer<boolean>;
  /**
   * A worker that does not know what was done takes part anew, and keeps what it has: whatever was asked for under the old
   * epoch and comes late is refused. Null: it has been silent for too long. Absent: an answer is never lost here.
   */
  rejoin?(owner: Owner, staleMs: number): Answer<Rejoined | null>;
  /** The worker leaves: all it had is free at once. */
  release(epoch: number): Answer<void>;

  /**
   * Lets executions that wait in a queue begin, at most `limit`: of the highest priority first; among these, keys take
   * turns, and each key's come in their order. Leaves each the message `{ kind: "admitted" }`, in the same transaction.
   */
  admit(queue: QueueLimits, moment: AdmissionMoment): Answer<Admitted>;

  /**
   * Takes RUNNING executions without a problem that nobody has and that are due at `now` or have messages: the oldest wake
   * time first, those with messages only after those that are due. Frees what dead workers had. Throws `FencedError` if
   * `epoch` is over.
   */
  claim(epoch: number, wanted: Wanted): Answer<Claimed>;
  /** Executions that leave memory before they have ended. What is not held any more stays as it is. */
  releaseLeases(epoch: number, leases: readonly Pick<Commit, "execution" | "lease">[]): Answer<void>;

  /**
   * Creates the row, event 1 and a wake time of now; with an id that exists already, returns what is there. With the epoch
   * of a worker it is leased to it at once, unless that is over.
   */
  create(execution: NewExecution, epoch?: number): Answer<Created>;
  /** The same for several, in one transaction: a worker that starts a thousand waits for the disk once. */
  createAll(executions: readonly NewExecution[], epoch?: number): Answer<readonly Created[]>;

  /**
   * Writes all of it in one transaction or nothing, but for executions whose lease is not this one any more, or that have
   * ended: nothing of them is written, and their ids are returned. Throws `FencedError` if `epoch` is over for all, and
   * `JournalConflictError` if an event's number is not the next one.
   * An `end` also closes what is PENDING of the execution, drops its messages, its snapshot and its lease.
   */
  commit(epoch: number, commits: readonly Commit[]): Answer<readonly string[]>;

  /** One that was parked may be tried again, by any build: due at `now`, without its problem. False: it was not. */
  unpark(execution: string, now: number): Answer<boolean>;
  /**
   * An execution that has ended is RUNNING again, due at `wakeAt`. False if it has not ended or is not
   * there. Throws `JournalConflictError` if the event's number is not the next one.
   */
  reopen(reopening: Reopening): Answer<boolean>;
  /**
   * Removes executions whose time is over at `now`, at most `limit` events and executions at a time. The row goes last, and
   * with it the first and the last event: until then there is an input and an outcome to read. Returns how many it removed;
   * 0: nothing is left to do.
   */
  remove(now: number, limit: number): Answer<number>;
  /**
   * Removes events of a RUNNING execution, the oldest first and at most `limit`: neither the first nor the last of its journal,
   * none after number `to`, and none that its snapshot does not make up for. Chunks that only they needed go too. Returns how
   * many events it removed.
   */
  trim(execution: string, to: number, limit: number): Answer<number>;

  /** Takes nothing. Of an execution that has ended only the row: no snapshot, tail or messages. */
  load(execution: string): Answer<LoadedExecution | null>;

  /** The earliest wake time after `after` of a RUNNING execution without a problem that no other worker has, or null. */
  nextWake(after: number): Answer<number | null>;

  /**
   * Settles a PENDING callback and leaves the message `{ kind: "callback", callback, op, settlement }`, in one
   * transaction. Throws `UnknownCallbackError`, `CallbackSettledError` (with when and how), `CallbackTimedOutError`
   * (also when its time is over and nobody noticed yet).
   */
  settle(callback: string, settlement: Settlement, now: number): Answer<void>;
  /** Throws as `settle` does. */
  heartbeat(callback: string, now: number): Answer<void>;
  /**
   * If the callback is PENDING and its timeout or heartbeat is over at `now`: marks it TIMED_OUT and leaves the message
   * `{ kind: "callback", callback, op, settlement: { kind: "timedOut", by: "timeout" | "heartbeat" } }`.
   * Returns when to look again, or null if nothing is pending.
   */
  expire(callback: string, now: number): Answer<number | null>;

  /** Leaves a message; false if the execution does not exist, has ended, or was moved away. */
  post(execution: string, body: string): Answer<boolean>;
  messages(execution: string): Answer<readonly Message[]>;
  callback(id: string): Answer<CallbackRow | null>;

  get(execution: string): Answer<ExecutionRow | null>;
  /** What else is known of it: for taking it elsewhere. */
  about(execution: string): Answer<About | null>;
  /** Newest first. */
  list(filter: ListFilter): Answer<readonly ExecutionRow[]>;
  /** Those of these ids that have ended, or that are not there. At most 1,000 ids at a time. */
  ended(executions: readonly string[]): Answer<readonly string[]>;
  /** By the names of the functions. Looks at every execution that runs: for people, now and then. */
  counts(now: number): Answer<readonly FunctionCounts[]>;
  /** Events from `afterSeq + 1` on, at most `limit`. */
  history(execution: string, afterSeq: number, limit: number): Answer<readonly StoredEvent[]>;

  /** A number that changes when another process has written; for who listens, not with news that name what they are about. */
  version(): Answer<number>;
  /**
   * Calls `listener` soon after another process has written, until the function that is returned is called. Absent, or
   * silent for whatever reason: one is to look from time to time all the same.
   */
  onNews?(listener: (news: News) => void): () => void;
  close(): Answer<void>;
}
