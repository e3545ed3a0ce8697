import { StoreCorruptError, StoreError, StoreFullError } from "../errors.ts";

const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const TOOBIG = 18;
const NOTADB = 26;
const CONSTRAINT_PRIMARYKEY = 1555;
const CONSTRAINT_UNIQUE = 2067;

/** Turns what SQLite throws into an error of ours that names the file and says what to do. Others stay as they are. */
export function toStoreError(error: unknown, file: string): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const make = MAKERS[code & 0xff];
  const detail = error instanceof Error ? error.message : String(error);
  return make === undefined
    ? new StoreError(`The store ${file} failed: ${detail} (SQLite error ${code}).`, { cause: error })
    : make(file, error, detail);
}

/** True if a row with this key exists already. */
export function isDuplicate(error: unknown): boolean {
  const code = codeOf(error);
  return code === CONSTRAINT_PRIMARYKEY || code === CONSTRAINT_UNIQUE;
}

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode;
}

type Maker = (file: string, cause: unknown, detail: string) => StoreError;

const MAKERS: Readonly<Record<number, Maker>> = {
  [BUSY]: (file, cause) =>
    new StoreError(
      `The store ${file} has been locked by another process for too long. ` +
        "Look for a process that holds a transaction open on it, a database tool for example.",
      { cause },
    ),
  [READONLY]: (file, cause) =>
    new StoreError(`The store ${file} cannot be written. Check the rights of the file and of its folder.`, {
      cause,
    }),
  [CANTOPEN]: (file, cause) =>
    new StoreError(
      `The store ${file} cannot be opened. Check that it is a file and that its folder can be written.`,
      { cause },
    ),
  [FULL]: (file, cause) =>
    new StoreFullError(
      `The store ${file} cannot grow: the disk is full. Nothing committed is lost; free some space and go on.`,
      { cause },
    ),
  [IOERR]: (file, cause, detail) =>
    new StoreFullError(
      `The disk refused to read or write the store ${file} (${detail}): it is full or failing. ` +
        "Nothing committed is lost; free some space, or check the disk, and go on.",
      { cause },
    ),
  [TOOBIG]: (file, cause) =>
    new StoreError(`A value is too large for the store ${file}: one text may have about 1 GB.`, { cause }),
  [CORRUPT]: (file, cause) =>
    new StoreCorruptError(
      `The store ${file} is damaged. Stop all workers, keep a copy of it and of its "-wal" file, and restore a backup, ` +
        'or save what can be read with: sqlite3 <file> ".recover" | sqlite3 <new file>',
      { cause },
    ),
  [NOTADB]: (file, cause) =>
    new StoreCorruptError(
      `The file ${file} is no database, or its beginning is damaged. Name another file for the store, or restore a backup.`,
      { cause },
    ),
};
