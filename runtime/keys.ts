/**
 * The position of a `for-in` that holds an await. The keys are those that the language finds at the start: enumerable
 * ones of the object and of its prototypes, each once, none that a nearer object hides. One that is gone when its turn
 * comes is left out, and nobody asks whether it is still enumerable; keys added later are not visited.
 */
import { types } from "node:util";

export class KeysCursor {
  readonly source: object | null;
  readonly keys: readonly string[];
  position: number;
  value: unknown = undefined;
  /** Through a proxy, looking for keys is seen: then the language itself walks, and nothing is written. */
  private readonly native: Iterator<string> | null;

  constructor(source: object | null, keys: readonly string[] | null, position = 0) {
    this.source = source;
    this.native = keys === null ? walk(source) : null;
    this.keys = keys ?? [];
    this.position = position;
  }

  next(): boolean {
    if (this.native !== null) {
      const { done, value } = this.native.next();
      this.value = value;
      return done !== true;
    }
    const { source, keys } = this;
    while (source !== null && this.position < keys.length) {
      const key = keys[this.position++] ?? "";
      if (!(key in source)) continue;
      this.value = key;
      return true;
    }
    this.value = undefined;
    return false;
  }
}

/** `null` and `undefined` have no keys. */
export function keys(value: unknown): KeysCursor {
  if (value === null || value === undefined) return new KeysCursor(null, []);
  const source = Object(value) as object;
  return new KeysCursor(source, seesProxy(source) ? null : [...walk(source)]);
}

function* walk(source: object | null): Generator<string> {
  for (const key in source) yield key;
}

function seesProxy(source: object): boolean {
  for (let at: object | null = source; at !== null; at = Object.getPrototypeOf(at) as object | null)
    if (types.isProxy(at)) return true;
  return false;
}
