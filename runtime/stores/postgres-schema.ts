import { commitFunction } from "./postgres-function.ts";
import { admitFunction, queueTables } from "./postgres-queues.ts";
import { claimFunction, createFunction, leaseFunctions, leaseTables } from "./postgres-leases-sql.ts";
import { rowSql } from "./postgres-loading.ts";
import { singleFunctions } from "./postgres-single.ts";

/** A numbered change of the schema. The table `version` holds the number of the last one it has had. */
export interface PostgresMigration {
  readonly number: number;
  /** Several statements; `schema` is quoted already. */
  sql(schema: string): string;
}

/**
 * Never changed once published: a new one is added. Functions are those of the last version alone: what earlier ones called
 * is dropped, so that a process of one of them is refused with its first call.
 */
export const POSTGRES_MIGRATIONS: readonly PostgresMigration[] = [
  { number: 1, sql: (schema) => executionTables(schema) + messageTables(schema) },
  { number: 2, sql: (schema) => lives(schema) },
  { number: 3, sql: (schema) => queueTables(schema) + admitFunction(schema) },
  { number: 4, sql: transacted },
  { number: 5, sql: (s) => leaseTables(s) + leaseFunctions(s) },
  {
    number: 6,
    sql: (s) =>
      once(s) + createFunction(s) + claimFunction(s, rowSql(s)) + commitFunction(s) + singleFunctions(s),
  },
];

const EARLIER_FUNCTIONS = [
  "commit_1",
  "commit_2",
  "commit_3",
  "create_at_once",
  "create_2",
  "create_3",
  "claim_3",
];

/**
 * What is large is stored once. Inputs and outcomes are in the first and the last event, and nowhere else (what was being removed
 * had lost its last); large events share chunks with the state, and with each other: see sqlite-chunks.ts.
 */
function once(s: string): string {
  return `
  DROP FUNCTION IF EXISTS ${EARLIER_FUNCTIONS.map((name) => `${s}.${name}`).join(", ")};
  WITH gone AS (DELETE FROM ${s}.executions e WHERE e.expires_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM ${s}.events v WHERE v.execution = e.key
      AND v.seq > 1 AND v.kind IN ('ExecutionSucceeded', 'ExecutionFailed', 'ExecutionStopped', 'ExecutionTimedOut')
      AND v.seq = (SELECT max(w.seq) FROM ${s}.events w WHERE w.execution = e.key)) RETURNING e.key),
    events AS (DELETE FROM ${s}.events v USING gone WHERE v.execution = gone.key),
    transacted AS (DELETE FROM ${s}.transacted t USING gone WHERE t.execution = gone.key)
    DELETE FROM ${s}.callbacks c USING gone WHERE c.execution = gone.key;
  DROP TABLE ${s}.inputs, ${s}.outcomes;

  -- Of a large event: hashes with spaces between. The text of these chunks comes after its body.
  ALTER TABLE ${s}.events ADD COLUMN chunks text COLLATE "C";
  -- Chunks that events need. Until: the last event that does, with which it may go; for those of the first event, none.
  CREATE TABLE ${s}.event_chunks (
    execution bigint NOT NULL,
    hash text COLLATE "C" NOT NULL,
    until integer NOT NULL,
    PRIMARY KEY (execution, hash)
  );
`;
}

/** Steps that are transactions: what was recorded of each, written in its own transaction. */
function transacted(s: string): string {
  return `
  CREATE TABLE ${s}.transacted (
    execution bigint NOT NULL,
    op text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (execution, op)
  );
`;
}

/** Executions that others invoke, that are found by tags, paused, and removed some time after their end. */
const lives = (s: string): string => `
  ALTER TABLE ${s}.executions ADD COLUMN parent text COLLATE "C", ADD COLUMN paused boolean NOT NULL DEFAULT false,
    ADD COLUMN keep_ms bigint, ADD COLUMN expires_at bigint, ADD COLUMN tags jsonb;
  CREATE INDEX executions_expiring ON ${s}.executions (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX executions_parent ON ${s}.executions (parent) WHERE parent IS NOT NULL;
  CREATE INDEX executions_tags ON ${s}.executions USING gin (tags jsonb_path_ops) WHERE tags IS NOT NULL;
  -- Of all states: removing an execution would else look at every callback there is.
  DROP INDEX ${s}.callbacks_pending;
  CREATE INDEX callbacks_execution ON ${s}.callbacks (execution);
`;

/**
 * As in SQLite, what is rewritten often is small and apart from what is large and written once: an UPDATE writes its
 * whole row anew. A step that finishes writes one row of events and nothing else: the journal's end is read from its
 * primary key, so the row of the execution is touched only when its wake time changes.
 *
 * No foreign keys: they would lock the execution's row with every message and event, and keys come from a row that was
 * read in the same statement. Text compares by bytes ("C"): ids are equal or not, whatever language the server speaks.
 */
const executionTables = (s: string): string => `
  CREATE TABLE ${s}.executions (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    function text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL DEFAULT 'RUNNING',
    problem text,
    created_at bigint NOT NULL,
    ended_at bigint,
    wake_at bigint
  );
  -- Only what a worker may have to wake: a million finished executions cost it nothing.
  CREATE INDEX executions_due ON ${s}.executions (wake_at, key)
    WHERE status = 'RUNNING' AND problem IS NULL AND wake_at IS NOT NULL;
  CREATE INDEX executions_parked ON ${s}.executions (key) WHERE problem IS NOT NULL;
  CREATE INDEX executions_status ON ${s}.executions (status, key);

  CREATE TABLE ${s}.inputs (execution bigint PRIMARY KEY, body text NOT NULL);
  CREATE TABLE ${s}.outcomes (execution bigint PRIMARY KEY, result text, error text);

  CREATE TABLE ${s}.events (
    execution bigint NOT NULL,
    seq integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (execution, seq)
  );

  -- One chunk: hash in "chunks", text in "body". Several: hashes with spaces between, text in the table chunks.
  CREATE TABLE ${s}.snapshots (
    execution bigint PRIMARY KEY,
    seq integer NOT NULL,
    chunks text COLLATE "C" NOT NULL,
    body text
  );
  CREATE TABLE ${s}.chunks (
    execution bigint NOT NULL,
    hash text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (execution, hash)
  );
`;

const messageTables = (s: string): string => `
  CREATE TABLE ${s}.callbacks (
    id text COLLATE "C" PRIMARY KEY,
    execution bigint NOT NULL,
    op text NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'PENDING',
    timeout_at bigint,
    heartbeat_ms bigint,
    heartbeat_at bigint NOT NULL,
    settled_at bigint
  );
  CREATE INDEX callbacks_pending ON ${s}.callbacks (execution) WHERE state = 'PENDING';

  CREATE TABLE ${s}.inbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution bigint NOT NULL,
    body text NOT NULL
  );
  CREATE INDEX inbox_execution ON ${s}.inbox (execution, number);

  -- One row. The epoch stays when the owner leaves, so that it never repeats.
  CREATE TABLE ${s}.owner (
    one boolean PRIMARY KEY CHECK (one),
    epoch bigint NOT NULL,
    id text,
    pid bigint,
    host text,
    heartbeat_at bigint
  );
  INSERT INTO ${s}.owner (one, epoch) VALUES (true, 0);
`;
