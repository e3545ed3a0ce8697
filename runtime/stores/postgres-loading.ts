import { toExecution } from "./columns.ts";
import { StoreCorruptError } from "../errors.ts";
import type { Row } from "./postgres-connection.ts";
import type { ExecutionRow, LoadedExecution, StoredEvent, StoredSnapshot } from "./store.ts";

/** All columns of an execution; ends before a WHERE. */
export const rowSql = (s: string): string => `
  SELECT e.id, e.function, e.status, e.problem, e.created_at, e.ended_at, e.wake_at, e.parent, e.queue, e.tags, e.paused,
    e.expires_at, (SELECT max(seq) FROM ${s}.events WHERE execution = e.key) AS last_seq
  FROM ${s}.executions e`;

/** From rows that say in `part` what they are a part of. Null: there is no execution among them. */
export function toLoaded(execution: string, parts: readonly Row[], store: string): LoadedExecution | null {
  const of = (part: string): readonly Row[] => parts.filter((row) => row.part === part);
  const [found] = of("execution");
  if (found === undefined) return null;
  const row = toRow(JSON.parse(found.body as string) as Row);
  if (row.status !== "RUNNING") return { row, snapshot: null, chunks: [], tail: [], messages: [] };
  const messages = of("message").map(({ number, body }) => ({
    number: number as number,
    execution,
    body: body as string,
  }));
  const bodies = new Map(of("chunk").map(({ name, body }) => [name as string, body as string]));
  const join: Join = (chunks, of) =>
    chunks.map((hash) => bodies.get(hash) ?? missing(hash, of, store)).join("");
  const cut = new Map(of("cut").map(({ number, name }) => [number, toHashes(name)]));
  const tail = of("event").map(({ number, name, body }): StoredEvent => {
    const event = { seq: number as number, kind: name as string, body: body as string };
    const chunks = cut.get(number);
    return chunks === undefined
      ? event
      : { ...event, body: event.body + join(chunks, `event ${event.seq}`), chunks };
  });
  return { row, ...toSnapshot(of("snapshot")[0], join), tail, messages };
}

type Join = (chunks: readonly string[], of: string) => string;

function toHashes(column: unknown): readonly string[] {
  return column === "" ? [] : (column as string).split(" ");
}

function toSnapshot(
  found: Row | undefined,
  join: Join,
): { readonly snapshot: StoredSnapshot | null; readonly chunks: readonly string[] } {
  if (found === undefined) return { snapshot: null, chunks: [] };
  const seq = found.number as number;
  const chunks = toHashes(found.name);
  return { snapshot: { seq, body: (found.body as string | null) ?? join(chunks, "a snapshot") }, chunks };
}

function missing(hash: string, of: string, store: string): never {
  throw new StoreCorruptError(
    `The store ${store} is damaged: chunk ${hash} of ${of} is missing. Restore a backup.`,
  );
}

/** From the columns seq, kind, body, chunks, and rest: the text of the chunks, null if one is missing. */
export function toEvent({ seq, kind, body, chunks: column, rest }: Row, store: string): StoredEvent {
  const event = { seq: seq as number, kind: kind as string, body: body as string };
  if (column === null) return event;
  const chunks = toHashes(column);
  if (rest === null && chunks.length > 0)
    throw new StoreCorruptError(
      `The store ${store} is damaged: chunks of event ${event.seq} are missing. Restore a backup.`,
    );
  return { ...event, body: event.body + ((rest as string | null) ?? ""), chunks };
}

export function toRow(row: Row): ExecutionRow {
  const tags = (row.tags as ExecutionRow["tags"] | null) ?? {};
  return { ...toExecution(row), tags, paused: row.paused === true };
}
