/** SQLSTATEs of what the function refuses. The detail of the last three is the index of the commit, and what it met. */
export const REFUSAL = { fenced: "DC001", unknown: "DC002", ended: "DC003", conflict: "DC004" } as const;

/**
 * A whole batch of commits in one call, which is one round trip and one transaction. In the server, because it has to
 * look before it writes (the epoch, the end of each journal), and because what a batch does not contain costs nothing.
 * Rejected: one statement of many WITH parts. All its parts run each time, whatever they are given, and none of them
 * can refuse.
 *
 * Events come as arrays, which are read fastest; what is rarer comes as JSON, or null. `at` counts commits from 1.
 * Each execution comes once in a batch.
 *
 * Generic plans: left alone, the server plans each statement anew for each call, because an array of one looks cheaper
 * than the ten it would assume, and planning takes longer than the work.
 */
export const commitFunction = (s: string): string => `
  CREATE FUNCTION ${s}.commit_1(
    p_epoch bigint, p_ids text[], p_wakes bigint[], p_next integer[],
    e_at integer[], e_seq integer[], e_kind text[], e_body text[],
    p_whole json, p_chunked json, p_added json, p_removed json, p_consumed json,
    p_opened json, p_closed json, p_problems json, p_ends json
  ) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $commit$
  DECLARE
    keys bigint[];
    ended bigint[];
    bad bigint;
    woken boolean;
  BEGIN
    ${check(s)}
    INSERT INTO ${s}.events (execution, seq, kind, body)
      SELECT keys[e.at], e.seq, e.kind, e.body
      FROM unnest(e_at, e_seq, e_kind, e_body) AS e (at, seq, kind, body);
    ${snapshots(s)}
    IF woken THEN
      UPDATE ${s}.executions x SET wake_at = c.wake_at FROM unnest(keys, p_wakes) AS c (key, wake_at)
        WHERE x.key = c.key AND x.wake_at IS DISTINCT FROM c.wake_at;
    END IF;
    ${callbacks(s)}
    ${ends(s)}
  END
  $commit$;
`;

/**
 * FOR SHARE: whoever wants to take over waits until this transaction is over, or this one until that is, and then sees
 * its epoch. Without it, a commit could slip in behind the check.
 */
const check = (s: string): string => `
    PERFORM 1 FROM ${s}.owner WHERE one AND epoch = p_epoch AND id IS NOT NULL FOR SHARE;
    IF NOT FOUND THEN RAISE EXCEPTION 'fenced' USING ERRCODE = '${REFUSAL.fenced}'; END IF;
    SELECT array_agg(x.key ORDER BY c.at), bool_or(x.wake_at IS DISTINCT FROM c.wake_at),
        min(c.at) FILTER (WHERE x.key IS NULL OR x.status <> 'RUNNING' OR c.next <> j.last + 1)
      INTO keys, woken, bad
      FROM unnest(p_ids, p_wakes, p_next) WITH ORDINALITY AS c (id, wake_at, next, at)
      LEFT JOIN ${s}.executions x ON x.id = c.id
      LEFT JOIN LATERAL (
        SELECT max(v.seq) AS last FROM ${s}.events v WHERE v.execution = x.key AND c.next IS NOT NULL
      ) j ON true;
    IF bad IS NOT NULL THEN
      IF keys[bad] IS NULL THEN
        RAISE EXCEPTION 'unknown' USING ERRCODE = '${REFUSAL.unknown}', DETAIL = bad || ' ';
      ELSIF EXISTS (SELECT 1 FROM ${s}.executions WHERE key = keys[bad] AND status <> 'RUNNING') THEN
        RAISE EXCEPTION 'ended' USING ERRCODE = '${REFUSAL.ended}',
          DETAIL = bad || ' ' || (SELECT status FROM ${s}.executions WHERE key = keys[bad]);
      END IF;
      RAISE EXCEPTION 'conflict' USING ERRCODE = '${REFUSAL.conflict}',
        DETAIL = bad || ' ' || (SELECT max(seq) FROM ${s}.events WHERE execution = keys[bad]);
    END IF;`;

