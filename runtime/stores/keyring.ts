import { createCipheriv, createDecipheriv, createHmac, hash as digest, randomBytes } from "node:crypto";
import { OperationArgumentError } from "../arguments.ts";
import { DecryptionError } from "../errors.ts";
import type { EncryptionOptions } from "./encryption-options.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";
/** Without it, a shorter tag would be taken too. */
const GCM = { authTagLength: TAG_BYTES };
/** 128 bits, as hashes of chunks have. */
const NAME_CHARACTERS = 32;
/** No text of ours begins so: it is JSON. */
const SEAL = "~e1.";
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Keys of scopes that were used last. */
const DERIVED_MAX = 10_000;

/** Where a text belongs. One that is found elsewhere is refused. */
export interface Belonging {
  /** What has a key of its own: an execution (`x:id`) or a callback (`c:id`). */
  readonly scope: string;
  /** What the text is of it, for people too: `input`, `event 7 (StepSucceeded)`. */
  readonly field: string;
}

export function isSealed(text: string): boolean {
  return text.startsWith(SEAL);
}

/**
 * AES-256-GCM under keys derived from those that were given. A sealed text is `~e1.<key id>.<nonce, text, tag in base64>`.
 *
 * Each execution has a key of its own: nonces are random, and with 96 bits one key must not see more than 2^32 of them,
 * which a busy store writes in a day.
 */
export class Keyring {
  private readonly current: string;
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly derived = new Map<string, Buffer>();

  /** Throws `OperationArgumentError` for keys that are none. */
  constructor({ current, keys }: EncryptionOptions) {
    this.current = current;
    this.keys = new Map(Object.entries(keys).map(([id, key]) => [id, toKey(id, key)]));
    if (this.keys.has(current)) return;
    throw new OperationArgumentError(
      `The encryption's current key ${JSON.stringify(current)} is not among its keys.`,
    );
  }

  /** Of all keys together, which it does not tell. */
  get name(): string {
    const ids = [...this.keys.keys()].sort();
    const text = ids.map((id) => this.derive(id, "name of the key")!.toString("hex")).join(" ");
    return digest("sha256", text, "hex").slice(0, 16);
  }

  /** Whether a sealed text has the newest key. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${SEAL}${this.current}.`);
  }

  seal(text: string, { scope, field }: Belonging): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.derive(this.current, scope)!, nonce, GCM);
    cipher.setAAD(Buffer.from(field));
    const body = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
    return `${SEAL}${this.current}.${Buffer.concat(body).toString("base64")}`;
  }

  /** Throws `DecryptionError`, which never holds a key or a text. */
  open(sealed: string, belonging: Belonging): string {
    const what = `The ${belonging.field} of ${shown(belonging.scope)}`;
    if (!isSealed(sealed)) {
      throw new DecryptionError(
        `${what} is not encrypted, though the store is: somebody wrote it without the keys. Import a trusted export.`,
      );
    }
    const end = sealed.indexOf(".", SEAL.length);
    const id = sealed.slice(SEAL.length, end);
    const key = this.derive(id, belonging.scope);
    if (key === null) {
      throw new DecryptionError(
        `${what} is encrypted with the key ${JSON.stringify(id)}, which was not given: add it to encryption.keys.`,
      );
    }
    const bytes = Buffer.from(sealed.slice(end + 1), "base64");
    try {
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), GCM);
      decipher.setAAD(Buffer.from(belonging.field)).setAuthTag(bytes.subarray(-TAG_BYTES));
      const body = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([body, decipher.final()]).toString("utf8");
    } catch {
      throw new DecryptionError(
        `${what} cannot be decrypted with the key ${JSON.stringify(id)}: it was changed or moved after it was written, ` +
          "or the key of this id is another one. Restore a backup, or give the right key.",
      );
    }
  }

  /** What stands in the store for a content hash: equal content of two executions must not show. */
  nameOf(scope: string, hash: string): string {
    // Key and hash have fixed lengths and the end is cut off: nothing can be appended. An HMAC would take ten times as long.
    // A key of its own: what encrypts does nothing else. Scopes begin with one letter, so no scope is called so.
    const key = this.derive(this.current, `names of ${scope}`)!.toString("hex");
    return digest("sha256", key + hash, "hex").slice(0, NAME_CHARACTERS);
  }

  private derive(id: string, scope: string): Buffer | null {
    const master = this.keys.get(id);
    if (master === undefined) return null;
    const name = `${id} ${scope}`;
    const known = this.derived.get(name);
    if (known !== undefined) return known;
    const key = createHmac("sha256", master).update(`durablec ${scope}`).digest();
    if (this.derived.size >= DERIVED_MAX) this.derived.delete(this.derived.keys().next().value!);
    this.derived.set(name, key);
    return key;
  }
}

function toKey(id: string, key: string | Uint8Array): Buffer {
  if (!KEY_ID.test(id)) {
    throw new OperationArgumentError(
      `The key id ${JSON.stringify(id)} must be 1 to 64 letters, digits, "-" or "_".`,
    );
  }
  const bytes = typeof key === "string" ? Buffer.from(key, "base64") : Buffer.from(key);
  if (bytes.length === KEY_BYTES) return bytes;
  throw new OperationArgumentError(
    `The encryption key "${id}" must be 32 bytes, or their base64 text, not ${bytes.length} bytes. ` +
      "Make one with: openssl rand -base64 32",
  );
}

function shown(scope: string): string {
  return `${scope.startsWith("c:") ? "callback" : "execution"} "${scope.slice(2)}"`;
}
