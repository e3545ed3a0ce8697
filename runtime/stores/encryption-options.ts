/** The keys that what is stored is encrypted with. */
export interface EncryptionOptions {
  /** Id of the key for everything that is written from now on. */
  readonly current: string;
  /**
   * All keys that are still needed, by id (letters, digits, `-` and `_`, at most 64). A key is 32 random bytes, or their
   * base64 text: `openssl rand -base64 32`. What an old key has written stays readable while it is listed.
   */
  readonly keys: Readonly<Record<string, string | Uint8Array>>;
}
