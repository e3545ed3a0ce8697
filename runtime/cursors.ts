/**
 * Positions of loops and array patterns that hold an await. A native iterator cannot be written down, so what the
 * language walks by itself (arrays, strings, typed arrays, `arguments`, Map, Set) has a cursor of ours that can, as long
 * as its `[Symbol.iterator]` and the iterator's `next` are the language's own. Any other iterable is walked by the
 * protocol: `next` is read once, and the iterator is held.
 */
import { types } from "node:util";
import { findData, getMethod, isObject, nameOf, toResult, type Method } from "./protocol.ts";
import { ARRAY, isIntact, lengthOf, MAP, SET, STRING, TYPED, type Walk } from "./walks.ts";

export interface Cursor {
  /** The element that the last `next` moved to. */
  value: unknown;
  /** Moves to the next element; false at the end, and from then on. */
  next(): boolean;
  /** All elements that are left. */
  rest(): unknown[];
  /** Leaves the loop before its end: `completion` is 1 after a throw, which then outdoes whatever `return` does. */
  close(completion: number): void;
  /** What it is made of, to make it again. */
  save(): readonly unknown[];
}

type CursorKind = keyof typeof OPENERS;

const ENDED = -1;
/** The completion of a `finally` that an exception led to. */
const THREW = 1;

interface Step {
  readonly done?: unknown;
  readonly value?: unknown;
}

/** `text`: how the language names the iterable in its error, where the source has a name for it. */
export function cursor(iterable: unknown, text: string | null = null): Cursor {
  if (iterable === undefined || iterable === null) throw notIterable(iterable, text);
  const method = (iterable as Iterable<unknown>)[Symbol.iterator] as unknown;
  const native = nativeCursor(iterable, method);
  if (native !== null) return native;
  if (typeof method !== "function") throw notIterable(iterable, text);
  const iterator: unknown = Reflect.apply(method, iterable, []);
  if (!isObject(iterator)) throw new TypeError("Result of the Symbol.iterator method is not an object");
  return new ProtocolCursor(iterator, (iterator as { next?: unknown }).next);
}

function notIterable(value: unknown, text: string | null): TypeError {
  if (text !== null) return new TypeError(`${text} is not iterable`);
  const what = `${nameOf(value)} is not iterable`;
  return new TypeError(`${what} (cannot read property Symbol(Symbol.iterator))`);
}

/** A cursor of ours, if `method`, its `[Symbol.iterator]`, is the language's own; `iterable` is not nullish. */
export function nativeCursor(iterable: unknown, method: unknown): Cursor | null {
  if (method === ARRAY.method) return isIntact(ARRAY) ? openElements(Object(iterable) as Elements) : null;
  if (method === MAP.method && types.isMap(iterable) && isIntact(MAP)) return new EntriesCursor(iterable);
  if (method === SET.method && types.isSet(iterable) && isIntact(SET)) return new EntriesCursor(iterable);
  if (method === STRING.method && isIntact(STRING)) return new TextCursor(`${iterable as string}`);
  if (method === TYPED.method && isIntact(TYPED)) {
    // It refuses what is no typed array, or one without memory.
    Reflect.apply(TYPED.method, iterable, []);
    return openElements(iterable as Elements);
  }
  return null;
}

type Elements = ArrayLike<unknown>;

function openElements(source: Elements): Cursor {
  return types.isTypedArray(source) ? new TypedCursor(source) : new ArrayCursor(source);
}

/** Arrays, `arguments` and what is like them: an array iterator reads the live length at each turn. */
class ArrayCursor implements Cursor {
  readonly source: Elements;
  position: number;
  value: unknown = undefined;

  constructor(source: Elements, position = 0) {
    this.source = source;
    this.position = position;
  }

  next(): boolean {
    const { source, position } = this;
    if (position === ENDED) return false;
    if (position >= lengthOf(source)) return end(this);
    // Moved first: a getter that throws has been visited.
    this.position = position + 1;
    this.value = source[position];
    return true;
  }

  rest(): unknown[] {
    return restOf(this);
  }

  close(): void {}

  save(): readonly unknown[] {
    return ["array", this.source, this.position];
  }
}

export function restOf(cursor: Cursor): unknown[] {
  const left: unknown[] = [];
  while (cursor.next()) left.push(cursor.value);
  return left;
}

function end(cursor: { position: number; value: unknown }): false {
  cursor.position = ENDED;
  cursor.value = undefined;
  return false;
}

const typedLength = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  "length",
)?.get as Method;

class TypedCursor implements Cursor {
  readonly source: Elements;
  position: number;
  value: unknown = undefined;

  constructor(source: Elements, position = 0) {
    this.source = source;
    this.position = position;
  }

  next(): boolean {
    const { source, position } = this;
    if (position === ENDED) return false;
    if (position >= (Reflect.apply(typedLength, source, []) as number)) {
      // Shorter than it was, or without memory: the language's own iterator tells them apart, and throws for the latter.
      Reflect.apply(ARRAY.next, Reflect.apply(ARRAY.method, source, []), []);
      return end(this);
    }
    this.value = source[position];
    this.position = position + 1;
    return true;
  }

  rest(): unknown[] {
    return restOf(this);
  }

  close(): void {}

  save(): readonly unknown[] {
    return ["typed", this.source, this.position];
  }
}

/** A string, by code points. */
class TextCursor implements Cursor {
  readonly source: string;
  position: number;
  value: unknown = undefined;

