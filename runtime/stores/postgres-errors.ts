import { StoreCorruptError, StoreError, StoreFullError, StoreUnavailableError } from "../errors.ts";

/** Nothing was written, and the same again may succeed. */
const REPEATABLE: ReadonlySet<string> = new Set(["40001", "40P01"]);
const UNIQUE_VIOLATION = "23505";

export function isRepeatable(error: unknown): boolean {
  return REPEATABLE.has(codeOf(error) ?? "");
}

/** True if a row with this key exists already. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === UNIQUE_VIOLATION;
}

/** The SQLSTATE, or the code of Node's socket. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return error.code;
}

/** The field DETAIL of a server's error. */
export function detailOf(error: unknown): string {
  return error instanceof Error && "detail" in error && typeof error.detail === "string" ? error.detail : "";
}

/**
 * Turns what `pg` throws into an error of ours that names the server and says what to do. Ours stay as they are. No
 * message of the server or of `pg` holds the password; that of a connection string that cannot be parsed would, and is
 * made in `postgres-connection.ts`.
 */
export function toStoreError(error: unknown, name: string): StoreError {
  if (error instanceof StoreError) return error;
  // What broke while it was idle carries its connection along, and that its password.
  if (error instanceof Error) Reflect.deleteProperty(error, "client");
  const code = codeOf(error);
  const detail = error instanceof Error && error.message !== "" ? error.message : (code ?? String(error));
  const make = (code === undefined ? undefined : (MAKERS[code] ?? MAKERS[code.slice(0, 2)])) ?? null;
  if (make !== null) return make(name, error, detail);
  if (isConnectionLoss(code, detail)) return unavailable(name, error, detail);
  const state = code === undefined ? "" : ` (${code})`;
  return new StoreError(`The store ${name} failed: ${detail}${state}.`, { cause: error });
}

type Maker = (name: string, cause: unknown, detail: string) => StoreError;

/** Codes of sockets begin with E; what `pg` finds out by itself has none. */
function isConnectionLoss(code: string | undefined, detail: string): boolean {
  if (code !== undefined) return /^E[A-Z_]+$/.test(code);
  return /connection (terminated|error|ended|timeout)|timeout exceeded when trying to connect|client was closed|not queryable/i.test(
    detail,
  );
}

const unavailable: Maker = (name, cause, detail) =>
  new StoreUnavailableError(
    `The server of the store ${name} cannot be reached, or closed the connection (${detail}). What was acknowledged is ` +
      "safe. An engine goes on by itself when the server answers; anything else may be tried again then.",
    { cause },
  );

const MAKERS: Readonly<Record<string, Maker>> = {
  "08": unavailable,
  "57P01": unavailable,
  "57P02": unavailable,
  "57P03": unavailable,
  "28": (name, cause, detail) =>
    new StoreError(
      `The server of the store ${name} refused the user (${detail}). Check user, password and pg_hba.conf.`,
      { cause },
    ),
  "3D000": (name, cause) =>
    new StoreError(
      `The database of the store ${name} does not exist. Create it (CREATE DATABASE), or name another.`,
      { cause },
    ),
  "42501": (name, cause, detail) =>
    new StoreError(
      `The user of the store ${name} lacks a right (${detail}). Let it create the schema (GRANT CREATE ON DATABASE), or ` +
        "make the schema and give it to the user (CREATE SCHEMA ... AUTHORIZATION).",
      { cause },
    ),
  "42P07": (name, cause, detail) =>
    new StoreError(
      `The schema of the store ${name} holds tables of another application (${detail}). Name another with the option schema.`,
      { cause },
    ),
  "42P01": (name, cause, detail) =>
    new StoreCorruptError(
      `Tables of the store ${name} are gone (${detail}): somebody has removed them. Restore a backup, or open the store ` +
        "again to begin with an empty one.",
      { cause },
    ),
  "40": (name, cause, detail) =>
    new StoreError(
      `The store ${name} was too busy: a transaction was refused again and again (${detail}). Nothing of it was written; ` +
        "look for another application that locks its tables.",
      { cause },
    ),
  "53300": (name, cause) =>
    new StoreUnavailableError(
      `The server of the store ${name} has no connection left. Raise max_connections, or open fewer with the option max.`,
      { cause },
    ),
  "53100": (name, cause) =>
    new StoreFullError(
      `The store ${name} cannot grow: the disk of the server is full. Nothing committed is lost; free some space and go on.`,
      { cause },
    ),
  "54": (name, cause, detail) =>
    new StoreError(`A value is too large for the store ${name} (${detail}): one text may have about 1 GB.`, {
      cause,
    }),
  "25006": (name, cause) =>
    new StoreError(
      `The store ${name} can only be read: the server is a standby. Connect to the primary (target_session_attrs).`,
      { cause },
    ),
  "22021": (name, cause) =>
    new StoreError(
      `A text for the store ${name} contains the character NUL, which PostgreSQL cannot keep. Leave it out.`,
      { cause },
    ),
  XX001: (name, cause, detail) => corrupt(name, cause, detail),
  XX002: (name, cause, detail) => corrupt(name, cause, detail),
};

function corrupt(name: string, cause: unknown, detail: string): StoreError {
  return new StoreCorruptError(
    `The database of the store ${name} is damaged (${detail}). Stop all workers and restore a backup.`,
    { cause },
  );
}
