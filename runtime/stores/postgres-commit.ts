import { FencedError, JournalConflictError, StoreError } from "../errors.ts";
import type { Querying, Statement } from "./postgres-connection.ts";
import { codeOf, detailOf, isDuplicate } from "./postgres-errors.ts";
import { REFUSAL } from "./postgres-function.ts";
import { assertId, assertPast } from "./rows.ts";
import type { Commit, NewExecution, SnapshotWrite } from "./store.ts";

/** Writes executions: their creation and their commits. */
export class PostgresCommits {
  private readonly connection: Querying;
  private readonly insert: Statement;
  /** For executions with more than their first event. */
  private readonly insertAll: Statement;
  private readonly hold: Statement;
  private readonly call: Statement;
  /** For batches in which executions end, pause, or do something to others. */
  private readonly callAll: Statement;

  constructor(connection: Querying) {
    this.connection = connection;
    const { schema } = connection;
    this.insert = { name: "create", text: createSql(schema) };
    this.insertAll = { name: "createAll", text: `SELECT id FROM ${schema}.create_2($1) AS made (id)` };
    this.hold = { name: "hold", text: `UPDATE ${schema}.executions SET problem = $2 WHERE id = $1` };
    const call = (version: number, count: number): Statement => {
      const parameters = Array.from({ length: count }, (_, i) => `$${i + 1}`).join(", ");
      return { name: `commit${version}`, text: `SELECT ${schema}.commit_${version}(${parameters})` };
    };
    this.call = call(1, PARAMETERS);
    this.callAll = call(2, PARAMETERS + 3);
  }

  /** Ids of those that were created; one whose id exists is left as it is. */
  async create(executions: readonly NewExecution[]): Promise<ReadonlySet<string>> {
    for (const execution of executions) assertNew(execution);
    const first = new Map(executions.toReversed().map((execution) => [execution.id, execution]));
    const all = executions.filter((execution) => first.get(execution.id) === execution);
    if (all.some(({ held }) => held !== undefined)) return this.createHeld(all);
    if (!all.every(isPlain)) {
      const made = await this.connection.query(this.insertAll, [toNew(all)]);
      return new Set(made.map(({ id }) => id as string));
    }
    const rows = await this.connection.query(this.insert, [
      all.map(({ id }) => id),
      all.map((execution) => execution.function),
      all.map(({ input }) => input),
      all.map(({ createdAt }) => createdAt),
      all.map(({ event }) => event.seq),
      all.map(({ event }) => event.kind),
      all.map(({ event }) => event.body),
    ]);
    return new Set(rows.map(({ id }) => id as string));
  }

  /** In one transaction: nobody may begin one that is held. */
  private async createHeld(executions: readonly NewExecution[]): Promise<ReadonlySet<string>> {
    return this.connection.transaction(async (query) => {
      const rows = await query(this.insertAll, [toNew(executions)]);
      const ids = new Set(rows.map(({ id }) => id as string));
      for (const { id, held } of executions)
        if (held !== undefined && ids.has(id)) await query(this.hold, [id, held]);
      return ids;
    });
  }

  async commit(epoch: number, commits: readonly Commit[]): Promise<void> {
    for (const commit of commits) assertWritable(commit);
    const batches = toBatches(commits);
    const [only] = batches;
    if (batches.length > 1) {
      await this.connection.transaction(async (query) => {
        for (const batch of batches) {
          const { statement, values } = this.toCall(epoch, batch);
          await query(statement, values).catch((error: unknown) => {
            throw this.toRefusal(error, batch) ?? error;
          });
        }
      });
      return;
    }
    try {
      const { statement, values } = this.toCall(epoch, only ?? []);
      await this.connection.query(statement, values);
    } catch (error) {
      throw this.toRefusal(error instanceof StoreError ? error.cause : error, only ?? []) ?? error;
    }
  }

  private toCall(
    epoch: number,
    batch: readonly Commit[],
  ): { readonly statement: Statement; readonly values: readonly unknown[] } {
    const values = toParameters(epoch, batch);
    if (batch.every(isPlainCommit)) return { statement: this.call, values };
    const paused = batch.flatMap((commit, i) =>
      commit.paused === undefined ? [] : [{ at: i + 1, paused: commit.paused }],
    );
    const starts = batch.flatMap((commit) => commit.starts ?? []);
    const posts = batch.flatMap((commit) => commit.posts ?? []);
    const more = [
      paused.length === 0 ? null : JSON.stringify(paused),
      starts.length === 0 ? null : toNew(starts),
      posts.length === 0 ? null : JSON.stringify(posts),
    ];
    return { statement: this.callAll, values: [...values, ...more] };
  }

