/** Whether what is in a store is whole. */
import { StoreError } from "../errors.ts";
import type { EncryptionOptions } from "../stores/encryption-options.ts";
import { Keyring } from "../stores/keyring.ts";
import { rules } from "./rules.ts";
import type { Tables } from "./tables.ts";
import { openTables } from "./tables.ts";
import { checkTexts } from "./texts.ts";

export interface Finding {
  /** Null: it is of none, or of one that is not there. */
  readonly execution: string | null;
  readonly what: string;
}

export interface CheckOptions {
  /** A file, or `postgres://...`. */
  readonly store: string;
  /** Without its keys, encrypted texts are only looked at from outside. */
  readonly encryption?: EncryptionOptions;
}

/** Findings of one kind that are told, and of all kinds. */
const RULE_MAX = 100;
const FINDINGS_MAX = 1_000;

/**
 * Reads everything and writes nothing: journals without gaps, rows that fit each other, texts that can be read, states made of
 * the pieces they name; of a file of SQLite also its pages. Workers may go on meanwhile: what they change during the check can
 * show as a finding that a second check does not repeat. Stops after 1,000 findings. Throws a `StoreError` if there is no store,
 * or one of another version.
 */
export async function* checkStore({ store, encryption }: CheckOptions): AsyncGenerator<Finding> {
  const keyring = encryption === undefined ? null : new Keyring(encryption);
  const tables = await openTables(store);
  let left = FINDINGS_MAX;
  try {
    for await (const finding of findAll(tables, keyring)) {
      yield finding;
      if (--left === 0) return yield { execution: null, what: "there may be more: the check stopped here" };
    }
  } catch (error) {
    // Damage that keeps the rest from being read is a finding like the others.
    if (!(error instanceof StoreError)) throw error;
    yield { execution: null, what: error.message };
  } finally {
    await tables.close();
  }
}

async function* findAll(tables: Tables, keyring: Keyring | null): AsyncGenerator<Finding> {
  for (const what of await tables.ownFindings()) yield { execution: null, what };
  for (const { sql, what } of rules(tables.prefix)) {
    for (const row of await tables.query(`${sql} LIMIT ${RULE_MAX}`))
      yield { execution: (row.id as string | null) ?? null, what: what ?? String(row.what) };
  }
  yield* checkTexts({ tables, keyring });
}
