import { BY_KEY, REFUSAL } from "./postgres-function.ts";

/**
 * Workers, and what each of them has. An execution's row says whose it is and under which lease; the worker's row says
 * until when it counts as alive, so that one small write renews all its leases. Times of leases are the server's.
 *
 * Workers of earlier versions take the whole store: their row now belongs to nobody who could ever leave, so those that stand by
 * wait for ever, and what the one at work commits is refused. Their clients may go on.
 */
export const leaseTables = (s: string): string => `
  CREATE TABLE ${s}.workers (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    pid bigint NOT NULL,
    host text NOT NULL,
    build text NOT NULL,
    lease_ms bigint NOT NULL,
    until timestamptz NOT NULL
  );
  ALTER TABLE ${s}.executions ADD COLUMN worker bigint, ADD COLUMN lease bigint NOT NULL DEFAULT 0,
    ADD COLUMN parked_by text COLLATE "C" NOT NULL DEFAULT '';
  -- What a worker may take. What others have costs it nothing.
  DROP INDEX ${s}.executions_due;
  CREATE INDEX executions_free ON ${s}.executions (wake_at, key)
    WHERE status = 'RUNNING' AND problem IS NULL AND wake_at IS NOT NULL AND worker IS NULL;
  CREATE INDEX executions_worker ON ${s}.executions (worker) WHERE worker IS NOT NULL;
  UPDATE ${s}.owner SET epoch = epoch + 1, id = 'nobody', pid = 0, host = '', heartbeat_at = 9007199254740991;
  -- Epochs go on from there.
  SELECT setval(pg_get_serial_sequence('${(s + ".workers").replaceAll("'", "''")}', 'key'), epoch) FROM ${s}.owner;
`;

/** Leases need no fsync: a claim that is lost in a crash has written nothing since, and its lease is nobody's. */
const SOON = "PERFORM set_config('synchronous_commit', 'off', true);";

/** Of workers that are gone: nobody waits here for who holds rows in the order of their keys. */
const free = (s: string, workers: string): string => `
    PERFORM 1 FROM ${s}.executions WHERE worker = ANY (${workers}) ORDER BY key FOR NO KEY UPDATE;
    UPDATE ${s}.executions SET worker = NULL WHERE worker = ANY (${workers});`;

export const leaseFunctions = (s: string): string => `
  CREATE FUNCTION ${s}.join_3(p_id text, p_pid bigint, p_host text, p_build text, p_lease_ms bigint)
  RETURNS bigint LANGUAGE plpgsql AS $join$
  DECLARE
    gone bigint[];
    made bigint;
  BEGIN
    WITH old AS (DELETE FROM ${s}.workers WHERE id = p_id RETURNING key) SELECT array_agg(key) INTO gone FROM old;
    IF gone IS NOT NULL THEN ${free(s, "gone")} END IF;
    INSERT INTO ${s}.workers (id, pid, host, build, lease_ms, until) VALUES
      (p_id, p_pid, p_host, p_build, p_lease_ms, clock_timestamp() + p_lease_ms * interval '1 millisecond')
      RETURNING key INTO made;
    RETURN made;
  END
  $join$;

  CREATE FUNCTION ${s}.leave_3(p_worker bigint) RETURNS void LANGUAGE plpgsql AS $leave$
  DECLARE
    gone bigint[] := ARRAY[p_worker];
  BEGIN
    DELETE FROM ${s}.workers WHERE key = p_worker;
    ${free(s, "gone")}
  END
  $leave$;

  -- Whose time is over, and those whose processes are known to be gone. Returns how many there were.
  CREATE FUNCTION ${s}.bury_3(p_dead bigint[]) RETURNS integer LANGUAGE plpgsql AS $bury$
  DECLARE
    gone bigint[];
  BEGIN
    WITH old AS (
      DELETE FROM ${s}.workers WHERE key = ANY (p_dead) OR until < clock_timestamp() RETURNING key
    ) SELECT array_agg(key) INTO gone FROM old;
    IF gone IS NULL THEN RETURN 0; END IF;
    ${free(s, "gone")}
    RETURN cardinality(gone);
  END
  $bury$;

  -- Returns the earliest wake time of what was released.
  CREATE FUNCTION ${s}.release_3(p_worker bigint, p_ids text[], p_leases bigint[]) RETURNS bigint
  LANGUAGE plpgsql ${BY_KEY} AS $release$
  DECLARE
    keys bigint[];
    earliest bigint;
  BEGIN
    ${SOON}
    keys := ARRAY(SELECT x.key FROM unnest(p_ids, p_leases) AS g (id, lease) JOIN ${s}.executions x ON x.id = g.id
      WHERE (x.worker = p_worker) IS TRUE AND x.lease = g.lease ORDER BY x.key FOR NO KEY UPDATE OF x);
    WITH released AS (UPDATE ${s}.executions SET worker = NULL WHERE key = ANY (keys) RETURNING wake_at)
      SELECT min(wake_at) INTO earliest FROM released;
    RETURN earliest;
  END
  $release$;
`;