  constructor(source: string, position = 0) {
    this.source = source;
    this.position = position;
  }

  next(): boolean {
    const { source, position } = this;
    if (position === ENDED) return false;
    if (position >= source.length) return end(this);
    const point = String.fromCodePoint(source.codePointAt(position) ?? 0);
    this.value = point;
    this.position = position + point.length;
    return true;
  }

  rest(): unknown[] {
    return restOf(this);
  }

  close(): void {}

  save(): readonly unknown[] {
    return ["text", this.source, this.position];
  }
}

type Collection = ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;

/**
 * A Map or Set. What is left to visit is always the end of the order of insertion: whatever is deleted, added again or
 * cleared. So the position is the number of entries in front of it, counted when it is asked for; until then a native
 * iterator knows it best.
 */
export class EntriesCursor implements Cursor {
  readonly source: Collection;
  value: unknown = undefined;
  private native: object | null = null;
  /** Entries to skip when the native iterator is made; `ENDED` at the end. */
  private skipped: number;

  constructor(source: Collection, skipped = 0) {
    this.source = source;
    this.skipped = skipped;
    if (skipped === 0) this.settle();
  }

  /** A collection that has just been read from a state is not filled yet. */
  settle(): void {
    if (this.native !== null || this.skipped === ENDED) return;
    this.native = walkEntries(this.source, this.skipped);
  }

  next(): boolean {
    this.settle();
    const { native, source } = this;
    if (native === null) return false;
    const step = Reflect.apply(walkOf(source).next, native, []) as Step;
    this.value = step.value;
    if (step.done === true) {
      this.native = null;
      this.skipped = ENDED;
      return false;
    }
    return true;
  }

  rest(): unknown[] {
    return restOf(this);
  }

  close(): void {}

  save(): readonly unknown[] {
    return ["entries", this.source, this.count()];
  }

  /** To count what is left is to walk it, so the native iterator is made again where it stood. */
  private count(): number {
    this.settle();
    const { native, source } = this;
    if (native === null) return ENDED;
    const { next } = walkOf(source);
    let left = 0;
    while ((Reflect.apply(next, native, []) as Step).done !== true) left++;
    const position = sizeOf(source) - left;
    this.native = walkEntries(source, position);
    return position;
  }
}

function walkOf(source: Collection): Walk {
  return types.isMap(source) ? MAP : SET;
}

function walkEntries(source: Collection, position: number): object {
  const { method, next } = walkOf(source);
  const native = Reflect.apply(method, source, []) as object;
  for (let n = 0; n < position; n++) Reflect.apply(next, native, []);
  return native;
}

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get as Method;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get as Method;

function sizeOf(source: Collection): number {
  return Reflect.apply(types.isMap(source) ? mapSize : setSize, source, []) as number;
}

/** Anything else that has an iterator. It is the user's, and is stored if it can be. */
class ProtocolCursor implements Cursor {
  private readonly iterator: object;
  /** Its `next`, read once; null after a restore, if it is the one that the iterator still has. */
  private step: unknown;
  private done: boolean;
  value: unknown = undefined;

  constructor(iterator: object, step: unknown, done = false) {
    this.iterator = iterator;
    this.step = step;
    this.done = done;
  }

  next(): boolean {
    if (this.done) return false;
    const { iterator } = this;
    if (this.step === null) this.step = (iterator as { next?: unknown }).next;
    const { step } = this;
    // If it throws, it is at its end, and is not closed.
    this.done = true;
    if (typeof step !== "function") throw new TypeError(`${nameOf(step)} is not a function`);
    const result = toResult(Reflect.apply(step, iterator, [])) as Step;
    this.value = undefined;
    if (result.done) return false;
    this.value = result.value;
    this.done = false;
    return true;
  }

  rest(): unknown[] {
    return restOf(this);
  }

  close(completion: number): void {
    if (this.done) return;
    this.done = true;
    if (completion !== THREW) return void closeIterator(this.iterator);
    try {
      closeIterator(this.iterator);
    } catch {
      // The loop's own exception goes on.
    }
  }

  save(): readonly unknown[] {
    const { iterator, step, done } = this;
    // A `next` that the iterator still has is found there again: only a method of its own needs to be written.
    return ["protocol", iterator, step === findData(iterator, "next") ? null : step, done];
  }
}

function closeIterator(iterator: object): void {
  const method = getMethod(iterator, "return");
  if (method !== undefined) toResult(Reflect.apply(method, iterator, []));
}

const OPENERS = {
  array: (source: unknown, position: unknown) => new ArrayCursor(source as Elements, position as number),
  typed: (source: unknown, position: unknown) => new TypedCursor(source as Elements, position as number),
  text: (source: unknown, position: unknown) => new TextCursor(source as string, position as number),
  entries: (source: unknown, position: unknown) =>
    new EntriesCursor(source as Collection, position as number),
  protocol: (iterator: unknown, step: unknown, done: unknown) =>
    new ProtocolCursor(iterator as object, step, done as boolean),
} as const;

export function isCursor(value: unknown): value is Cursor {
  return CURSORS.some((kind) => value instanceof kind);
}

const CURSORS = [ArrayCursor, TypedCursor, TextCursor, EntriesCursor, ProtocolCursor];

/** Makes a stored cursor again. Its collection may not be filled yet. */
export function openCursor([kind, ...parts]: readonly unknown[]): Cursor {
  return OPENERS[kind as CursorKind](parts[0], parts[1], parts[2]);
}
