export interface SqliteOptions {
  /** How long to wait for another process's transaction. Default 5,000 ms. */
  readonly busyTimeoutMs?: number;
  /** For tests: the largest size of the file, in pages of 4 KiB. */
  readonly pageCountMax?: number;
}
