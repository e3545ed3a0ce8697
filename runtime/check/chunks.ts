/** Whether states and large events are made of what they say, and nothing else is kept for them. */
import { DecryptionError } from "../errors.ts";
import { chunkField, Sealing } from "../stores/encrypted.ts";
import { isSealed } from "../stores/keyring.ts";
import { hashOf } from "../values/chunks.ts";
import type { Finding } from "./checkStore.ts";
import type { Row } from "./tables.ts";
import { readText, rowsOf } from "./reading.ts";
import type { Parts, Read } from "./reading.ts";

export async function* checkStates(parts: Parts): AsyncGenerator<Finding> {
  const place = { table: "snapshots", column: "chunks", key: ["execution"], beside: ["body"] };
  for await (const { id, execution, text, body } of rowsOf(parts.tables, place)) {
    const names = toNames(text);
    const whole = typeof body === "string" ? new Map([[names[0] ?? "", { body, until: null }]]) : null;
    const found = whole ?? (await readChunks(parts, execution as number, names));
    for (const what of wrongChunks(parts, { id: id as string, names, found, of: "state" }))
      yield { execution: id as string, what };
    const own = [...found.values()].filter(({ until }) => whole === null && until === null).length;
    const extra = (await countUnpinned(parts, execution as number)) - own;
    if (extra > 0)
      yield { execution: id as string, what: `${extra} chunks of it belong to no state and no event` };
  }
}

/** Its text, or what is wrong with its chunks. */
export async function readLargeEvent(parts: Parts, event: Row): Promise<Read> {
  const { id, execution, seq, kind, text } = event;
  const names = toNames(event.chunks);
  const found = await readChunks(parts, execution as number, names);
  const [wrong] = wrongChunks(parts, { id: id as string, names, found, of: `event ${String(seq)}` });
  if (wrong !== undefined) return { text: null, wrong };
  const free = names.find((name) => (found.get(name)?.until ?? 0) < (seq as number));
  if (free !== undefined)
    return { text: null, wrong: `chunk ${free} of its event ${String(seq)} may go before the event does` };
  const body = String(text) + names.map((name) => found.get(name)?.body ?? "").join("");
  if (!isSealed(String(text))) return { text: body, wrong: null };
  if (parts.keyring === null) return { text: null, wrong: null };
  try {
    const stored = { seq: seq as number, kind: kind as string, body, chunks: names };
    return { text: new Sealing(parts.keyring).openEvent(id as string, stored).body, wrong: null };
  } catch (error) {
    if (error instanceof DecryptionError) return { text: null, wrong: error.message };
    throw error;
  }
}

interface Chunk {
  readonly body: string;
  /** The event it may go with; null: no event needs it. */
  readonly until: number | null;
}

interface Made {
  readonly id: string;
  readonly names: readonly string[];
  readonly found: ReadonlyMap<string, Chunk>;
  /** What they are chunks of. */
  readonly of: string;
}

function* wrongChunks(parts: Parts, { id, names, found, of }: Made): Generator<string> {
  for (const name of new Set(names)) {
    const chunk = found.get(name);
    const wrong = chunk === undefined ? "is missing" : checkChunk(parts, { id, name, chunk: chunk.body });
    if (wrong !== null) yield `chunk ${name} of its ${of} ${wrong}`;
  }
}

function checkChunk(
  parts: Parts,
  { id, name, chunk }: { readonly id: string; readonly name: string; readonly chunk: string },
): string | null {
  const isEncrypted = isSealed(chunk);
  const text = isEncrypted ? chunk.replace(/;$/, "") : chunk;
  const read = readText(parts, { execution: id, field: chunkField(name), text });
  if (read.text === null) return read.wrong === null ? null : `cannot be read: ${read.wrong}`;
  const end = read.text.indexOf(" ");
  const [hash, body] = isEncrypted ? [read.text.slice(0, end), read.text.slice(end + 1)] : [name, read.text];
  return hashOf(body) === hash ? null : "is not what its name says";
}

/** In one question: databases take only so many values. */
const NAMES_MAX = 500;

async function readChunks(
  { tables }: Parts,
  execution: number,
  names: readonly string[],
): Promise<ReadonlyMap<string, Chunk>> {
  const { prefix: s } = tables;
  const wanted = [...new Set(names)];
  const found = new Map<string, Chunk>();
  for (let from = 0; from < wanted.length; from += NAMES_MAX) {
    const some = wanted.slice(from, from + NAMES_MAX);
    const rows = await tables.query(
      `SELECT c.hash, c.body, p.until FROM ${s}chunks c
        LEFT JOIN ${s}event_chunks p ON p.execution = c.execution AND p.hash = c.hash
        WHERE c.execution = $1 AND c.hash IN (${some.map((_, i) => `$${i + 2}`).join(", ")})`,
      [execution, ...some],
    );
    for (const { hash, body, until } of rows)
      found.set(hash as string, { body: body as string, until: until as number | null });
  }
  return found;
}

async function countUnpinned({ tables }: Parts, execution: number): Promise<number> {
  const { prefix: s } = tables;
  const [row] = await tables.query(
    `SELECT count(*) AS count FROM ${s}chunks c WHERE c.execution = $1 AND NOT EXISTS (
      SELECT 1 FROM ${s}event_chunks p WHERE p.execution = c.execution AND p.hash = c.hash)`,
    [execution],
  );
  return Number(row?.count);
}

function toNames(list: unknown): readonly string[] {
  return String(list)
    .split(" ")
    .filter((name) => name !== "");
}
