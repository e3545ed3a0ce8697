import { JournalConflictError, StoreError } from "../errors.ts";
import type { Querying, Row, Statement } from "./postgres-connection.ts";
import { codeOf, detailOf, isDuplicate } from "./postgres-errors.ts";
import { REFUSAL } from "./postgres-function.ts";
import { neededUntil } from "./cutting.ts";
import { isSingle, toSingle, toSingleNew } from "./postgres-single.ts";
import { assertId, assertPast } from "./rows.ts";
import type { Commit, EventWrite, NewExecution, SnapshotWrite } from "./store.ts";

/** Writes executions: their creation and their commits. */
export class PostgresCommits {
  private readonly connection: Querying;
  private readonly insert: Statement;
  /** For executions with more than their first event. */
  private readonly insertAll: Statement;
  private readonly hold: Statement;
  private readonly call: Statement;
  private readonly insertOne: Statement;
  private readonly callOne: Statement;

  constructor(connection: Querying) {
    this.connection = connection;
    const { schema } = connection;
    this.insert = { name: "create", text: createSql(schema) };
    this.insertAll = { name: "createAll", text: `SELECT o_id, o_leased FROM ${schema}.create_4($1, $2)` };
    this.hold = { name: "hold", text: `UPDATE ${schema}.executions SET problem = $2 WHERE id = $1` };
    this.call = { name: "commit", text: `SELECT ${schema}.commit_4(${parameters(13)}) AS lost` };
    this.insertOne = { name: "createOne", text: `SELECT ${schema}.create_one_4(${parameters(7)}) AS leased` };
    this.callOne = { name: "commitOne", text: `SELECT ${schema}.commit_one_4(${parameters(13)}) AS lost` };
  }

  /** Those that were created, and whether they are leased; one whose id exists is left as it is. */
  async create(
    executions: readonly NewExecution[],
    epoch: number | undefined,
  ): Promise<ReadonlyMap<string, boolean>> {
    for (const execution of executions) assertNew(execution);
    const [one] = executions;
    if (executions.length === 1 && isPlain(one!) && one!.held === undefined)
      return this.createOne(one!, epoch);
    const first = new Map(executions.toReversed().map((execution) => [execution.id, execution]));
    const all = executions.filter((execution) => first.get(execution.id) === execution);
    if (all.some(({ held }) => held !== undefined)) return this.createHeld(all);
    const worker = epoch ?? null;
    const rows = all.every(isPlain)
      ? await this.connection.query(this.insert, [
          all.map(({ id }) => id),
          all.map((execution) => execution.function),
          all.map(({ createdAt }) => createdAt),
          all.map(({ event }) => event.seq),
          all.map(({ event }) => event.kind),
          all.map(({ event }) => event.body),
          worker,
        ])
      : await this.connection.query(this.insertAll, [JSON.stringify(toNewRows(all)), worker]);
    return new Map(rows.map(({ o_id: id, o_leased: isLeased }) => [id as string, isLeased === true]));
  }

  private async createOne(
    execution: NewExecution,
    epoch: number | undefined,
  ): Promise<ReadonlyMap<string, boolean>> {
    const [row] = await this.connection.query(this.insertOne, toSingleNew(execution, epoch ?? null));
    return new Map(row!.leased === null ? [] : [[execution.id, row!.leased === true]]);
  }

  /** In one transaction: nobody may begin one that is held. */
  private async createHeld(executions: readonly NewExecution[]): Promise<ReadonlyMap<string, boolean>> {
    return this.connection.transaction(async (query) => {
      const rows = await query(this.insertAll, [JSON.stringify(toNewRows(executions)), null]);
      const made = new Map(rows.map(({ o_id: id }) => [id as string, false]));
      for (const { id, held } of executions)
        if (held !== undefined && made.has(id)) await query(this.hold, [id, held]);
      return made;
    });
  }

