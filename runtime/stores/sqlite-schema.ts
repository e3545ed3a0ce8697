import type { DatabaseSync } from "node:sqlite";

/** Marks a file as ours: "durc". */
export const APPLICATION_ID = 0x64757263;

/** A numbered change of the schema. A file's `user_version` is the number of the last one it has had. */
export interface Migration {
  readonly number: number;
  apply(database: DatabaseSync): void;
}

/** Never changed once published: a new one is added. */
export const MIGRATIONS: readonly Migration[] = [
  { number: 1, apply: (database) => database.exec(SCHEMA_1) },
  { number: 2, apply: (database) => database.exec(SCHEMA_2) },
  { number: 3, apply: (database) => database.exec(SCHEMA_3) },
  { number: 4, apply: (database) => database.exec(SCHEMA_4) },
  { number: 5, apply: (database) => database.exec(ENDED) },
  { number: 6, apply: (database) => database.exec(PARKED) },
  { number: 7, apply: (database) => database.exec(ONCE) },
];

/**
 * What is large is stored once. Inputs and outcomes are in the first and the last event, and nowhere else (what was being removed
 * had lost its first); large events share chunks with the state, and with each other.
 */
const ONCE = `
  DELETE FROM executions WHERE expires_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM events WHERE execution = key AND seq = 1);
  DELETE FROM events WHERE execution NOT IN (SELECT key FROM executions);
  DROP TABLE inputs;
  DROP TABLE outcomes;

  -- Of a large event: hashes with spaces between. The text of these chunks comes after its body.
  ALTER TABLE events ADD COLUMN chunks TEXT;

  -- What snapshots and large events are made of. With an index, not by execution and hash: there, every second piece ended
  -- in a page that was half empty (measured: 1.39 bytes for each of the text, 1.17 so).
  ALTER TABLE chunks RENAME TO old_chunks;
  CREATE TABLE chunks (
    execution INTEGER NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (execution, hash)
  ) STRICT;
  INSERT INTO chunks SELECT * FROM old_chunks;
  DROP TABLE old_chunks;

  -- Chunks that events need. Until: the last event that does, with which it may go; for those of the first event, none.
  CREATE TABLE event_chunks (
    execution INTEGER NOT NULL,
    hash TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (execution, hash)
  ) STRICT, WITHOUT ROWID;
`;

/** Which builds have parked an execution: others try it again. */
const PARKED = "ALTER TABLE executions ADD COLUMN parked_by TEXT NOT NULL DEFAULT ''";

/**
 * For counting by function (`durablec top`): half a million that have ended are counted in 50 ms, and in 1.7 s without it,
 * as SQLite would sort them. Written to when an execution ends, and with no step.
 */
const ENDED = `
  CREATE INDEX executions_ended ON executions (function, status) WHERE status <> 'RUNNING';
`;

/** Queues: see sqlite-queues.ts. */
const SCHEMA_3 = `
  ALTER TABLE executions ADD COLUMN queue TEXT;
  CREATE INDEX executions_queue ON executions (queue) WHERE queue IS NOT NULL;

  CREATE TABLE queues (
    name TEXT PRIMARY KEY,
    -- The highest of those that were admitted.
    turn INTEGER NOT NULL,
    -- The limit by which places were set behind.
    per_key INTEGER
  ) STRICT, WITHOUT ROWID;

  -- Of executions that have not ended. Lane: the key, or the empty text.
  CREATE TABLE queue_places (
    execution INTEGER PRIMARY KEY REFERENCES executions (key) ON DELETE CASCADE,
    queue TEXT NOT NULL,
    lane TEXT NOT NULL,
    priority INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    state INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX queue_places_order ON queue_places (queue, state, priority DESC, turn, execution);
  CREATE INDEX queue_places_lane ON queue_places (queue, lane, state, priority DESC, turn, execution);
  CREATE INDEX queue_places_turn ON queue_places (queue, lane, turn);

  -- Keys of which one has ended since the last admission.
  CREATE TABLE queue_freed (number INTEGER PRIMARY KEY, queue TEXT NOT NULL, lane TEXT NOT NULL) STRICT;
  CREATE INDEX queue_freed_queue ON queue_freed (queue, number);

  CREATE TABLE queue_rates (queue TEXT NOT NULL, at INTEGER NOT NULL, amount INTEGER NOT NULL) STRICT;
  CREATE INDEX queue_rates_at ON queue_rates (queue, at);
`;

