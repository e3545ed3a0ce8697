/** What emitted code keeps in slots beside plain values: shared cells and loop positions. */
import { DurableError } from "./errors.ts";

/** The value cannot be iterated by a durable `for-of`. */
export class CursorError extends DurableError {}

/** A variable that closures share and somebody assigns. One box a variable, so sharing survives a snapshot. */
export class Box {
  v: unknown;
  constructor(value: unknown) {
    this.v = value;
  }
}

export function box(value: unknown): Box {
  return new Box(value);
}

/**
 * The position of a `for-of` over an array. An array iterator reads the live length at each turn, and its place is
 * one number, so it can be written down; a native iterator cannot.
 */
export class Cursor {
  readonly source: readonly unknown[];
  position: number;
  value: unknown = undefined;

  constructor(source: readonly unknown[], position = 0) {
    this.source = source;
    this.position = position;
  }

  /** Moves to the next element; false at the end, and from then on, even if the array grows. */
  next(): boolean {
    if (this.position < 0 || this.position >= this.source.length) {
      this.position = -1;
      this.value = undefined;
      return false;
    }
    this.value = this.source[this.position++];
    return true;
  }
}

const ITERATE = Array.prototype[Symbol.iterator];

export function cursor(iterable: unknown): Cursor {
  if (Array.isArray(iterable) && iterable[Symbol.iterator] === ITERATE) return new Cursor(iterable);
  const what = iterable === null ? "null" : typeof iterable;
  if (iterable === null || iterable === undefined) throw new TypeError(`${what} is not iterable`);
  throw new CursorError(
    `A for-of with an await in its body walks arrays only, and this is ${what === "object" ? "another object" : `a ${what}`}. ` +
      `Write [...value] to make an array of it first.`,
  );
}