  /** Ids of those whose lease is another's now: all the others are written. `build` is who parks. */
  async commit(epoch: number, commits: readonly Commit[], build: string): Promise<readonly string[]> {
    for (const commit of commits) assertWritable(commit);
    const [one] = commits;
    if (commits.length === 1 && isSingle(one!)) return this.commitOne(epoch, one!);
    let kept = commits;
    const lost = new Set<string>();
    // Each time there are fewer.
    while (kept.length > 0) {
      const gone = await this.commitAll(kept, (batch) => toParameters(epoch, batch, build));
      if (gone.length === 0) break;
      for (const execution of gone) lost.add(execution);
      kept = kept.filter(({ execution }) => !lost.has(execution));
    }
    return [...lost];
  }

  private async commitOne(epoch: number, commit: Commit): Promise<readonly string[]> {
    try {
      const [row] = await this.connection.query(this.callOne, toSingle(epoch, commit));
      return row!.lost === true ? [commit.execution] : [];
    } catch (error) {
      throw this.toRefusal(error instanceof StoreError ? error.cause : error, [commit]) ?? error;
    }
  }

  /** All of it, or nothing because of those that are returned. */
  private async commitAll(
    commits: readonly Commit[],
    toValues: (batch: readonly Commit[]) => readonly unknown[],
  ): Promise<readonly string[]> {
    const batches = toBatches(commits);
    const [only = []] = batches;
    if (batches.length > 1) return this.commitInTurn(batches, toValues);
    try {
      const [row] = await this.connection.query(this.call, toValues(only));
      return toLost(row, only);
    } catch (error) {
      throw this.toRefusal(error instanceof StoreError ? error.cause : error, only) ?? error;
    }
  }

  private async commitInTurn(
    batches: readonly (readonly Commit[])[],
    toValues: (batch: readonly Commit[]) => readonly unknown[],
  ): Promise<readonly string[]> {
    try {
      await this.connection.transaction(async (query) => {
        for (const batch of batches) {
          const [row] = await query(this.call, toValues(batch)).catch((error: unknown) => {
            throw this.toRefusal(error, batch) ?? error;
          });
          const lost = toLost(row, batch);
          if (lost.length > 0) throw new LeasesLost(lost);
        }
      });
      return [];
    } catch (error) {
      const { cause } = error as Error;
      if (cause instanceof LeasesLost) return cause.executions;
      throw error;
    }
  }

  /** What the function refuses, in words; null for everything else. */
  private toRefusal(error: unknown, batch: readonly Commit[]): StoreError | null {
    const [at = "", met = ""] = detailOf(error).split(" ");
    const commit = batch[Number(at) - 1];
    const execution = commit?.execution ?? "";
    switch (codeOf(error)) {
      case REFUSAL.conflict:
        return conflict(execution, commit?.events[0]?.seq ?? 0, met);
      default:
        return isDuplicate(error) ? this.toDuplicate(error, batch) : null;
    }
  }

  /** A row that is there already: a callback of the same id, or an event that another store wrote at the same moment. */
  private toDuplicate(error: unknown, batch: readonly Commit[]): StoreError {
    const { name } = this.connection;
    const id = /^Key \(id\)=\((.*)\) already exists\.$/s.exec(detailOf(error))?.[1];
    if (id !== undefined)
      return new StoreError(`The callback "${id}" exists already in ${name}.`, { cause: error });
    const names = batch.map(({ execution }) => `"${execution}"`).join(", ");
    return new JournalConflictError(
      `An event of ${names} has been written by another worker; nothing of this commit was.`,
      { cause: error },
    );
  }
}

/** What can be seen without the server: numbers without gaps, and ids that can be kept. */
function assertWritable({ execution, events, opened, starts = [] }: Commit): void {
  for (const start of starts) assertNew(start);
  const first = events[0]?.seq ?? 0;
  events.forEach(({ seq }, i) => {
    if (seq !== first + i) throw conflict(execution, seq, String(first + i - 1));
  });
  for (const { id } of opened) assertId(id);
}

