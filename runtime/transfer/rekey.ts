/** A store under its newest key, in place. */
import type { Place } from "../check/reading.ts";
import { rowsOf } from "../check/reading.ts";
import { openTables } from "../check/tables.ts";
import type { Row, Tables } from "../check/tables.ts";
import { PLACES } from "../check/texts.ts";
import type { TextPlace } from "../check/texts.ts";
import { StoreError } from "../errors.ts";
import { CHUNK_END, chunkField, toSettled } from "../stores/encrypted.ts";
import type { EncryptionOptions } from "../stores/encryption-options.ts";
import { isHeld } from "../stores/held.ts";
import { isSealed, Keyring } from "../stores/keyring.ts";
import { ADMITTED_MESSAGE } from "../stores/rows.ts";

export interface RekeyOptions {
  /** A file, or `postgres://...`. */
  readonly store: string;
  /** All keys that are in use, and the newest as `current`. */
  readonly encryption: EncryptionOptions;
}

const ALL: readonly TextPlace[] = [
  ...PLACES,
  {
    table: "chunks",
    column: "body",
    key: ["execution", "hash"],
    field: ({ hash }) => chunkField(String(hash)),
  },
  {
    table: "snapshots",
    column: "body",
    key: ["execution"],
    beside: ["chunks"],
    field: ({ chunks }) => chunkField(String(chunks)),
  },
];

/** Rows that one transaction changes. */
const BATCH = 100;
/** Workers that still write with an older key would keep it going for ever. */
const PASSES_MAX = 5;

/**
 * Encrypts with the newest key what is under an older one, and returns how many texts that were; then no older key is needed.
 * Workers and clients may go on, if all of them were started with the newest key as their `current`. A text that changes at the
 * same moment is left to the next pass; interrupted, it goes on where it was when it is called again.
 *
 * Throws a `StoreError` if others keep writing with an older key, and `DecryptionError` for a text that has none of these keys,
 * is damaged, or was never encrypted: what was done before stays, and reads as it did.
 */
export async function rekeyStore({ store, encryption }: RekeyOptions): Promise<number> {
  const keyring = new Keyring(encryption);
  const tables = await openTables(store, true);
  try {
    let total = 0;
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const { old, changed } = await passOver(tables, keyring);
      if (old === 0) return total;
      total += changed;
    }
    throw new StoreError(
      `Texts under an older key keep coming into ${tables.name}: restart all that open it with the newest key as current, and try again.`,
    );
  } finally {
    await tables.close();
  }
}

interface Pass {
  /** Texts that were under an older key. */
  readonly old: number;
  readonly changed: number;
}

async function passOver(tables: Tables, keyring: Keyring): Promise<Pass> {
  const sum = { old: 0, changed: 0 };
  const add = ({ old, changed }: Pass): void => {
    sum.old += old;
    sum.changed += changed;
  };
  for (const place of ALL) {
    const rows = rowsOf(tables, place);
    const reseal = (row: Row): string | null => resealed(keyring, { row, field: place.field(row) });
    add(await passRows(tables, { place, rows, reseal }));
  }
  add(await passProblems(tables, keyring));
  return sum;
}

interface Passing {
  readonly place: Place;
  readonly rows: AsyncIterable<Row>;
  /** Null: it is under the newest key. */
  readonly reseal: (row: Row) => string | null;
}

async function passRows(tables: Tables, { place, rows, reseal }: Passing): Promise<Pass> {
  const { table, column, key } = place;
  const where = [...key, column].map((name, i) => `${name} = $${i + 2}`).join(" AND ");
  // Only what is still as it was read: who has written it since knows better.
  const sql = `UPDATE ${tables.prefix}${table} SET ${column} = $1 WHERE ${where}`;
  const pass = { old: 0, changed: 0 };
  let batch: (readonly (string | number)[])[] = [];
  const flush = async (): Promise<void> => {
    pass.changed += await tables.change(sql, batch);
    batch = [];
  };
  for await (const row of rows) {
    if (typeof row.text !== "string") continue;
    const text = reseal(row);
    if (text === null) continue;
    pass.old++;
    batch.push([text, ...key.map((name) => row[name] as string | number), row.text]);
    if (batch.length === BATCH) await flush();
  }
  await flush();
  return pass;
}

/** Why executions are parked: in their own rows, which no others lead to. */
async function passProblems(tables: Tables, keyring: Keyring): Promise<Pass> {
  const sql = `SELECT e.id, e.key, e.problem AS text FROM ${tables.prefix}executions e WHERE e.problem IS NOT NULL`;
  async function* rows(): AsyncGenerator<Row> {
    yield* await tables.query(sql);
  }
  return passRows(tables, {
    place: { table: "executions", column: "problem", key: ["key"] },
    rows: rows(),
    reseal: (row) => (isHeld(String(row.text)) ? null : resealed(keyring, { row, field: "problem" })),
  });
}

function resealed(
  keyring: Keyring,
  { row, field }: { readonly row: Row; readonly field: string },
): string | null {
  const text = String(row.text);
  if (text === ADMITTED_MESSAGE) return null;
  const told = isSealed(text) ? null : toSettled(text);
  if (told !== null) return resealSettlement(keyring, text);
  const end = text.endsWith(CHUNK_END) ? CHUNK_END : "";
  const next = resealText(keyring, text.slice(0, text.length - end.length), {
    scope: `x:${String(row.id)}`,
    field,
  });
  return next === null ? null : next + end;
}

/** A message that the store has made of a settlement, which is sealed inside it. */
function resealSettlement(keyring: Keyring, text: string): string | null {
  const told = toSettled(text)!;
  const place = { scope: `c:${told.callback}`, field: "settlement" };
  const { result, error } = told.settlement;
  const [newResult, newError] = [result, error].map((one) =>
    one === undefined ? null : resealText(keyring, one, place),
  );
  if (newResult === null && newError === null) return null;
  const settlement = {
    ...told.settlement,
    ...(newResult === null ? {} : { result: newResult }),
    ...(newError === null ? {} : { error: newError }),
  };
  return JSON.stringify({ ...told, settlement });
}

function resealText(
  keyring: Keyring,
  text: string,
  place: { readonly scope: string; readonly field: string },
): string | null {
  return keyring.isCurrent(text) ? null : keyring.seal(keyring.open(text, place), place);
}