/** One after the other; one whose id exists is left as it is. With a worker, those that begin at once are leased to it. */
export const createFunction = (s: string): string => `
  CREATE FUNCTION ${s}.create_4(p_new json, p_worker bigint) RETURNS TABLE (o_id text, o_leased boolean)
  LANGUAGE plpgsql AS $create$
  DECLARE
    n json;
    made bigint;
    waits boolean;
    takes boolean;
  BEGIN
    PERFORM 1 FROM ${s}.workers WHERE key = p_worker FOR KEY SHARE;
    takes := FOUND;
    FOR n IN SELECT value FROM json_array_elements(p_new) LOOP
      made := NULL;
      o_id := n ->> 'id';
      waits := json_typeof(n -> 'queue') = 'object';
      o_leased := takes AND NOT waits;
      INSERT INTO ${s}.executions (id, function, created_at, wake_at, parent, keep_ms, tags, queue, worker, lease)
        VALUES (o_id, n ->> 'function', (n ->> 'created_at')::bigint,
          (n ->> (CASE WHEN waits THEN 'wake_at' ELSE 'created_at' END))::bigint, n ->> 'parent',
          (n ->> 'keep_ms')::bigint, (n ->> 'tags')::jsonb, n -> 'queue' ->> 'name',
          CASE WHEN o_leased THEN p_worker END, o_leased::integer)
        ON CONFLICT (id) DO NOTHING RETURNING key INTO made;
      CONTINUE WHEN made IS NULL;
      INSERT INTO ${s}.events (execution, seq, kind, body)
        SELECT made, v.seq, v.kind, v.body
        FROM json_to_recordset(n -> 'events') AS v (seq integer, kind text, body text);
      IF n -> 'cut' IS NOT NULL THEN
        INSERT INTO ${s}.chunks (execution, hash, body)
          SELECT made, a.hash, a.body FROM json_to_recordset(n -> 'added') AS a (hash text, body text)
          ON CONFLICT DO NOTHING;
        UPDATE ${s}.events v SET chunks = c.chunks FROM json_to_recordset(n -> 'cut') AS c (seq integer, chunks text)
          WHERE v.execution = made AND v.seq = c.seq;
        INSERT INTO ${s}.event_chunks (execution, hash, until)
          SELECT made, h.hash, max(c.until) FROM json_to_recordset(n -> 'cut') AS c (until integer, chunks text),
            unnest(string_to_array(c.chunks, ' ')) AS h (hash) GROUP BY h.hash;
      END IF;
      INSERT INTO ${s}.callbacks (id, execution, op, timeout_at, heartbeat_ms, heartbeat_at)
        SELECT o.id, made, o.op, o.timeout_at, o.heartbeat_ms, o.heartbeat_at
        FROM json_to_recordset(n -> 'opened')
          AS o (id text, op text, timeout_at bigint, heartbeat_ms bigint, heartbeat_at bigint);
      IF waits THEN
        INSERT INTO ${s}.queue_places (execution, queue, lane, priority, state, turn)
          SELECT made, q.name, q.lane, (n -> 'queue' ->> 'priority')::integer, 1, 1 + greatest(
            (SELECT turn FROM ${s}.queues WHERE name = q.name),
            (SELECT max(turn) FROM ${s}.queue_places WHERE queue = q.name AND lane = q.lane), 0)
          FROM (SELECT n -> 'queue' ->> 'name' AS name, coalesce(n -> 'queue' ->> 'key', '') AS lane) AS q;
      END IF;
      RETURN NEXT;
    END LOOP;
  END
  $create$;
`;

/**
 * Takes executions and reads them, in one round trip. A function, because each of its statements sees what was committed
 * before it began: a row that is taken in a statement of many parts may have had another holder since that began, whose
 * last events its other parts would not see.
 */
