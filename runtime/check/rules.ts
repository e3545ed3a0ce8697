/** What has to be true of the rows of a store, as questions for those that break it. */

export interface Rule {
  /** Gives the ids of executions (`id`) and what is wrong (`what`, or the rule's). Null ids: no execution has it. */
  readonly sql: string;
  readonly what?: string;
}

const PARTS = [
  "events",
  "snapshots",
  "chunks",
  "event_chunks",
  "event_chunks",
  "callbacks",
  "inbox",
  "transacted",
  "queue_places",
];

/** `s`: what stands before the name of each table. */
export function rules(s: string): readonly Rule[] {
  const where = (condition: string, what: string): Rule => ({
    sql: `SELECT e.id FROM ${s}executions e WHERE ${condition}`,
    what,
  });
  const has = (table: string, more = ""): string =>
    `EXISTS (SELECT 1 FROM ${s}${table} p WHERE p.execution = e.key ${more})`;
  const running = "e.status = 'RUNNING'";
  return [
    ...journal(s),
    ...PARTS.map((table) => ({
      sql: `SELECT DISTINCT NULL AS id FROM ${s}${table} p WHERE NOT EXISTS (SELECT 1 FROM ${s}executions e WHERE e.key = p.execution)`,
      what: `the table ${table} has rows of executions that are not there`,
    })),
    where(`e.status NOT IN ('RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'STOPPED')`, "its status is none"),
    where(`${running} AND e.ended_at IS NOT NULL`, "it runs, and has a time of its end"),
    where(`NOT ${running} AND e.ended_at IS NULL`, "it has ended, and nobody knows when"),
    where(`NOT ${running} AND e.wake_at IS NOT NULL`, "it has ended, and has a time to wake"),
    where(`NOT ${running} AND ${has("snapshots")}`, "it has ended, and has a state"),
    where(
      `NOT ${has("snapshots")} AND ${has("chunks", `AND NOT EXISTS (SELECT 1 FROM ${s}event_chunks q WHERE q.execution = p.execution AND q.hash = p.hash)`)}`,
      "it has chunks that no event needs, and no state",
    ),
    where(`NOT ${running} AND ${has("inbox")}`, "it has ended, and has messages"),
    where(
      `NOT ${running} AND ${has("callbacks", "AND p.state = 'PENDING'")}`,
      "it has ended, and a callback waits",
    ),
    {
      sql: `SELECT NULL AS id WHERE (SELECT count(*) FROM ${s}owner) <> 1`,
      what: "the table owner does not have one row",
    },
  ];
}

function journal(s: string): readonly Rule[] {
  const last = `(SELECT v.kind FROM ${s}events v WHERE v.execution = e.key ORDER BY v.seq DESC LIMIT 1)`;
  const ends = [
    ["SUCCEEDED", "Succeeded"],
    ["FAILED", "Failed"],
    ["TIMED_OUT", "TimedOut"],
    ["STOPPED", "Stopped"],
  ];
  // A journal may be trimmed behind its first event, as far as the state reaches; what is being removed loses all but the ends.
  const second = "min(CASE WHEN v.seq > 1 THEN v.seq END)";
  const state = `coalesce((SELECT p.seq FROM ${s}snapshots p WHERE p.execution = e.key), 0)`;
  const fits = ends
    .map(([status, kind]) => `(e.status = '${status}' AND ${last} = 'Execution${kind}')`)
    .join(" OR ");
  return [
    {
      sql: `SELECT e.id, 'its journal has ' || count(v.seq) || ' events, from ' || min(v.seq) || ' to ' || max(v.seq) AS what
        FROM ${s}executions e JOIN ${s}events v ON v.execution = e.key
        GROUP BY e.key, e.id, e.status
        HAVING min(v.seq) <> 1 OR (count(v.seq) > 1 AND max(v.seq) - ${second} + 2 <> count(v.seq))
          OR (e.status = 'RUNNING' AND ${second} > 2 AND ${second} > ${state} + 1)`,
    },
    {
      sql: `SELECT e.id FROM ${s}executions e
        WHERE NOT EXISTS (SELECT 1 FROM ${s}events v WHERE v.execution = e.key AND v.seq = 1 AND v.kind = 'ExecutionStarted')`,
      what: "its journal does not begin with ExecutionStarted",
    },
    {
      sql: `SELECT e.id FROM ${s}executions e WHERE e.status <> 'RUNNING' AND NOT (${fits})`,
      what: "it has ended, and its journal ends otherwise",
    },
    {
      sql: `SELECT e.id FROM ${s}executions e WHERE e.status = 'RUNNING'
        AND ${last} IN (${ends.map(([, kind]) => `'Execution${kind}'`).join(", ")})`,
      what: "it runs, and its journal has ended",
    },
    {
      sql: `SELECT e.id FROM ${s}executions e JOIN ${s}snapshots p ON p.execution = e.key
        WHERE p.seq > (SELECT max(v.seq) FROM ${s}events v WHERE v.execution = e.key)`,
      what: "its state is newer than its journal",
    },
  ];
}
