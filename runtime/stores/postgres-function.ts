/** SQLSTATEs of what the functions refuse. The detail of a conflict is the place of the commit, and the last number there is. */
export const REFUSAL = { fenced: "DC001", conflict: "DC004" } as const;

/**
 * Few rows, each by its key, whatever the server thinks of tables it knows nothing of yet: with the index of all that runs, and
 * a comparison of each with each, 500 commits took a quarter of a second. `IS TRUE` keeps a condition from choosing an index.
 */
export const BY_KEY =
  "SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off";

/**
 * A whole batch of commits in one call, which is one round trip and one transaction. In the server, because it has to
 * look before it writes (the leases, the end of each journal), and because what a batch does not contain costs nothing.
 * Rejected: one statement of many WITH parts. All its parts run each time, whatever they are given, and none of them
 * can refuse.
 *
 * Returns null, or the places of commits whose lease is not this one any more: then nothing is written, and the caller
 * comes again without them. That is rare, and all the rest of the function may then take every commit for a good one.
 *
 * Events come as arrays, which are read fastest; each execution comes once in a batch, and `at` is its place from 1. What is
 * rare in a batch is in one JSON object, null if there is nothing of it: `cut`, `whole`, `chunked`, `removed`, `consumed`,
 * `opened`, `closed`, `problems`, `ends`, `paused`, `starts`, `posts`, each a list of rows.
 */
export const commitFunction = (s: string): string => `
  CREATE FUNCTION ${s}.commit_4(
    p_worker bigint, p_ids text[], p_leases bigint[], p_wakes bigint[], p_next integer[],
    e_at integer[], e_seq integer[], e_kind text[], e_body text[],
    c_at integer[], c_hash text[], c_body text[], p_more json
  ) RETURNS integer[] LANGUAGE plpgsql ${BY_KEY} AS $commit$
  DECLARE
    keys bigint[];
    ended bigint[] := '{}';
    found bigint[];
    bad bigint;
    woken boolean;
    p_cut json; p_whole json; p_chunked json; p_removed json; p_consumed json; p_opened json; p_closed json;
    p_problems json; p_ends json; p_paused json; p_starts json; p_posts json;
  BEGIN
    IF p_more IS NOT NULL THEN
      SELECT m.* INTO p_cut, p_whole, p_chunked, p_removed, p_consumed, p_opened, p_closed, p_problems, p_ends,
          p_paused, p_starts, p_posts
        FROM json_to_record(p_more) AS m (cut json, whole json, chunked json, removed json, consumed json, opened json,
          closed json, problems json, ends json, paused json, starts json, posts json);
    END IF;
    ${lockOthers(s)}
    ${check(s)}
    INSERT INTO ${s}.events (execution, seq, kind, body)
      SELECT keys[e.at], e.seq, e.kind, e.body
      FROM unnest(e_at, e_seq, e_kind, e_body) AS e (at, seq, kind, body);
    ${largeEvents(s)}
    ${snapshots(s)}
    IF p_ends IS NOT NULL THEN
      ended := ARRAY(SELECT keys[n.at] FROM json_to_recordset(p_ends) AS n (at integer));
    END IF;
    IF woken THEN
      UPDATE ${s}.executions x SET wake_at = c.wake_at FROM unnest(keys, p_wakes) AS c (key, wake_at)
        WHERE x.key = c.key AND x.wake_at IS DISTINCT FROM c.wake_at AND c.key <> ALL (ended);
    END IF;
    ${callbacks(s)}
    ${ends(s)}
    ${others(s)}
    RETURN NULL;
  END
  $commit$;
`;

/**
 * A commit that leaves messages locks who gets them, so that none is left for one that ends at the same moment. All rows
 * in the order of their keys, as everywhere: two workers whose executions write to each other would else wait for each
 * other until the server notices.
 */
const lockOthers = (s: string): string => `
    IF p_posts IS NOT NULL THEN
      PERFORM 1 FROM ${s}.executions x
        WHERE x.id = ANY (p_ids || ARRAY(SELECT m.execution FROM json_to_recordset(p_posts) AS m (execution text)))
          AND (x.status = 'RUNNING') IS TRUE
        ORDER BY x.key FOR NO KEY UPDATE;
    END IF;`;

/**
 * FOR NO KEY UPDATE: whoever wants an execution waits until this transaction is over, or this one until that is, and then
 * sees its lease. Without it, a commit could slip in behind the check.
 */
const check = (s: string): string => `
    SELECT array_agg(l.key ORDER BY l.at), array_agg(l.at), bool_or(l.wake_at IS DISTINCT FROM l.wakes),
        min(l.at) FILTER (WHERE l.next <> l.last + 1)
      INTO keys, found, woken, bad
      FROM (
        SELECT g.at, g.wakes, g.next, x.key, x.wake_at,
          (SELECT max(v.seq) FROM ${s}.events v WHERE v.execution = x.key) AS last
        FROM unnest(p_ids, p_leases, p_wakes, p_next) WITH ORDINALITY AS g (id, lease, wakes, next, at)
        JOIN ${s}.executions x ON x.id = g.id
        WHERE (x.worker = p_worker) IS TRUE AND (x.lease = g.lease) IS TRUE AND (x.status = 'RUNNING') IS TRUE
        ORDER BY x.key FOR NO KEY UPDATE OF x
      ) l;
    IF found IS NULL OR cardinality(found) < cardinality(p_ids) THEN
      RETURN ARRAY(SELECT i FROM generate_subscripts(p_ids, 1) AS i WHERE i <> ALL (coalesce(found, '{}')));
    END IF;
    IF bad IS NOT NULL THEN
      RAISE EXCEPTION 'conflict' USING ERRCODE = '${REFUSAL.conflict}',
        DETAIL = bad || ' ' || (SELECT max(seq) FROM ${s}.events WHERE execution = keys[bad]);
    END IF;`;

