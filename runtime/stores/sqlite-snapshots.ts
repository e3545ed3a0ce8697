import type { StatementSync } from "node:sqlite";
import { toHashes } from "./sqlite-chunks.ts";
import type { SqliteChunks } from "./sqlite-chunks.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SnapshotWrite, StoredSnapshot } from "./store.ts";

/**
 * Where an execution's snapshot is. A state of one chunk, which most are and which travels with nearly every event, is
 * one row that is overwritten ("row", with its hash); in a table of chunks it would be three changes each time.
 */
export type SnapshotPlace =
  null | { readonly kind: "row"; readonly hash: string } | { readonly kind: "chunks" };

const IN_CHUNKS: SnapshotPlace = { kind: "chunks" };

export interface FoundSnapshot {
  readonly snapshot: StoredSnapshot | null;
  readonly chunks: readonly string[];
}

export class SqliteSnapshots {
  private readonly chunks: SqliteChunks;
  private readonly select: StatementSync;
  private readonly put: StatementSync;
  private readonly putSeq: StatementSync;
  private readonly drop: StatementSync;
  private readonly moveToChunks: StatementSync;

  constructor(connection: SqliteConnection, chunks: SqliteChunks) {
    this.chunks = chunks;
    this.select = connection.prepare("SELECT seq, chunks, body FROM snapshots WHERE execution = ?");
    this.put = connection.prepare(
      "INSERT INTO snapshots (execution, seq, chunks, body) VALUES (?, ?, ?, ?) ON CONFLICT (execution) " +
        "DO UPDATE SET seq = excluded.seq, chunks = excluded.chunks, body = excluded.body",
    );
    this.putSeq = connection.prepare("UPDATE snapshots SET seq = ? WHERE execution = ?");
    this.drop = connection.prepare("DELETE FROM snapshots WHERE execution = ?");
    this.moveToChunks = connection.prepare(
      "INSERT OR IGNORE INTO chunks (execution, hash, body) " +
        "SELECT execution, chunks, body FROM snapshots WHERE execution = ? AND body IS NOT NULL",
    );
  }

  write(key: number, snapshot: SnapshotWrite, place: SnapshotPlace): SnapshotPlace {
    const { seq, chunks, added, removed } = snapshot;
    const [only] = chunks;
    if (chunks.length === 1 && added.length === 1 && only !== undefined) {
      this.put.run(key, seq, only, added[0]!.body);
      if (place?.kind === "chunks") this.chunks.drop(key, removed);
      return { kind: "row", hash: only };
    }
    if (place?.kind === "row" && chunks.length === 1 && place.hash === only) {
      this.putSeq.run(seq, key);
      return place;
    }
    return this.writeChunks(key, snapshot, place);
  }

  private writeChunks(
    key: number,
    { seq, chunks, added, removed }: SnapshotWrite,
    place: SnapshotPlace,
  ): SnapshotPlace {
    if (place?.kind === "row" && chunks.includes(place.hash)) this.moveToChunks.run(key);
    this.chunks.add(key, added);
    if (place?.kind === "chunks") this.chunks.drop(key, removed);
    this.put.run(key, seq, chunks.join(" "), null);
    return IN_CHUNKS;
  }

  find(key: number): SnapshotPlace {
    const row = this.select.get(key);
    if (row === undefined) return null;
    return row.body === null ? IN_CHUNKS : { kind: "row", hash: row.chunks as string };
  }

  read(key: number): FoundSnapshot {
    const row = this.select.get(key);
    if (row === undefined) return { snapshot: null, chunks: [] };
    const seq = row.seq as number;
    const hashes = toHashes(row.chunks);
    const body = (row.body as string | null) ?? this.chunks.read(key, hashes, "a snapshot");
    return { snapshot: { seq, body }, chunks: hashes };
  }

  remove(key: number): void {
    this.chunks.drop(key, this.shared(key));
    this.drop.run(key);
  }

  /** What it has in the table of chunks. */
  shared(key: number): readonly string[] {
    const row = this.select.get(key);
    return row === undefined || row.body !== null ? [] : toHashes(row.chunks);
  }
}
