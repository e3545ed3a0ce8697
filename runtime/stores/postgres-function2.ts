/**
 * Around `commit_1`: what executions do to others in the same transaction, their pauses, and when they may be removed. A
 * function of its own, because most batches have nothing of it, and a worker of the version before calls the first one.
 */
export const commitFunction2 = (s: string): string => `
  CREATE FUNCTION ${s}.commit_2(
    p_epoch bigint, p_ids text[], p_wakes bigint[], p_next integer[],
    e_at integer[], e_seq integer[], e_kind text[], e_body text[],
    p_whole json, p_chunked json, p_added json, p_removed json, p_consumed json,
    p_opened json, p_closed json, p_problems json, p_ends json,
    p_paused json, p_starts json, p_posts json
  ) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $commit$
  BEGIN
    PERFORM ${s}.commit_1(p_epoch, p_ids, p_wakes, p_next, e_at, e_seq, e_kind, e_body, p_whole, p_chunked, p_added,
      p_removed, p_consumed, p_opened, p_closed, p_problems, p_ends);
    IF p_paused IS NOT NULL THEN
      UPDATE ${s}.executions x SET paused = p.paused
        FROM json_to_recordset(p_paused) AS p (at integer, paused boolean) WHERE x.id = p_ids[p.at];
    END IF;
    IF p_ends IS NOT NULL THEN
      UPDATE ${s}.executions x SET expires_at = x.keep_ms + n.ended_at, paused = false
        FROM json_to_recordset(p_ends) AS n (at integer, ended_at bigint)
        WHERE x.id = p_ids[n.at] AND (x.keep_ms IS NOT NULL OR x.paused);
    END IF;
    IF p_starts IS NOT NULL THEN PERFORM ${s}.create_2(p_starts); END IF;
    IF p_posts IS NOT NULL THEN
      -- FOR SHARE: an end that is being committed is waited for, so that no message is left for an ended execution.
      INSERT INTO ${s}.inbox (execution, body)
        SELECT x.key, m.body FROM ROWS FROM (json_to_recordset(p_posts) AS (execution text, body text))
          WITH ORDINALITY AS m (execution, body, nth)
        JOIN ${s}.executions x ON x.id = m.execution AND x.status = 'RUNNING' ORDER BY m.nth FOR SHARE OF x;
    END IF;
  END
  $commit$;

  CREATE FUNCTION ${s}.create_2(p_new json) RETURNS SETOF text LANGUAGE plpgsql AS $create$
  DECLARE
    n json;
    made bigint;
  BEGIN
    FOR n IN SELECT value FROM json_array_elements(p_new) LOOP
      made := NULL;
      INSERT INTO ${s}.executions (id, function, created_at, wake_at, parent, keep_ms, tags)
        VALUES (n ->> 'id', n ->> 'function', (n ->> 'created_at')::bigint, (n ->> 'created_at')::bigint,
          n ->> 'parent', (n ->> 'keep_ms')::bigint, (n ->> 'tags')::jsonb)
        ON CONFLICT (id) DO NOTHING RETURNING key INTO made;
      CONTINUE WHEN made IS NULL;
      INSERT INTO ${s}.inputs (execution, body) VALUES (made, n ->> 'input');
      INSERT INTO ${s}.events (execution, seq, kind, body)
        SELECT made, v.seq, v.kind, v.body
        FROM json_to_recordset(n -> 'events') AS v (seq integer, kind text, body text);
      INSERT INTO ${s}.callbacks (id, execution, op, timeout_at, heartbeat_ms, heartbeat_at)
        SELECT o.id, made, o.op, o.timeout_at, o.heartbeat_ms, o.heartbeat_at
        FROM json_to_recordset(n -> 'opened')
          AS o (id text, op text, timeout_at bigint, heartbeat_ms bigint, heartbeat_at bigint);
      RETURN NEXT n ->> 'id';
    END LOOP;
  END
  $create$;
`;
