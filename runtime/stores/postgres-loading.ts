import { toExecution } from "./columns.ts";
import { StoreCorruptError } from "../errors.ts";
import type { Row } from "./postgres-connection.ts";
import type { ExecutionRow, LoadedExecution, StoredSnapshot } from "./store.ts";

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
  const tail = of("event").map(({ number, name, body }) => ({
    seq: number as number,
    kind: name as string,
    body: body as string,
  }));
  return { row, ...toSnapshot(of("snapshot")[0], of("chunk"), store), tail, messages };
}

function toSnapshot(
  found: Row | undefined,
  parts: readonly Row[],
  store: string,
): { readonly snapshot: StoredSnapshot | null; readonly chunks: readonly string[] } {
  if (found === undefined) return { snapshot: null, chunks: [] };
  const seq = found.number as number;
  const chunks = found.name === "" ? [] : (found.name as string).split(" ");
  if (found.body !== null) return { snapshot: { seq, body: found.body as string }, chunks };
  const bodies = new Map(parts.map(({ name, body }) => [name as string, body as string]));
  const body = chunks.map((hash) => bodies.get(hash) ?? missing(hash, store)).join("");
  return { snapshot: { seq, body }, chunks };
}

function missing(hash: string, store: string): never {
  throw new StoreCorruptError(
    `The store ${store} is damaged: chunk ${hash} of a snapshot is missing. Restore a backup.`,
  );
}

export function toRow(row: Row): ExecutionRow {
  const tags = (row.tags as ExecutionRow["tags"] | null) ?? {};
  return { ...toExecution(row), tags, paused: row.paused === true };
}
