/** The texts of a store: whether each can be read again, and whether states are made of what they say. */
import { DecryptionError } from "../errors.ts";
import { chunkField, eventField } from "../stores/encrypted.ts";
import { isSealed } from "../stores/keyring.ts";
import type { Keyring } from "../stores/keyring.ts";
import { GRAPH_MARK } from "../values/format.ts";
import { hashOf } from "../values/chunks.ts";
import type { Finding } from "./checkStore.ts";
import type { Row, Tables } from "./tables.ts";

/** Rows in memory at a time. */
const PAGE = 100;

interface Parts {
  readonly tables: Tables;
  /** Null: of encrypted texts only the form is looked at. */
  readonly keyring: Keyring | null;
}

/** A column of texts, and the columns that lead to a row of it. */
interface Place {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  /** Read beside it, for the name of the place. */
  readonly beside?: string;
  readonly field: (row: Row) => string;
}

const PLACES: readonly Place[] = [
  { table: "inbox", column: "body", key: ["number"], field: () => "message" },
  {
    table: "transacted",
    column: "body",
    key: ["execution", "op"],
    field: ({ op }) => `result of transaction ${String(op)}`,
  },
  {
    table: "events",
    column: "body",
    key: ["execution", "seq"],
    beside: "kind",
    field: ({ seq, kind }) => eventField({ seq: seq as number, kind: kind as string, body: "" }),
  },
];

export async function* checkTexts(parts: Parts): AsyncGenerator<Finding> {
  for (const place of PLACES) {
    for await (const row of rowsOf(parts.tables, place)) {
      if (typeof row.text !== "string") continue;
      const read = readText(parts, { execution: row.id as string, field: place.field(row), text: row.text });
      // An event is a line of JSON, and a payload after it.
      const texts = read.text === null ? [] : place.table === "events" ? split(read.text) : [read.text];
      const what = read.wrong ?? (texts.every(isJson) ? null : `its ${place.field(row)} is no JSON`);
      if (what !== null) yield { execution: row.id as string, what };
    }
  }
  yield* checkStates(parts);
}

async function* rowsOf(tables: Tables, { table, column, key, beside }: Place): AsyncGenerator<Row> {
  const { prefix: s } = tables;
  const keys = key.map((name) => `p.${name}`).join(", ");
  const more = beside === undefined ? "" : `, p.${beside}`;
  const from = `SELECT e.id, ${keys}${more}, p.${column} AS text FROM ${s}${table} p
    JOIN ${s}executions e ON e.key = p.execution`;
  const after = `WHERE (${keys}) > (${key.map((_, i) => `$${i + 1}`).join(", ")})`;
  for (let last: readonly (string | number)[] | null = null; ;) {
    const page: readonly Row[] = await tables.query(
      `${from} ${last === null ? "" : after} ORDER BY ${keys} LIMIT ${PAGE}`,
      last ?? [],
    );
    yield* page;
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return;
    last = key.map((name) => end[name] as string | number);
  }
}

interface Sealed {
  readonly execution: string;
  readonly field: string;
  readonly text: string;
}

interface Read {
  /** Null: it is encrypted, and nobody has the keys. */
  readonly text: string | null;
  readonly wrong: string | null;
}

const SEALED = /^~e1\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9+/]{37,}={0,2}$/;

function readText({ keyring }: Parts, { execution, field, text }: Sealed): Read {
  if (!isSealed(text)) return { text, wrong: null };
  if (keyring === null)
    return { text: null, wrong: SEALED.test(text) ? null : `its ${field} is no encrypted text` };
  try {
    return { text: keyring.open(text, { scope: `x:${execution}`, field }), wrong: null };
  } catch (error) {
    if (error instanceof DecryptionError) return { text: null, wrong: error.message };
    throw error;
  }
}

function split(event: string): readonly string[] {
  const end = event.indexOf("\n");
  return end < 0 ? [event] : [event.slice(0, end), event.slice(end + 1)];
}

/** JSON, or the codec's own form of what is no plain data. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text.startsWith(GRAPH_MARK) ? text.slice(GRAPH_MARK.length) : text);
    return true;
  } catch {
    return false;
  }
}

async function* checkStates(parts: Parts): AsyncGenerator<Finding> {
  const { tables } = parts;
  const { prefix: s } = tables;
  const place: Place = {
    table: "snapshots",
    column: "chunks",
    key: ["execution"],
    beside: "body",
    field: () => "state",
  };
  for await (const { id, execution, text, body } of rowsOf(tables, place)) {
    const names = String(text)
      .split(" ")
      .filter((name) => name !== "");
    const stored =
      typeof body === "string"
        ? [{ hash: names[0], body }]
        : await tables.query(`SELECT hash, body FROM ${s}chunks WHERE execution = $1`, [execution as number]);
    const found = new Map(stored.map((chunk) => [chunk.hash as string, chunk.body as string]));
    for (const name of new Set(names)) {
      const chunk = found.get(name);
      const wrong =
        chunk === undefined
          ? `chunk ${name} of its state is missing`
          : checkChunk(parts, { id, name, chunk });
      if (wrong !== null) yield { execution: id as string, what: wrong };
    }
    const extra = [...found.keys()].filter((name) => !names.includes(name)).length;
    if (extra > 0) yield { execution: id as string, what: `${extra} chunks of it belong to no state` };
  }
}

function checkChunk(
  parts: Parts,
  { id, name, chunk }: { readonly id: unknown; readonly name: string; readonly chunk: string },
): string | null {
  const isEncrypted = isSealed(chunk);
  const text = isEncrypted ? chunk.replace(/;$/, "") : chunk;
  const read = readText(parts, { execution: id as string, field: chunkField(name), text });
  if (read.text === null) return read.wrong;
  const end = read.text.indexOf(" ");
  const [hash, body] = isEncrypted ? [read.text.slice(0, end), read.text.slice(end + 1)] : [name, read.text];
  return hashOf(body) === hash ? null : `chunk ${name} of its state is not what its name says`;
}
