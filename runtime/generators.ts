/**
 * Generator objects of durable code that are not asynchronous: the language's state machine, with the frame in the open.
 * Nothing here waits, so operations that the body starts belong to whoever asks for the next value.
 */
import { CursorIterator } from "./asyncCursor.ts";
import { nativeCursor } from "./cursors.ts";
import type { Frame } from "./frame.ts";
import { currentFrame } from "./frame.ts";
import { defineMethods, toGeneratorPrototype } from "./generatorFunctions.ts";
import { findData, getMethod, isObject, nameOf, toResult } from "./protocol.ts";
import { operation } from "./registry.ts";

export type Word = "next" | "return" | "throw";

/** What `yield*` hands its words on to. */
export class Delegate {
  readonly iterator: object;
  /** Its `next`, read once; null after a restore, if it is the one that the iterator still has. */
  private method: unknown;

  constructor(iterator: object, method: unknown) {
    this.iterator = iterator;
    this.method = method;
  }

  next(value: unknown): unknown {
    this.method ??= (this.iterator as { next?: unknown }).next;
    return Reflect.apply(this.method as (value: unknown) => unknown, this.iterator, [value]);
  }

  /** What a snapshot holds. */
  save(): readonly unknown[] {
    return [this.iterator, this.method === findData(this.iterator, "next") ? null : this.method];
  }
}

export type GeneratorPhase = "start" | "suspended" | "running" | "done";

/** What belongs to one generator object. */
export class Generator {
  readonly kind = "sync";
  readonly frame: Frame;
  /** The generator function. */
  readonly fn: object | null;
  phase: GeneratorPhase = "start";
  delegate: Delegate | null = null;

  constructor(frame: Frame, fn: object | null) {
    this.frame = frame;
    this.fn = fn;
  }

  resume(word: Word, value: unknown): unknown {
    if (this.phase === "running") throw new TypeError("Generator is already running");
    if (this.phase === "start" && word !== "next") this.phase = "done";
    if (this.phase === "done") return answerAtEnd(word, value);
    const isFirst = this.phase === "start";
    this.phase = "running";
    if (isFirst) return this.run();
    if (this.delegate !== null) return this.pass(this.delegate, word, value);
    this.frame.receive(word, value);
    return this.run();
  }

  private run(): unknown {
    for (;;) {
      let value: unknown;
      try {
        value = this.frame.advanceInPlace();
      } catch (error) {
        this.phase = "done";
        throw error;
      }
      if (this.frame.finished) {
        this.phase = "done";
        return { value, done: true };
      }
      if (this.frame.takeStop() === "yield") return this.suspend({ value, done: false });
      try {
        this.delegate = toDelegate(value);
      } catch (error) {
        this.frame.receive("throw", error);
        continue;
      }
      return this.pass(this.delegate, "next", undefined);
    }
  }

  private suspend(result: unknown): unknown {
    this.phase = "suspended";
    currentFrame()?.task?.host.suspended(this.frame);
    return result;
  }

  /** Hands a word on to what `yield*` delegates to. Its answer goes out as it is, until it is done. */
  private pass(delegate: Delegate, word: Word, value: unknown): unknown {
    try {
      const result = askDelegate(delegate, word, value);
      if (result === null) this.finishDelegate("return", value);
      else if (!(result as { readonly done?: unknown }).done) return this.suspend(result);
      else
        this.finishDelegate(
          word === "return" ? "return" : "next",
          (result as { readonly value?: unknown }).value,
        );
    } catch (error) {
      this.finishDelegate("throw", error);
    }
    return this.run();
  }

  private finishDelegate(word: Word, value: unknown): void {
    this.delegate = null;
    this.frame.receive(word, value);
  }
}

function answerAtEnd(word: Word, value: unknown): unknown {
  if (word === "throw") throw value;
  return { value: word === "return" ? value : undefined, done: true };
}

function toDelegate(iterable: unknown): Delegate {
  const method = (iterable as { [Symbol.iterator]?: unknown } | null | undefined)?.[Symbol.iterator];
  if (typeof method !== "function")
    throw new TypeError(`${nameOf(iterable)} is not iterable (cannot read property Symbol(Symbol.iterator))`);
  const own = nativeCursor(iterable, method);
  if (own !== null) {
    const walked = new CursorIterator(own);
    return new Delegate(walked, findData(walked, "next"));
  }
  const iterator: unknown = Reflect.apply(method, iterable, []);
  if (!isObject(iterator)) throw new TypeError("Result of the Symbol.iterator method is not an object");
  return new Delegate(iterator, (iterator as { next?: unknown }).next);
}

/** Null: there is no `return`, so the generator itself returns. */
function askDelegate(delegate: Delegate, word: Word, value: unknown): object | null {
  const { iterator } = delegate;
  if (word === "next") return toResult(delegate.next(value));
  const method = getMethod(iterator, word);
  if (method !== undefined) return toResult(Reflect.apply(method, iterator, [value]));
  if (word === "return") return null;
  const returns = getMethod(iterator, "return");
  if (returns !== undefined) toResult(Reflect.apply(returns, iterator, []));
  throw new TypeError("The iterator does not provide a 'throw' method.");
}

const generators = new WeakMap<object, Generator>();

export function findGenerator(value: object): Generator | undefined {
  return generators.get(value);
}

/** Makes `object` the generator object of `generator`. */
export function bindGenerator<T extends object>(object: T, generator: Generator): T {
  generators.set(object, generator);
  return object;
}

export function createGenerator(frame: Frame, fn: object | null): object {
  const object = Object.create(toGeneratorPrototype(fn, "sync")) as object;
  return bindGenerator(object, new Generator(frame, fn));
}

// Inside durable code they are called, and make no step.
defineMethods("sync", (self, word, args) =>
  isObject(self) ? generators.get(self)?.resume(word, args[0]) : undefined,
).forEach(operation);
