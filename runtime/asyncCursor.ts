/**
 * The position of a `for await`: the iterator, its `next`, and where there is only a sync one, the language's wrapper
 * around it, with its state in the open. A native wrapper cannot be written, and neither can the promise it makes of
 * each value; here the frame waits for the value itself and `Unwrapping` says what comes between it and the loop.
 */
import { thenNatively } from "./durablePromise.ts";
import type { Outcome } from "./frame.ts";
import { nativeCursor, type Cursor } from "./cursors.ts";
import { findData, getMethod, isObject, toResult, type Method } from "./protocol.ts";

export class AsyncCursor {
  readonly iterator: object;
  /** Its `next`, read once, as the language does; null after a restore, if it is the one that the iterator still has. */
  private method: unknown;
  /** The iterator is a sync one. */
  readonly wraps: boolean;
  /** Of the turn that `accept` has let in. */
  value: unknown = undefined;
  /** What `closes` has found. */
  private returns: unknown = undefined;

  constructor(iterator: object, method: unknown, wraps: boolean) {
    this.iterator = iterator;
    this.method = method;
    this.wraps = wraps;
  }

  next(...args: readonly unknown[]): unknown {
    this.method ??= (this.iterator as { next?: unknown }).next;
    return Reflect.apply(this.method as Method, this.iterator, args);
  }

  /** What a snapshot holds. */
  save(): readonly unknown[] {
    const { iterator, method, wraps } = this;
    return [iterator, method === findData(iterator, "next") ? null : method, wraps];
  }

  /** Looks at what `next` came to: false at the end. */
  accept(result: unknown): boolean {
    const turn = toResult(result) as { readonly done?: unknown; readonly value?: unknown };
    if (turn.done) return false;
    this.value = turn.value;
    return true;
  }

  /** Whether leaving the loop has to call something. */
  closes(): boolean {
    if (this.wraps) return true;
    this.returns = getMethod(this.iterator, "return");
    return this.returns !== undefined;
  }

  close(): unknown {
    const { returns } = this;
    this.returns = undefined;
    return Reflect.apply(returns as Method, this.iterator, []);
  }

  /** What `return` came to. It only counts where the loop was not left by an exception. */
  closed(result: unknown): void {
    toResult(result);
  }
}

/** How the value of a sync iterator becomes the result that an async one would have given. */
export class Unwrapping {
  readonly done: boolean;
  /** Closed when the value is a promise that rejects; null: not to be closed. */
  readonly closing: object | null;

  constructor(done: boolean, closing: object | null) {
    this.done = done;
    this.closing = closing;
  }

  /** The turns that this takes are those of the language's wrapper. */
  apply(value: Promise<unknown>): Promise<unknown> {
    const { done, closing } = this;
    const wrap = (settled: unknown): unknown => ({ value: settled, done });
    if (closing === null || done) return thenNatively(value, wrap);
    return thenNatively(value, wrap, (error) => {
      closeQuietly(closing);
      throw error;
    });
  }
}

/** What a sync iterator answered. `settled`: the promise that the wrapper gives is settled from the start. */
export type Answer =
  | { readonly kind: "value"; readonly value: unknown; readonly unwrapping: Unwrapping }
  | { readonly kind: "settled"; readonly outcome: Outcome };

/** The three methods of the language's wrapper around a sync iterator. `args`: as its own method was called. */
export function askSync(
  cursor: AsyncCursor,
  word: "next" | "return" | "throw",
  args: readonly unknown[],
): Answer {
  const { iterator } = cursor;
  try {
    const called = word === "next" ? null : getMethod(iterator, word);
    if (called === undefined) return word === "throw" ? withoutThrow(iterator) : ended(args[0]);
    const result = toResult(called === null ? cursor.next(...args) : Reflect.apply(called, iterator, args));
    const { done } = result as { readonly done?: unknown };
    const isDone = Boolean(done);
    const unwrapping = new Unwrapping(isDone, word === "return" ? null : iterator);
    return { kind: "value", value: (result as { readonly value?: unknown }).value, unwrapping };
  } catch (error) {
    return failed(error);
  }
}

function ended(value: unknown): Answer {
  return { kind: "settled", outcome: { threw: false, value: { value, done: true } } };
}

function failed(error: unknown): Answer {
  return { kind: "settled", outcome: { threw: true, value: error } };
}

function withoutThrow(iterator: object): Answer {
  const returns = getMethod(iterator, "return");
  if (returns !== undefined && !isObject(Reflect.apply(returns, iterator, [])))
    return failed(new TypeError("return called on non-object"));
  return failed(new TypeError("The iterator does not provide a 'throw' method."));
}

/** Without an execution: the promise that the language's wrapper gives. */
export function answerNatively(answer: Answer): Promise<unknown> {
  if (answer.kind === "settled") {
    const { threw, value } = answer.outcome;
    return threw ? Promise.reject(value) : Promise.resolve(value);
  }
  const { value, unwrapping } = answer;
  try {
    return unwrapping.apply(Promise.resolve(value));
  } catch (error) {
    if (!unwrapping.done && unwrapping.closing !== null) closeQuietly(unwrapping.closing);
    return Promise.reject(error);
  }
}

/** An error is on its way already: what goes wrong here is not heard. */
function closeQuietly(iterator: object): void {
  try {
    const returns = getMethod(iterator, "return");
    if (returns !== undefined) Reflect.apply(returns, iterator, []);
  } catch {
    return;
  }
}

/** `callee` is how the language names the iterable in its error. */
export function asyncCursor(iterable: unknown, callee: string): AsyncCursor {
  if (iterable === null || iterable === undefined) {
    throw new TypeError(`Cannot read properties of ${iterable} (reading 'Symbol(Symbol.asyncIterator)')`);
  }
  const holder = iterable as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown };
  const method = holder[Symbol.asyncIterator];
  if (method !== undefined && method !== null)
    return toCursor(iterable, { method, callee, name: "Symbol.asyncIterator" });
  const syncMethod = holder[Symbol.iterator];
  const own = nativeCursor(iterable, syncMethod);
  if (own !== null) return toOwnCursor(new CursorIterator(own));
  return toCursor(iterable, { method: syncMethod, callee, name: "Symbol.iterator" });
}

function toOwnCursor(iterator: CursorIterator): AsyncCursor {
  return new AsyncCursor(iterator, findData(iterator, "next"), true);
}

interface Found {
  readonly method: unknown;
  readonly callee: string;
  readonly name: "Symbol.asyncIterator" | "Symbol.iterator";
}

function toCursor(iterable: unknown, { method, callee, name }: Found): AsyncCursor {
  if (typeof method !== "function") throw new TypeError(`${callee} is not async iterable`);
  const iterator: unknown = Reflect.apply(method, iterable, []);
  if (!isObject(iterator)) throw new TypeError(`Result of the ${name} method is not an object`);
  return new AsyncCursor(iterator, (iterator as { next?: unknown }).next, name === "Symbol.iterator");
}

/** Walks what the language walks by itself (see `cursors.ts`) as a sync iterator, and can be written. */
export class CursorIterator {
  readonly cursor: Cursor;
  constructor(walked: Cursor) {
    this.cursor = walked;
  }

  next(): unknown {
    const done = !this.cursor.next();
    return { value: this.cursor.value, done };
  }
}
