import type { PostgresConnection, Statement } from "./postgres-connection.ts";
import { ADMITTED_MESSAGE } from "./rows.ts";
import type { AdmissionMoment, Admitted, QueueLimits } from "./store.ts";

/** Lets executions leave queues. How their places are ordered: sqlite-queues.ts. */
export class PostgresQueues {
  private readonly connection: PostgresConnection;
  private readonly statement: Statement;

  constructor(connection: PostgresConnection) {
    this.connection = connection;
    const text = `SELECT admitted, again FROM ${connection.schema}.admit_1($1, $2, $3, $4, $5, $6, $7, $8)`;
    this.statement = { name: "admit", text };
  }

  async admit(queue: QueueLimits, { now, limit }: AdmissionMoment): Promise<Admitted> {
    const { name, concurrency, perKey, rate } = queue;
    const values = [name, concurrency, perKey, rate?.count ?? null, rate?.perMs ?? null, now, limit];
    const [row] = await this.connection.query(this.statement, [...values, ADMITTED_MESSAGE]);
    return { executions: row!.admitted as string[], again: row!.again as number | null };
  }
}

/**
 * A place becomes free by a trigger, whichever version's function ends the execution. It only notes the key: were it to
 * bring the next one forward itself, an admission that goes on at the same moment might just be setting that one behind.
 * Admissions of a queue come one after the other, under an advisory lock.
 */
export const queueTables = (s: string): string => `
  ALTER TABLE ${s}.executions ADD COLUMN queue text COLLATE "C";
  CREATE INDEX executions_queue ON ${s}.executions (queue, key) WHERE queue IS NOT NULL;

  CREATE TABLE ${s}.queues (name text COLLATE "C" PRIMARY KEY, turn bigint NOT NULL, per_key integer);
  -- Of executions that have not ended. State: 0 behind another of its key, 1 waiting, 2 admitted.
  CREATE TABLE ${s}.queue_places (
    execution bigint PRIMARY KEY,
    queue text COLLATE "C" NOT NULL,
    lane text COLLATE "C" NOT NULL,
    priority integer NOT NULL,
    turn bigint NOT NULL,
    state smallint NOT NULL
  );
  CREATE INDEX queue_places_order ON ${s}.queue_places (queue, state, priority DESC, turn, execution);
  CREATE INDEX queue_places_lane ON ${s}.queue_places (queue, lane, state, priority DESC, turn, execution);
  CREATE INDEX queue_places_turn ON ${s}.queue_places (queue, lane, turn);
  CREATE TABLE ${s}.queue_freed (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text COLLATE "C" NOT NULL,
    lane text COLLATE "C" NOT NULL
  );
  CREATE INDEX queue_freed_queue ON ${s}.queue_freed (queue, number);
  CREATE TABLE ${s}.queue_rates (queue text COLLATE "C" NOT NULL, at bigint NOT NULL, amount integer NOT NULL);
  CREATE INDEX queue_rates_at ON ${s}.queue_rates (queue, at);

  CREATE FUNCTION ${s}.leave_queue() RETURNS trigger LANGUAGE plpgsql AS $leave$
  BEGIN
    WITH place AS (DELETE FROM ${s}.queue_places WHERE execution = NEW.key RETURNING queue, lane, state)
    INSERT INTO ${s}.queue_freed (queue, lane) SELECT queue, lane FROM place WHERE state <> 0 AND lane <> '';
    RETURN NULL;
  END
  $leave$;
  CREATE TRIGGER leave_queue AFTER UPDATE OF status ON ${s}.executions FOR EACH ROW
    WHEN (OLD.status = 'RUNNING' AND NEW.status <> 'RUNNING' AND NEW.queue IS NOT NULL)
    EXECUTE FUNCTION ${s}.leave_queue();
`;

/** Places that one call changes beside those it admits. */
const PASSED_MAX = 1_000;