  /** What the function refuses, in words; null for everything else. */
  private toRefusal(error: unknown, batch: readonly Commit[]): StoreError | null {
    const { name } = this.connection;
    const [at = "", met = ""] = detailOf(error).split(" ");
    const commit = batch[Number(at) - 1];
    const execution = commit?.execution ?? "";
    switch (codeOf(error)) {
      case REFUSAL.fenced:
        return new FencedError(
          `Another worker has taken over the store ${name}: nothing of this commit was written.`,
        );
      case REFUSAL.unknown:
        return new StoreError(`There is no execution "${execution}" in ${name}.`);
      case REFUSAL.ended:
        return new JournalConflictError(
          `The execution "${execution}" has ended (${met}): its journal is closed.`,
        );
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

/** Nothing but what the first version of the function writes. */
function isPlainCommit({ end, paused, starts = [], posts = [] }: Commit): boolean {
  return end === undefined && paused === undefined && starts.length === 0 && posts.length === 0;
}

function isPlain({ past, parent, tags, keepMs, queue }: NewExecution): boolean {
  return [past, parent, tags, keepMs, queue].every((given) => given === undefined);
}

/** As JSON for `create_2`. */
function toNew(executions: readonly NewExecution[]): string {
  const rows = executions.map((execution) => {
    const { id, function: name, input, createdAt, event, past = [], opened = [] } = execution;
    const { parent = null, keepMs = null, tags = {}, queue = null, wakeAt = null } = execution;
    return {
      id,
      function: name,
      input,
      created_at: createdAt,
      parent,
      keep_ms: keepMs,
      tags: Object.keys(tags).length === 0 ? null : tags,
      events: [event, ...past],
      opened: opened.map(toCallbackRow),
      queue,
      wake_at: wakeAt,
    };
  });
  return JSON.stringify(rows);
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

const PARAMETERS = 17;

/** In the order of the function's parameters. */
function toParameters(epoch: number, batch: readonly Commit[]): readonly unknown[] {
  const events = batch.flatMap((commit, i) => commit.events.map((event) => ({ at: i + 1, ...event })));
  /** Rows of what some commits have, as JSON; null if none has it. */
  const rows = <T>(of: (commit: Commit) => readonly T[]): string | null => {
    const all = batch.flatMap((commit, i) => of(commit).map((row) => ({ at: i + 1, ...row })));
    return all.length === 0 ? null : JSON.stringify(all);
  };
  return [
    epoch,
    batch.map(({ execution }) => execution),
    batch.map(({ wakeAt }) => wakeAt),
    batch.map((commit) => commit.events[0]?.seq ?? null),
    events.map(({ at }) => at),
    events.map(({ seq }) => seq),
    events.map(({ kind }) => kind),
    events.map(({ body }) => body),
    rows((commit) =>
      wholeOf(commit).map(({ seq, chunks, added }) => ({ seq, chunks: chunks[0], body: added[0]!.body })),
    ),
    rows((commit) => chunkedOf(commit).map(({ seq, chunks }) => ({ seq, chunks: chunks.join(" ") }))),
    rows((commit) => chunkedOf(commit).flatMap(({ added }) => added)),
    rows((commit) => chunkedOf(commit).flatMap(({ removed }) => removed.map((hash) => ({ hash })))),
    rows(({ consumed }) => consumed.map((number) => ({ number }))),
    rows(({ opened }) => opened.map(toCallbackRow)),
    rows(({ closed }) => closed.map((id) => ({ id }))),
    rows(({ problem }) => (problem === undefined ? [] : [{ problem }])),
    rows(({ end }) => (end === undefined ? [] : [{ ...end, ended_at: end.at }].map(withoutAt))),
  ];
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

/** `at` is the place in the batch here, not a time. */
function withoutAt<T extends { readonly at: number }>({ at: _, ...rest }: T): Omit<T, "at"> {
  return rest;
}

/** Keys are given in the order of the array: the list of executions is sorted by them. */
const createSql = (s: string): string => `
  WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::integer[], $6::text[], $7::text[])
      WITH ORDINALITY AS g (id, function, input, created_at, seq, kind, body, at)
  ), made AS (
    INSERT INTO ${s}.executions (id, function, created_at, wake_at)
      SELECT id, function, created_at, created_at FROM given ORDER BY at
      ON CONFLICT (id) DO NOTHING RETURNING key, id
  ), inputs AS (
    INSERT INTO ${s}.inputs (execution, body) SELECT made.key, given.input FROM made JOIN given USING (id)
  ), events AS (
    INSERT INTO ${s}.events (execution, seq, kind, body)
      SELECT made.key, given.seq, given.kind, given.body FROM made JOIN given USING (id)
  )
  SELECT id FROM made`;