const ends = (s: string): string => `
    IF p_ends IS NOT NULL THEN
      UPDATE ${s}.executions x SET status = n.status, ended_at = n.ended_at, wake_at = NULL, worker = NULL,
          paused = false, expires_at = x.keep_ms + n.ended_at
        FROM json_to_recordset(p_ends) AS n (at integer, status text, ended_at bigint) WHERE x.key = keys[n.at];
      UPDATE ${s}.callbacks SET state = 'CLOSED' WHERE execution = ANY (ended) AND state = 'PENDING';
      DELETE FROM ${s}.inbox WHERE execution = ANY (ended);
      ${dropChunks(s, "unnest(ended) AS w (key)", "w.key")}
      DELETE FROM ${s}.snapshots WHERE execution = ANY (ended);
    END IF;`;

const others = (s: string): string => `
    IF p_problems IS NOT NULL THEN
      UPDATE ${s}.executions x SET worker = NULL, parked_by = right(x.parked_by || p.build || ' ', 2000)
        FROM json_to_recordset(p_problems) AS p (at integer, problem text, build text)
        WHERE x.key = keys[p.at] AND p.problem IS NOT NULL;
    END IF;
    IF p_paused IS NOT NULL THEN
      UPDATE ${s}.executions x SET paused = p.paused
        FROM json_to_recordset(p_paused) AS p (at integer, paused boolean)
        WHERE x.key = keys[p.at] AND x.key <> ALL (ended);
    END IF;
    IF p_starts IS NOT NULL THEN PERFORM ${s}.create_4(p_starts, NULL); END IF;
    IF p_posts IS NOT NULL THEN
      INSERT INTO ${s}.inbox (execution, body)
        SELECT x.key, m.body FROM ROWS FROM (json_to_recordset(p_posts) AS (execution text, body text))
          WITH ORDINALITY AS m (execution, body, nth)
        JOIN ${s}.executions x ON x.id = m.execution AND x.status = 'RUNNING' ORDER BY m.nth;
    END IF;`;

/** Chunks of the batch, and which of them events need. */
const largeEvents = (s: string): string => `
    IF c_at IS NOT NULL THEN
      INSERT INTO ${s}.chunks (execution, hash, body)
        SELECT keys[c.at], c.hash, c.body FROM unnest(c_at, c_hash, c_body) AS c (at, hash, body)
        ON CONFLICT DO NOTHING;
    END IF;
    IF p_cut IS NOT NULL THEN
      UPDATE ${s}.events v SET chunks = c.chunks
        FROM json_to_recordset(p_cut) AS c (at integer, seq integer, chunks text)
        WHERE v.execution = keys[c.at] AND v.seq = c.seq;
      INSERT INTO ${s}.event_chunks AS p (execution, hash, until)
        SELECT keys[c.at], h.hash, max(c.until)
        FROM json_to_recordset(p_cut) AS c (at integer, until integer, chunks text),
          unnest(string_to_array(c.chunks, ' ')) AS h (hash) GROUP BY 1, 2
        ON CONFLICT (execution, hash) DO UPDATE SET until = greatest(p.until, excluded.until);
    END IF;`;

/** Of the snapshots of executions `key`, which `from` says: the chunks that no event needs. */
const dropChunks = (s: string, from: string, key: string): string =>
  `
      DELETE FROM ${s}.chunks c USING ${from}, ${s}.snapshots o, unnest(string_to_array(o.chunks, ' ')) AS h (hash)
        WHERE o.execution = ${key} AND o.body IS NULL AND c.execution = o.execution AND c.hash = h.hash AND NOT EXISTS (
          SELECT 1 FROM ${s}.event_chunks p WHERE p.execution = c.execution AND p.hash = c.hash);`.trim();

/** Whole: the one chunk of a state that most have, overwritten in its row. Chunked: its chunks are in their table. */
const snapshots = (s: string): string => `
    IF p_whole IS NOT NULL THEN
      ${dropChunks(s, "json_to_recordset(p_whole) AS w (at integer)", "keys[w.at]")}
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
    IF p_removed IS NOT NULL THEN
      DELETE FROM ${s}.chunks c USING json_to_recordset(p_removed) AS r (at integer, hash text)
        WHERE c.execution = keys[r.at] AND c.hash = r.hash AND NOT EXISTS (
          SELECT 1 FROM ${s}.event_chunks p WHERE p.execution = c.execution AND p.hash = c.hash);
    END IF;`;

const callbacks = (s: string): string => `
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