export const admitFunction = (s: string): string => `
  CREATE FUNCTION ${s}.admit_1(
    p_queue text, p_concurrency integer, p_per_key integer, p_rate_count integer, p_rate_ms bigint, p_now bigint,
    p_limit integer, p_message text, OUT admitted text[], OUT again bigint
  ) LANGUAGE plpgsql AS $admit$
  DECLARE
    known integer;
    changed integer;
    cut boolean := false;
    allowed bigint;
    first_at bigint := p_now;
    room bigint := p_limit;
    passed integer := 0;
    freed record;
    place record;
  BEGIN
    admitted := '{}';
    PERFORM pg_advisory_xact_lock(hashtextextended('durablec queue ${s.replaceAll("'", "''")} ' || p_queue, 0));
    INSERT INTO ${s}.queues (name, turn, per_key) VALUES (p_queue, 0, p_per_key) ON CONFLICT (name) DO NOTHING;
    SELECT per_key INTO known FROM ${s}.queues WHERE name = p_queue;
    IF known IS NOT NULL AND (p_per_key IS NULL OR p_per_key > known) THEN
      UPDATE ${s}.queue_places SET state = 1 WHERE execution IN (
        SELECT execution FROM ${s}.queue_places WHERE queue = p_queue AND state = 0 LIMIT ${PASSED_MAX});
      GET DIAGNOSTICS changed = ROW_COUNT;
      cut := changed = ${PASSED_MAX};
    END IF;
    IF NOT cut AND known IS DISTINCT FROM p_per_key THEN
      UPDATE ${s}.queues SET per_key = p_per_key WHERE name = p_queue;
    END IF;

    changed := 0;
    FOR freed IN DELETE FROM ${s}.queue_freed WHERE number IN (
      SELECT number FROM ${s}.queue_freed WHERE queue = p_queue ORDER BY number LIMIT ${PASSED_MAX}) RETURNING lane
    LOOP
      UPDATE ${s}.queue_places SET state = 1 WHERE execution = (
        SELECT execution FROM ${s}.queue_places WHERE queue = p_queue AND lane = freed.lane AND state = 0
        ORDER BY priority DESC, turn, execution LIMIT 1);
      changed := changed + 1;
    END LOOP;
    cut := cut OR changed = ${PASSED_MAX};

    IF p_concurrency IS NOT NULL THEN
      SELECT least(room, p_concurrency - count(*)) INTO room FROM (
        SELECT 1 FROM ${s}.queue_places WHERE queue = p_queue AND state = 2 LIMIT p_concurrency) AS under_way;
    END IF;
    IF p_rate_count IS NOT NULL THEN
      -- What the future holds was written before a clock was set back.
      DELETE FROM ${s}.queue_rates WHERE queue = p_queue AND (at <= p_now - p_rate_ms OR at > p_now);
      SELECT greatest(p_rate_count - coalesce(sum(amount), 0), 0), coalesce(min(at), p_now) INTO allowed, first_at
        FROM ${s}.queue_rates WHERE queue = p_queue;
      room := least(room, allowed);
    END IF;

${admitLoop(s)}
    IF p_rate_count IS NOT NULL AND cardinality(admitted) > 0 THEN
      INSERT INTO ${s}.queue_rates (queue, at, amount) VALUES (p_queue, p_now, cardinality(admitted));
    END IF;
    again := CASE
      WHEN cut OR passed = ${PASSED_MAX} OR cardinality(admitted) = p_limit THEN p_now
      WHEN p_rate_count IS NOT NULL AND cardinality(admitted) >= allowed THEN first_at + p_rate_ms
    END;
  END
  $admit$;
`;

/** From the first place to the last there is room for. */
const admitLoop = (s: string): string => `
    WHILE cardinality(admitted) < room AND passed < ${PASSED_MAX} LOOP
      SELECT q.execution, q.lane, q.turn INTO place FROM ${s}.queue_places q WHERE q.queue = p_queue AND q.state = 1
        ORDER BY q.priority DESC, q.turn, q.execution LIMIT 1;
      EXIT WHEN NOT FOUND;
      IF p_per_key IS NOT NULL AND place.lane <> '' AND p_per_key <= (
        SELECT count(*) FROM (SELECT 1 FROM ${s}.queue_places
          WHERE queue = p_queue AND lane = place.lane AND state = 2 LIMIT p_per_key) AS of_key) THEN
        UPDATE ${s}.queue_places SET state = 0 WHERE execution = place.execution;
        passed := passed + 1;
        CONTINUE;
      END IF;
      UPDATE ${s}.queue_places SET state = 2 WHERE execution = place.execution;
      -- It may just have ended.
      CONTINUE WHEN NOT FOUND;
      INSERT INTO ${s}.inbox (execution, body) VALUES (place.execution, p_message);
      UPDATE ${s}.queues SET turn = greatest(turn, place.turn) WHERE name = p_queue;
      admitted := admitted || (SELECT id FROM ${s}.executions WHERE key = place.execution);
    END LOOP;
`;