export const claimFunction = (s: string, row: string): string => `
  CREATE FUNCTION ${s}.claim_4(
    p_worker bigint, p_now bigint, p_limit integer, p_functions text[], p_only text[], p_parked boolean, p_any boolean
  ) RETURNS TABLE (o_id text, o_lease bigint, o_part text, o_number bigint, o_name text, o_body text)
  LANGUAGE plpgsql ${BY_KEY} AS $claim$
  DECLARE
    keys bigint[] := '{}';
  BEGIN
    ${SOON}
    IF p_parked THEN
      UPDATE ${s}.executions x SET problem = NULL, wake_at = p_now FROM (
        SELECT p.key FROM ${s}.executions p, ${s}.workers w
        WHERE p.problem NOT LIKE 'Held: %' AND p.problem IS NOT NULL AND p.status = 'RUNNING' AND p.worker IS NULL AND p.function = ANY (p_functions)
          AND w.key = p_worker AND position(' ' || w.build || ' ' IN ' ' || p.parked_by) = 0
        LIMIT 1000 FOR NO KEY UPDATE OF p SKIP LOCKED
      ) f WHERE x.key = f.key;
    END IF;
    IF p_only IS NOT NULL THEN
      keys := ARRAY(SELECT x.key FROM ${s}.executions x
        WHERE x.id = ANY (p_only) AND (x.worker IS NULL OR x.worker = p_worker) AND (x.status = 'RUNNING') IS TRUE
          AND (p_any OR x.problem IS NULL AND x.function = ANY (p_functions)
            AND (x.wake_at <= p_now OR EXISTS (SELECT 1 FROM ${s}.inbox i WHERE i.execution = x.key)))
        ORDER BY x.key LIMIT p_limit FOR NO KEY UPDATE);
    ELSE
      keys := ARRAY(SELECT x.key FROM ${s}.executions x
        WHERE x.status = 'RUNNING' AND x.problem IS NULL AND x.wake_at IS NOT NULL AND x.worker IS NULL
          AND x.wake_at <= p_now AND x.function = ANY (p_functions)
        ORDER BY x.wake_at, x.key LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED);
      IF cardinality(keys) < p_limit THEN
        keys := keys || ARRAY(SELECT x.key FROM ${s}.executions x
          WHERE x.key IN (SELECT i.execution FROM ${s}.inbox i) AND x.status = 'RUNNING' AND x.problem IS NULL
            AND x.worker IS NULL AND x.function = ANY (p_functions) AND x.key <> ALL (keys)
          ORDER BY x.wake_at NULLS LAST, x.key LIMIT p_limit - cardinality(keys) FOR NO KEY UPDATE SKIP LOCKED);
      END IF;
    END IF;
    IF cardinality(keys) > 0 THEN
      -- Who buries the worker waits, and then finds what was taken here; or has done it, and nothing may be taken.
      PERFORM 1 FROM ${s}.workers WHERE key = p_worker FOR KEY SHARE;
      IF NOT FOUND THEN RAISE EXCEPTION 'fenced' USING ERRCODE = '${REFUSAL.fenced}'; END IF;
      UPDATE ${s}.executions SET worker = p_worker, lease = lease + 1 WHERE key = ANY (keys);
    END IF;
    RETURN QUERY
      SELECT x.id, x.lease, 'execution', k.at, '', row_to_json(r)::text
        FROM unnest(keys) WITH ORDINALITY AS k (key, at) JOIN ${s}.executions x ON x.key = k.key
        JOIN LATERAL (${row} WHERE e.key = k.key) r ON true ORDER BY k.at;
${claimedTexts(s)}
    RETURN QUERY
      SELECT x.id, 0::bigint, 'message', i.number, '', i.body
        FROM unnest(keys) AS c (key) JOIN ${s}.executions x ON x.key = c.key
        JOIN ${s}.inbox i ON i.execution = c.key ORDER BY i.number;
    IF p_only IS NULL THEN
      RETURN QUERY
        SELECT x.id, 0::bigint, 'called', 0::bigint, '', ''
        FROM (SELECT DISTINCT i.execution FROM ${s}.inbox i) i JOIN ${s}.executions x ON x.key = i.execution
        WHERE x.worker = p_worker AND x.key <> ALL (keys);
    END IF;
  END
  $claim$;
`;

/** States and the events after them, and the chunks of both. */
const claimedTexts = (s: string): string => `
    RETURN QUERY
      SELECT x.id, 0::bigint, 'snapshot', s.seq::bigint, s.chunks, s.body
        FROM unnest(keys) AS c (key) JOIN ${s}.executions x ON x.key = c.key JOIN ${s}.snapshots s ON s.execution = c.key;
    RETURN QUERY
      SELECT x.id, 0::bigint, 'event', v.seq::bigint, v.kind, v.body
        FROM unnest(keys) AS c (key) JOIN ${s}.executions x ON x.key = c.key
        LEFT JOIN ${s}.snapshots s ON s.execution = c.key
        JOIN ${s}.events v ON v.execution = c.key AND v.seq > coalesce(s.seq, 0) ORDER BY x.id, v.seq;
    RETURN QUERY
      WITH e AS (
        SELECT v.execution, v.seq, v.chunks FROM unnest(keys) AS c (key)
          LEFT JOIN ${s}.snapshots s ON s.execution = c.key
          JOIN ${s}.events v ON v.execution = c.key AND v.seq > coalesce(s.seq, 0) WHERE v.chunks IS NOT NULL),
        l AS (SELECT execution, chunks FROM e UNION ALL SELECT s.execution, s.chunks FROM unnest(keys) AS c (key)
          JOIN ${s}.snapshots s ON s.execution = c.key AND s.body IS NULL),
        h AS (SELECT DISTINCT l.execution, u.hash FROM l, unnest(string_to_array(l.chunks, ' ')) AS u (hash))
      SELECT x.id, 0::bigint, 'cut', e.seq::bigint, e.chunks, NULL FROM e JOIN ${s}.executions x ON x.key = e.execution
      UNION ALL SELECT x.id, 0, 'chunk', 0, c.hash, c.body FROM h JOIN ${s}.executions x ON x.key = h.execution
        JOIN ${s}.chunks c ON c.execution = h.execution AND c.hash = h.hash;`;