/** Whole: the one chunk of a state that most have, overwritten in its row. Chunked: its chunks are in their table. */
export const snapshots = (s: string): string => `
    IF p_whole IS NOT NULL THEN
      DELETE FROM ${s}.chunks c USING json_to_recordset(p_whole) AS w (at integer) WHERE c.execution = keys[w.at];
      INSERT INTO ${s}.snapshots (execution, seq, chunks, body)
        SELECT keys[w.at], w.seq, w.chunks, w.body
        FROM json_to_recordset(p_whole) AS w (at integer, seq integer, chunks text, body text)
        ON CONFLICT (execution) DO UPDATE SET seq = excluded.seq, chunks = excluded.chunks, body = excluded.body;
    END IF;
    IF p_chunked IS NOT NULL THEN
      INSERT INTO ${s}.chunks (execution, hash, body)
        SELECT o.execution, o.chunks, o.body
        FROM json_to_recordset(p_chunked) AS w (at integer, chunks text)
        JOIN ${s}.snapshots o ON o.execution = keys[w.at]
        WHERE o.body IS NOT NULL AND o.chunks <> w.chunks AND o.chunks = ANY (string_to_array(w.chunks, ' '))
        ON CONFLICT DO NOTHING;
      INSERT INTO ${s}.snapshots AS o (execution, seq, chunks, body)
        SELECT keys[w.at], w.seq, w.chunks, NULL
        FROM json_to_recordset(p_chunked) AS w (at integer, seq integer, chunks text)
        ON CONFLICT (execution) DO UPDATE SET seq = excluded.seq, chunks = excluded.chunks,
          body = CASE WHEN o.chunks = excluded.chunks THEN o.body END;
    END IF;
    IF p_added IS NOT NULL THEN
      INSERT INTO ${s}.chunks (execution, hash, body)
        SELECT keys[a.at], a.hash, a.body FROM json_to_recordset(p_added) AS a (at integer, hash text, body text)
        ON CONFLICT DO NOTHING;
    END IF;
    IF p_removed IS NOT NULL THEN
      DELETE FROM ${s}.chunks c USING json_to_recordset(p_removed) AS r (at integer, hash text)
        WHERE c.execution = keys[r.at] AND c.hash = r.hash;
    END IF;`;

export const callbacks = (s: string): string => `
    IF p_consumed IS NOT NULL THEN
      DELETE FROM ${s}.inbox i USING json_to_recordset(p_consumed) AS m (at integer, number bigint)
        WHERE i.number = m.number AND i.execution = keys[m.at];
    END IF;
    IF p_opened IS NOT NULL THEN
      INSERT INTO ${s}.callbacks (id, execution, op, timeout_at, heartbeat_ms, heartbeat_at)
        SELECT o.id, keys[o.at], o.op, o.timeout_at, o.heartbeat_ms, o.heartbeat_at
        FROM json_to_recordset(p_opened)
          AS o (at integer, id text, op text, timeout_at bigint, heartbeat_ms bigint, heartbeat_at bigint);
    END IF;
    IF p_closed IS NOT NULL THEN
      UPDATE ${s}.callbacks c SET state = 'CLOSED' FROM json_to_recordset(p_closed) AS d (at integer, id text)
        WHERE c.id = d.id AND c.execution = keys[d.at] AND c.state = 'PENDING';
    END IF;
    IF p_problems IS NOT NULL THEN
      UPDATE ${s}.executions x SET problem = p.problem
        FROM json_to_recordset(p_problems) AS p (at integer, problem text) WHERE x.key = keys[p.at];
    END IF;`;

const ends = (s: string): string => `
    IF p_ends IS NOT NULL THEN
      ended := ARRAY(SELECT keys[n.at] FROM json_to_recordset(p_ends) AS n (at integer));
      UPDATE ${s}.executions x SET status = n.status, ended_at = n.ended_at, wake_at = NULL
        FROM json_to_recordset(p_ends) AS n (at integer, status text, ended_at bigint) WHERE x.key = keys[n.at];
      INSERT INTO ${s}.outcomes (execution, result, error)
        SELECT keys[n.at], n.result, n.error
        FROM json_to_recordset(p_ends) AS n (at integer, result text, error text);
      UPDATE ${s}.callbacks SET state = 'CLOSED' WHERE execution = ANY (ended) AND state = 'PENDING';
      DELETE FROM ${s}.inbox WHERE execution = ANY (ended);
      DELETE FROM ${s}.snapshots WHERE execution = ANY (ended);
      DELETE FROM ${s}.chunks WHERE execution = ANY (ended);
    END IF;`;
