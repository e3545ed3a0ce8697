import type { StatementSync } from "node:sqlite";
import { StoreCorruptError } from "../errors.ts";
import { neededUntil } from "./cutting.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { EventWrite, StoredChunk } from "./store.ts";

/**
 * What an execution's snapshot and its large events are made of, each piece once. A piece that an event needs is in
 * `event_chunks` too, with the last event that does: it goes with that one, whatever the snapshot does; all others go with the
 * snapshot. The mark has a table of its own because a change of the piece's row would write the piece again.
 */
export class SqliteChunks {
  private readonly connection: SqliteConnection;
  private readonly statements: Readonly<Record<keyof typeof SQL, StatementSync>>;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
    const names = Object.keys(SQL) as (keyof typeof SQL)[];
    this.statements = Object.fromEntries(
      names.map((name) => [name, connection.prepare(SQL[name])]),
    ) as Record<keyof typeof SQL, StatementSync>;
  }

  add(key: number, chunks: readonly StoredChunk[]): void {
    for (const { hash, body } of chunks) this.statements.add.run(key, hash, body);
  }

  /** A large event. */
  append(key: number, { seq, kind, body, chunks = [], added = [] }: EventWrite): void {
    this.add(key, added);
    const until = neededUntil(seq);
    for (const hash of new Set(chunks)) this.statements.pin.run(key, hash, until);
    this.statements.append.run(key, seq, kind, body, chunks.join(" "));
  }

  /** Joined. Throws a `StoreCorruptError` that names what they are of, if one is missing. */
  read(key: number, hashes: readonly string[], of: string): string {
    return hashes.map((hash) => this.statements.read.get(key, hash)?.body ?? this.missing(hash, of)).join("");
  }

  /** The snapshot is not made of these any more. */
  drop(key: number, hashes: readonly string[]): void {
    for (const hash of hashes) this.statements.drop.run({ key, hash });
  }

  /** Events up to `seq`, which had these, have been removed. `isKept`: the snapshot needs it. */
  unpin(key: number, seq: number, { hashes, isKept }: Unpinned): void {
    const { unpin, remove } = this.statements;
    for (const hash of hashes)
      if (unpin.run(key, hash, seq).changes > 0 && !isKept(hash)) remove.run(key, hash);
  }

  removeAll(key: number): void {
    this.statements.removeAll.run(key);
    this.statements.unpinAll.run(key);
  }

  private missing(hash: string, of: string): never {
    throw new StoreCorruptError(
      `The store ${this.connection.file} is damaged: chunk ${hash} of ${of} is missing. Restore a backup.`,
    );
  }
}

interface Unpinned {
  readonly hashes: Iterable<string>;
  isKept(hash: string): boolean;
}

/** From a column of hashes with spaces between. */
export function toHashes(column: unknown): readonly string[] {
  return column === "" ? [] : (column as string).split(" ");
}

const SQL = {
  add: "INSERT OR IGNORE INTO chunks (execution, hash, body) VALUES (?, ?, ?)",
  read: "SELECT body FROM chunks WHERE execution = ? AND hash = ?",
  append: "INSERT INTO events (execution, seq, kind, body, chunks) VALUES (?, ?, ?, ?, ?)",
  pin:
    "INSERT INTO event_chunks (execution, hash, until) VALUES (?, ?, ?) " +
    "ON CONFLICT (execution, hash) DO UPDATE SET until = max(until, excluded.until)",
  unpin: "DELETE FROM event_chunks WHERE execution = ? AND hash = ? AND until <= ?",
  drop:
    "DELETE FROM chunks WHERE execution = :key AND hash = :hash " +
    "AND NOT EXISTS (SELECT 1 FROM event_chunks WHERE execution = :key AND hash = :hash)",
  remove: "DELETE FROM chunks WHERE execution = ? AND hash = ?",
  removeAll: "DELETE FROM chunks WHERE execution = ?",
  unpinAll: "DELETE FROM event_chunks WHERE execution = ?",
} as const;