function conflict(execution: string, seq: number, lastSeq: string): JournalConflictError {
  return new JournalConflictError(
    `Event ${seq} of execution "${execution}" cannot be written: its journal ends at ${lastSeq}. ` +
      "Another worker may have written it; nothing of this commit was.",
  );
}

function assertNew(execution: NewExecution): void {
  assertId(execution.id);
  assertPast(execution);
}

/** The transaction is rolled back because of these. */
class LeasesLost extends Error {
  readonly executions: readonly string[];

  constructor(executions: readonly string[]) {
    super("Leases were lost.");
    this.executions = executions;
  }
}

function toLost(row: Row | undefined, batch: readonly Commit[]): readonly string[] {
  const places = (row?.lost ?? []) as readonly number[];
  return places.map((at) => batch[at - 1]!.execution);
}

function isPlain({ past, parent, tags, keepMs, queue, event }: NewExecution): boolean {
  return [past, parent, tags, keepMs, queue, event.chunks].every((given) => given === undefined);
}

/** For `create_4`. */
function toNewRows(executions: readonly NewExecution[]): readonly unknown[] {
  return executions.map((execution) => {
    const { id, function: name, createdAt, event, past = [], opened = [] } = execution;
    const { parent = null, keepMs = null, tags = {}, queue = null, wakeAt = null } = execution;
    return {
      id,
      function: name,
      created_at: createdAt,
      parent,
      keep_ms: keepMs,
      tags: Object.keys(tags).length === 0 ? null : tags,
      events: [event, ...past].map(({ seq, kind, body }) => ({ seq, kind, body })),
      ...toLarge([event, ...past]),
      opened: opened.map(toCallbackRow),
      queue,
      wake_at: wakeAt,
    };
  });
}

/** What `create_4` has to know of large events, if there are any. */
function toLarge(events: readonly EventWrite[]): object {
  const cut = events.filter(isCut);
  return cut.length === 0 ? {} : { cut: cut.map(toCut), added: cut.flatMap(({ added = [] }) => added) };
}

/** One batch, mostly. An execution that comes again begins another, which sees what the first has written. */
function toBatches(commits: readonly Commit[]): readonly (readonly Commit[])[] {
  const batches: Commit[][] = [];
  let seen = new Set<string>();
  for (const commit of commits) {
    if (batches.length === 0 || seen.has(commit.execution)) {
      batches.push([]);
      seen = new Set();
    }
    batches.at(-1)!.push(commit);
    seen.add(commit.execution);
  }
  return batches;
}

/** `$1, $2, ...` */
function parameters(count: number): string {
  return Array.from({ length: count }, (_, i) => `$${i + 1}`).join(", ");
}

/** In the order of the function's parameters. */
function toParameters(epoch: number, batch: readonly Commit[], build: string): readonly unknown[] {
  const events = batch.flatMap((commit, i) => commit.events.map((event) => ({ at: i + 1, ...event })));
  return [
    epoch,
    batch.map(({ execution }) => execution),
    batch.map(({ lease }) => lease),
    batch.map(({ wakeAt }) => wakeAt),
    batch.map((commit) => commit.events[0]?.seq ?? null),
    events.map(({ at }) => at),
    events.map(({ seq }) => seq),
    events.map(({ kind }) => kind),
    events.map(({ body }) => body),
    ...chunkColumns(batch),
    toMore(batch, build),
  ];
}

/** Chunks to be stored: places, hashes and bodies; nulls if there are none, as mostly. */
function chunkColumns(batch: readonly Commit[]): readonly unknown[] {
  const all = batch.flatMap((commit, i) => {
    const ofEvents = commit.events.flatMap(({ added = [] }) => added);
    const ofStates = chunkedOf(commit).flatMap(({ added }) => added);
    return [...ofEvents, ...ofStates].map((chunk) => ({ at: i + 1, ...chunk }));
  });
  if (all.length === 0) return [null, null, null];
  return [all.map(({ at }) => at), all.map(({ hash }) => hash), all.map(({ body }) => body)];
}