/** Steps that are transactions: what was recorded of each, written in its own transaction. */
const SCHEMA_4 = `
  CREATE TABLE transacted (
    execution INTEGER NOT NULL REFERENCES executions (key) ON DELETE CASCADE,
    op TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (execution, op)
  ) STRICT, WITHOUT ROWID;
`;

/** Executions that others invoke, that are found by tags, paused, and removed some time after their end. */
const SCHEMA_2 = `
  ALTER TABLE executions ADD COLUMN parent TEXT;
  ALTER TABLE executions ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE executions ADD COLUMN keep_ms INTEGER;
  ALTER TABLE executions ADD COLUMN expires_at INTEGER;
  -- As they are shown, beside the table they are found by.
  ALTER TABLE executions ADD COLUMN tags TEXT;
  CREATE INDEX executions_expiring ON executions (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX executions_parent ON executions (parent) WHERE parent IS NOT NULL;

  CREATE TABLE tags (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    execution INTEGER NOT NULL REFERENCES executions (key) ON DELETE CASCADE,
    PRIMARY KEY (name, value, execution)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_execution ON tags (execution);

  -- Of all states: removing an execution would else look at every callback there is.
  DROP INDEX callbacks_pending;
  CREATE INDEX callbacks_execution ON callbacks (execution);
`;

/**
 * What is rewritten often is small and apart from what is large and written once: an UPDATE rewrites its whole row.
 * Rows of one execution share its `key`, so that no id is stored with each event.
 */
const SCHEMA_1 = `
  CREATE TABLE executions (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    function TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'RUNNING',
    problem TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    wake_at INTEGER
  ) STRICT;
  -- Only what a worker may have to wake: a million finished executions cost it nothing.
  CREATE INDEX executions_due ON executions (wake_at)
    WHERE status = 'RUNNING' AND problem IS NULL AND wake_at IS NOT NULL;
  CREATE INDEX executions_parked ON executions (key) WHERE problem IS NOT NULL;
  CREATE INDEX executions_status ON executions (status);

  CREATE TABLE inputs (
    execution INTEGER PRIMARY KEY REFERENCES executions (key) ON DELETE CASCADE,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE outcomes (
    execution INTEGER PRIMARY KEY REFERENCES executions (key) ON DELETE CASCADE,
    result TEXT,
    error TEXT
  ) STRICT;

  -- In the order of writing, with an index, not by execution: a hundred executions that take a step at the same moment
  -- then write to one end of one table instead of to a hundred pages (measured: half the time for each event).
  -- No foreign keys here and in the next two tables, which are written with every step: they cost half a microsecond
  -- a row, and the key comes from a row that was read in the same transaction or kept since.
  CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_execution ON events (execution, seq);

  -- One chunk: hash in "chunks", text in "body". Several: hashes with spaces between, text in the table chunks.
  CREATE TABLE snapshots (
    execution INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    chunks TEXT NOT NULL,
    body TEXT
  ) STRICT;

  CREATE TABLE chunks (
    execution INTEGER NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (execution, hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE callbacks (
    id TEXT PRIMARY KEY,
    execution INTEGER NOT NULL REFERENCES executions (key) ON DELETE CASCADE,
    op TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'PENDING',
    timeout_at INTEGER,
    heartbeat_ms INTEGER,
    heartbeat_at INTEGER NOT NULL,
    settled_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX callbacks_pending ON callbacks (execution) WHERE state = 'PENDING';

  -- AUTOINCREMENT: a number that was consumed never comes again.
  CREATE TABLE inbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    execution INTEGER NOT NULL REFERENCES executions (key) ON DELETE CASCADE,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX inbox_execution ON inbox (execution);

  -- One row. The epoch stays when the owner leaves, so that it never repeats.
  CREATE TABLE owner (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    id TEXT,
    pid INTEGER,
    host TEXT,
    heartbeat_at INTEGER
  ) STRICT;
  INSERT INTO owner (one, epoch) VALUES (1, 0);
`;
