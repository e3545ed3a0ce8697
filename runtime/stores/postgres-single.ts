import { REFUSAL } from "./postgres-function.ts";
import type { Commit, NewExecution } from "./store.ts";

/**
 * What one execution that has the disk to itself does, statement by statement: sets of rows and JSON cost more than the work
 * where there is one of each. A commit of one step takes the server half the time, an end a third. In the order of `commit_4`,
 * and with its promises.
 */
export const singleFunctions = (s: string): string => commitOne(s) + createOne(s);

const commitOne = (s: string): string => `
  CREATE FUNCTION ${s}.commit_one_4(
    p_worker bigint, p_id text, p_lease bigint, p_wake bigint, p_next integer,
    e_seq integer[], e_kind text[], e_body text[], p_seq integer, p_hash text, p_state text, p_status text, p_ended bigint
  ) RETURNS boolean LANGUAGE plpgsql ${BY_KEY_ALONE} AS $one$
  DECLARE
    k bigint;
    woken bigint;
    last integer;
    dropped text[];
  BEGIN
    SELECT x.key, x.wake_at INTO k, woken FROM ${s}.executions x
      WHERE x.id = p_id AND (x.worker = p_worker) IS TRUE AND (x.lease = p_lease) IS TRUE AND (x.status = 'RUNNING') IS TRUE
      FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN true; END IF;
    IF p_next IS NOT NULL THEN
      SELECT v.seq INTO last FROM ${s}.events v WHERE v.execution = k ORDER BY v.seq DESC LIMIT 1;
      IF p_next <> last + 1 THEN
        RAISE EXCEPTION 'conflict' USING ERRCODE = '${REFUSAL.conflict}', DETAIL = '1 ' || last;
      END IF;
      IF cardinality(e_seq) = 1 THEN
        INSERT INTO ${s}.events (execution, seq, kind, body) VALUES (k, p_next, e_kind[1], e_body[1]);
      ELSE
        INSERT INTO ${s}.events (execution, seq, kind, body)
          SELECT k, e.seq, e.kind, e.body FROM unnest(e_seq, e_kind, e_body) AS e (seq, kind, body);
      END IF;
    END IF;
    IF p_state IS NOT NULL THEN
      SELECT string_to_array(chunks, ' ') INTO dropped FROM ${s}.snapshots WHERE execution = k AND body IS NULL;
      INSERT INTO ${s}.snapshots (execution, seq, chunks, body) VALUES (k, p_seq, p_hash, p_state)
        ON CONFLICT (execution) DO UPDATE SET seq = excluded.seq, chunks = excluded.chunks, body = excluded.body;
    END IF;
    IF p_status IS NOT NULL THEN
      UPDATE ${s}.executions SET status = p_status, ended_at = p_ended, wake_at = NULL, worker = NULL, paused = false,
        expires_at = keep_ms + p_ended WHERE key = k;
      UPDATE ${s}.callbacks SET state = 'CLOSED' WHERE execution = k AND state = 'PENDING';
      DELETE FROM ${s}.inbox WHERE execution = k;
      DELETE FROM ${s}.snapshots WHERE execution = k
        RETURNING coalesce(dropped, CASE WHEN body IS NULL THEN string_to_array(chunks, ' ') END) INTO dropped;
    ELSIF woken IS DISTINCT FROM p_wake THEN
      UPDATE ${s}.executions SET wake_at = p_wake WHERE key = k;
    END IF;
    IF dropped IS NOT NULL THEN
      DELETE FROM ${s}.chunks c WHERE c.execution = k AND c.hash = ANY (dropped)
        AND NOT EXISTS (SELECT 1 FROM ${s}.event_chunks p WHERE p.execution = k AND p.hash = c.hash);
    END IF;
    RETURN false;
  END
  $one$;
`;

const createOne = (s: string): string => `
  -- Null: it exists already.
  CREATE FUNCTION ${s}.create_one_4(
    p_id text, p_function text, p_created bigint, p_seq integer, p_kind text, p_body text, p_worker bigint
  ) RETURNS boolean LANGUAGE plpgsql ${BY_KEY_ALONE} AS $one$
  DECLARE
    k bigint;
    leased boolean := false;
  BEGIN
    IF p_worker IS NOT NULL THEN
      PERFORM 1 FROM ${s}.workers WHERE key = p_worker FOR KEY SHARE;
      leased := FOUND;
    END IF;
    INSERT INTO ${s}.executions (id, function, created_at, wake_at, worker, lease)
      VALUES (p_id, p_function, p_created, p_created, CASE WHEN leased THEN p_worker END, leased::integer)
      ON CONFLICT (id) DO NOTHING RETURNING key INTO k;
    IF k IS NULL THEN RETURN NULL; END IF;
    INSERT INTO ${s}.events (execution, seq, kind, body) VALUES (k, p_seq, p_kind, p_body);
    RETURN leased;
  END
  $one$;
`;

/** Plans are made once; tables that are empty then are not read from end to end for ever. */
const BY_KEY_ALONE = "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off";

/** Whether a commit has nothing that `commit_one_4` does not know. */
export function isSingle(commit: Commit): boolean {
  const { consumed, opened, closed, problem, paused, starts, posts, snapshot, events } = commit;
  return (
    consumed.length + opened.length + closed.length === 0 &&
    problem === undefined &&
    paused === undefined &&
    starts === undefined &&
    posts === undefined &&
    events.every(({ chunks }) => chunks === undefined) &&
    (snapshot === undefined || (snapshot.chunks.length === 1 && snapshot.added.length === 1))
  );
}

/** In the order of the parameters of `commit_one_4`. */
export function toSingle(epoch: number, commit: Commit): readonly unknown[] {
  const { execution, lease, wakeAt, events, snapshot, end } = commit;
  return [
    epoch,
    execution,
    lease,
    wakeAt,
    events[0]?.seq ?? null,
    events.map(({ seq }) => seq),
    events.map(({ kind }) => kind),
    events.map(({ body }) => body),
    snapshot?.seq ?? null,
    snapshot?.chunks[0] ?? null,
    snapshot?.added[0]?.body ?? null,
    end?.status ?? null,
    end?.at ?? null,
  ];
}

/** In the order of the parameters of `create_one_4`. */
export function toSingleNew(
  { id, function: name, createdAt, event }: NewExecution,
  worker: number | null,
): readonly unknown[] {
  return [id, name, createdAt, event.seq, event.kind, event.body, worker];
}
