/** How a store is read to be checked: a page of rows at a time, and each text with the keys that are at hand. */
import { DecryptionError } from "../errors.ts";
import { isSealed } from "../stores/keyring.ts";
import type { Keyring } from "../stores/keyring.ts";
import type { Row, Tables } from "./tables.ts";

/** Rows in memory at a time. */
const PAGE = 100;

export interface Parts {
  readonly tables: Tables;
  /** Null: of encrypted texts only the form is looked at. */
  readonly keyring: Keyring | null;
}

/** A column of texts, and the columns that lead to a row of it. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  /** Read beside it. */
  readonly beside?: readonly string[];
}

export async function* rowsOf(
  tables: Tables,
  { table, column, key, beside = [] }: Place,
): AsyncGenerator<Row> {
  const { prefix: s } = tables;
  const keys = key.map((name) => `p.${name}`).join(", ");
  const columns = [...key, ...beside].map((name) => `p.${name}`).join(", ");
  const from = `SELECT e.id, ${columns}, p.${column} AS text FROM ${s}${table} p
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

export interface Read {
  /** Null: it is encrypted, and nobody has the keys. */
  readonly text: string | null;
  readonly wrong: string | null;
}

const SEALED = /^~e1\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9+/]{37,}={0,2}$/;

export function readText({ keyring }: Parts, { execution, field, text }: Sealed): Read {
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
