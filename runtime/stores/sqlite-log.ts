/**
 * The room in SQLite's log. A commit that makes the file longer waits for the file system to note its new length, too: half as
 * long again as one that writes where the file is already (150 and 95 us, measured on ext4). SQLite uses the log again from its
 * start after each checkpoint, so only the first ones pay; this makes room for them beforehand, in the background.
 *
 * What is appended are zeros, which SQLite reads as the end of the log; it writes its frames over them.
 */
import { constants, open, statfs } from "node:fs/promises";

/** As long as the log grows until a checkpoint: see `wal_autocheckpoint`. */
const ROOM = 4_000 * 4_120;
/** Made at a time: commits wait for the disk beside it. */
const PIECE = 1 << 20;
/** A store that is written to less often does not need it. */
const COMMITS_MIN = 64;
/** On a disk that is nearly full, room is for what has to be written. */
const FREE_MIN = 64 * ROOM;

export class SqliteLog {
  private readonly file: string;
  private commits = 0;
  private isClosed = false;

  /** Of the database `file`. */
  constructor(file: string) {
    this.file = file;
  }

  /** To be called after each commit. */
  committed(): void {
    if (++this.commits === COMMITS_MIN && process.platform !== "win32") {
      // Commits are as safe without it.
      this.makeRoom().catch(() => undefined);
    }
  }

  close(): void {
    this.isClosed = true;
  }

  private async makeRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(this.file);
    if (bavail * bsize < FREE_MIN) return;
    // Only ever at the end: what SQLite writes meanwhile cannot be hit. Not "a", which would make the file anew when the store
    // has been closed meanwhile.
    const log = await open(`${this.file}-wal`, constants.O_WRONLY | constants.O_APPEND);
    try {
      const piece = Buffer.alloc(PIECE);
      for (let { size } = await log.stat(); size < ROOM && !this.isClosed; size += PIECE) {
        await log.write(piece);
        await log.datasync();
      }
    } finally {
      await log.close();
    }
  }
}
