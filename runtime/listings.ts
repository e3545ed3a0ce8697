/**
 * `for (const [index, item] of items.entries())`: the iterator is in nobody's hands but the loop's, so the loop can own
 * the position here too. `keys()` and `values()` likewise, of arrays, Map and Set, where they are the language's own.
 */
import { types } from "node:util";
import { cursor, EntriesCursor, nativeCursor, restOf, type Cursor } from "./cursors.ts";
import { ARRAY_ENTRIES, ARRAY_KEYS, isIntact, lengthOf, MAP_KEYS, MAP_VALUES, SET_ENTRIES } from "./walks.ts";

export type Listing = "entries" | "keys" | "values";

/** The cursor of `for (... of self.key())`; `callee` is how the language names the method in its error. */
export function listing(self: unknown, key: Listing, callee: string): Cursor {
  const method: unknown = (self as Record<Listing, unknown>)[key];
  const own = nativeCursor(self, method) ?? listingCursor(self, method, key);
  if (own !== null) return own;
  const subject = `${callee} is not a function or its return value`;
  if (typeof method !== "function") throw new TypeError(`${subject} is not iterable`);
  return cursor(Reflect.apply(method, self, []), subject);
}

function listingCursor(self: unknown, method: unknown, key: Listing): Cursor | null {
  if (Array.isArray(self)) {
    const walk = method === ARRAY_ENTRIES.method ? ARRAY_ENTRIES : ARRAY_KEYS;
    return method === walk.method && isIntact(walk) ? new IndexCursor(self, key) : null;
  }
  const walk = [MAP_KEYS, MAP_VALUES, SET_ENTRIES].find((known) => known.method === method);
  if (walk === undefined || !isIntact(walk)) return null;
  const isOwner = walk === SET_ENTRIES ? types.isSet(self) : types.isMap(self);
  return isOwner ? new PartCursor(new EntriesCursor(self as ReadonlyMap<unknown, unknown>), key) : null;
}

const ENDED = -1;

/** An array's indices, with or without the elements. */
export class IndexCursor implements Cursor {
  readonly source: readonly unknown[];
  readonly listing: Listing;
  position: number;
  value: unknown = undefined;

  constructor(source: readonly unknown[], listing: Listing, position = 0) {
    this.source = source;
    this.listing = listing;
    this.position = position;
  }

  next(): boolean {
    const { source, position, listing } = this;
    if (position === ENDED) return false;
    if (position >= lengthOf(source)) {
      this.position = ENDED;
      this.value = undefined;
      return false;
    }
    // Moved first: a getter that throws has been visited.
    this.position = position + 1;
    this.value = listing === "keys" ? position : [position, source[position]];
    return true;
  }

  rest(): unknown[] {
    return restOf(this);
  }

  close(): void {}

  save(): readonly unknown[] {
    return [this.listing, this.source, this.position];
  }
}

/** The keys or values of a Map; the entries of a Set. */
export class PartCursor implements Cursor {
  readonly whole: Cursor;
  readonly listing: Listing;
  value: unknown = undefined;

  constructor(whole: Cursor, listing: Listing) {
    this.whole = whole;
    this.listing = listing;
  }

  next(): boolean {
    const { whole, listing } = this;
    const found = whole.next();
    if (!found) this.value = undefined;
    else if (listing === "entries") this.value = [whole.value, whole.value];
    else this.value = (whole.value as readonly unknown[])[listing === "keys" ? 0 : 1];
    return found;
  }

  rest(): unknown[] {
    return restOf(this);
  }

  close(): void {}

  save(): readonly unknown[] {
    return [this.listing, this.whole];
  }
}