/** What is rare in a batch, as JSON; null if there is nothing of it. */
function toMore(batch: readonly Commit[], build: string): string | null {
  const more: Record<string, readonly unknown[]> = {};
  /** Rows of what some commits have. */
  const rows = (name: string, of: (commit: Commit) => readonly object[]): void => {
    const all = batch.flatMap((commit, i) => of(commit).map((row) => ({ at: i + 1, ...row })));
    if (all.length > 0) more[name] = all;
  };
  rows("cut", ({ events }) => events.filter(isCut).map(toCut));
  rows("whole", (commit) =>
    wholeOf(commit).map(({ seq, chunks, added }) => ({ seq, chunks: chunks[0], body: added[0]!.body })),
  );
  rows("chunked", (commit) =>
    chunkedOf(commit).map(({ seq, chunks }) => ({ seq, chunks: chunks.join(" ") })),
  );
  rows("removed", (commit) => chunkedOf(commit).flatMap(({ removed }) => removed.map((hash) => ({ hash }))));
  rows("consumed", ({ consumed }) => consumed.map((number) => ({ number })));
  rows("opened", ({ opened }) => opened.map(toCallbackRow));
  rows("closed", ({ closed }) => closed.map((id) => ({ id })));
  rows("problems", ({ problem }) => (problem === undefined ? [] : [{ problem, build }]));
  rows("ends", ({ end }) => (end === undefined ? [] : [{ status: end.status, ended_at: end.at }]));
  rows("paused", ({ paused }) => (paused === undefined ? [] : [{ paused }]));
  rows("starts", ({ starts = [] }) => toNewRows(starts).map((row) => row as object));
  rows("posts", ({ posts = [] }) => posts);
  return Object.keys(more).length === 0 ? null : JSON.stringify(more);
}

function isCut({ chunks }: EventWrite): boolean {
  return chunks !== undefined;
}

function toCut({ seq, chunks = [] }: EventWrite): object {
  return { seq, until: neededUntil(seq), chunks: chunks.join(" ") };
}

/** A state of one new chunk, which most are, is kept in the row of the snapshot; none of its chunks are anywhere else. */
function isWhole({ chunks, added }: SnapshotWrite): boolean {
  return chunks.length === 1 && added.length === 1;
}

function wholeOf({ snapshot }: Commit): readonly SnapshotWrite[] {
  return snapshot !== undefined && isWhole(snapshot) ? [snapshot] : [];
}

function chunkedOf({ snapshot }: Commit): readonly SnapshotWrite[] {
  return snapshot !== undefined && !isWhole(snapshot) ? [snapshot] : [];
}

function toCallbackRow(row: Commit["opened"][number]): Readonly<Record<string, unknown>> {
  const { id, op, timeoutAt, heartbeatMs, heartbeatAt } = row;
  return { id, op, timeout_at: timeoutAt, heartbeat_ms: heartbeatMs, heartbeat_at: heartbeatAt };
}

/** Keys are given in the order of the array: the list of executions is sorted by them. */
const createSql = (s: string): string => `
  WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::text[], $6::text[])
      WITH ORDINALITY AS g (id, function, created_at, seq, kind, body, at)
  ), worker AS (
    SELECT key FROM ${s}.workers WHERE key = $7 FOR KEY SHARE
  ), made AS (
    INSERT INTO ${s}.executions (id, function, created_at, wake_at, worker, lease)
      SELECT id, function, created_at, created_at, (SELECT key FROM worker), (SELECT count(*) FROM worker)
      FROM given ORDER BY at
      ON CONFLICT (id) DO NOTHING RETURNING key, id, worker
  ), events AS (
    INSERT INTO ${s}.events (execution, seq, kind, body)
      SELECT made.key, given.seq, given.kind, given.body FROM made JOIN given USING (id)
  )
  SELECT id AS o_id, worker IS NOT NULL AS o_leased FROM made`;
