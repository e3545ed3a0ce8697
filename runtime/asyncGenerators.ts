/**
 * Generator objects of durable `async function*`: the standard's machine, with its queue and its place in the open, so
 * that a snapshot can hold them. What it waits for, it waits for as any frame does; `awaited` says what the wait is of.
 */
import { askSync, asyncCursor, type AsyncCursor } from "./asyncCursor.ts";
import { defer, settle } from "./deferrals.ts";
import type { Frame, Outcome } from "./frame.ts";
import { awaitOn } from "./frame.ts";
import { defineMethods, toGeneratorPrototype } from "./generatorFunctions.ts";
import type { Word } from "./generators.ts";
import { getMethod, toResult } from "./protocol.ts";
import { operation } from "./registry.ts";

/** One call of `next`, `return` or `throw` that has not been answered. */
export interface GeneratorRequest {
  readonly word: Word;
  readonly value: unknown;
  readonly promise: Promise<unknown>;
}

export type AsyncPhase = "start" | "suspended" | "running" | "draining" | "done";

/**
 * - `body`: an await of the author's; `operand`: what is to be yielded
 * - `return`: the value of a `return()` that came while it stood at a yield
 * - `end`: the value of a `return()` to a generator that is over
 * - `next`, `throw`, `returns`: the answer of what `yield*` delegates to
 * - `closing`: its `return()`, as it has no `throw`; `unclosed`: the value of `return()`, as it has no `return`
 */
export type Awaited =
  "body" | "operand" | "return" | "end" | "next" | "throw" | "returns" | "closing" | "unclosed";

export class AsyncGenerator {
  readonly kind = "async";
  readonly frame: Frame;
  /** The generator function. */
  readonly fn: object | null;
  phase: AsyncPhase = "start";
  awaited: Awaited = "body";
  /** What `yield*` hands its words on to. */
  delegate: AsyncCursor | null = null;
  readonly queue: GeneratorRequest[] = [];
  /** What the author's code holds. */
  object: object = this;

  constructor(frame: Frame, fn: object | null) {
    this.frame = frame;
    this.fn = fn;
    frame.generator = this;
  }

  request(word: Word, value: unknown): Promise<unknown> {
    const promise = this.frame.task?.host.defer() ?? defer();
    if (this.phase === "start" && word === "throw") this.phase = "done";
    this.queue.push({ word, value, promise });
    if (this.phase === "done" || (this.phase === "start" && word === "return")) this.drain();
    else if (this.phase === "start") this.run();
    else if (this.phase === "suspended") this.goOn();
    return promise;
  }

  /** What the frame waited for has settled. */
  settled(threw: boolean, value: unknown): void {
    switch (this.awaited) {
      case "body":
        return this.enter(threw ? "throw" : "next", value);
      case "operand":
        return threw ? this.enter("throw", value) : this.give(value);
      case "return":
        return this.receive(threw ? "throw" : "return", value);
      case "end":
        this.answer(threw ? { threw, value } : { threw, value: { value, done: true } });
        return this.drain();
      case "unclosed":
        return this.enter(threw ? "throw" : "return", value);
      case "closing":
        return this.enter("throw", threw ? value : toClosingError(value));
      case "next":
      case "throw":
      case "returns":
        return threw ? this.enter("throw", value) : this.takeAnswer(this.awaited, value);
    }
  }

  /** The next request of the queue goes to the body, which stands at a yield. */
  private goOn(): void {
    const [request] = this.queue;
    if (request === undefined) return this.suspend();
    this.begin();
    if (request.word === "return") this.wait("return", request.value);
    else this.receive(request.word, request.value);
  }

  private receive(word: Word, value: unknown): void {
    if (this.delegate !== null) this.pass(this.delegate, word, value);
    else this.enter(word, value);
  }

  /** Resumes the body itself: what it delegated to is over. */
  private enter(word: Word, value: unknown): void {
    this.delegate = null;
    this.frame.receive(word, value);
    this.run();
  }

  private run(): void {
    this.begin();
    for (;;) {
      let value: unknown;
      try {
        value = this.frame.advance();
      } catch (error) {
        return this.end({ threw: true, value: error });
      }
      if (this.frame.finished) return this.end({ threw: false, value: { value, done: true } });
      const stop = this.frame.takeStop();
      if (stop !== "delegate") return this.wait(stop === "yield" ? "operand" : "body", value);
      try {
        this.delegate = asyncCursor(value, "value");
      } catch (error) {
        this.frame.receive("throw", error);
        continue;
      }
      return this.pass(this.delegate, "next", undefined);
    }
  }

  /** Hands a word on to what `yield*` delegates to. */
  private pass(cursor: AsyncCursor, word: Word, value: unknown): void {
    try {
      if (cursor.wraps) {
        const answer = this.frame.toAwaitable(askSync(cursor, word, [value]));
        return this.wait(word === "return" ? "returns" : word, answer);
      }
      if (word === "next") return this.wait("next", cursor.next(value));
      const method = getMethod(cursor.iterator, word);
      if (method !== undefined) {
        const answer: unknown = Reflect.apply(method, cursor.iterator, [value]);
        return this.wait(word === "return" ? "returns" : word, answer);
      }
      if (word === "return") return this.wait("unclosed", value);
      if (cursor.closes()) return this.wait("closing", cursor.close());
      throw toClosingError({});
    } catch (error) {
      this.enter("throw", error);
    }
  }

  private takeAnswer(word: "next" | "throw" | "returns", answer: unknown): void {
    let value: unknown;
    let done: unknown;
    try {
      const result = toResult(answer) as { readonly done?: unknown; readonly value?: unknown };
      ({ done } = result);
      ({ value } = result);
    } catch (error) {
      return this.enter("throw", error);
    }
    if (!done) return this.give(value);
    this.enter(word === "returns" ? "return" : "next", value);
  }

  /** Answers the first request with a value that was yielded. */
  private give(value: unknown): void {
    this.answer({ threw: false, value: { value, done: false } });
    this.goOn();
  }

  private end(outcome: Outcome): void {
    this.answer(outcome);
    this.drain();
  }

  /** Answers what is left: the body is over. */
  private drain(): void {
    this.phase = "draining";
    for (let [request] = this.queue; request !== undefined; [request] = this.queue) {
      const { word, value } = request;
      if (word === "return") {
        this.frame.finish();
        return this.wait("end", value);
      }
      this.answer(
        word === "throw" ? { threw: true, value } : { threw: false, value: { value: undefined, done: true } },
      );
    }
    this.phase = "done";
    this.frame.finish();
    this.frame.task?.host.suspended(this.frame);
  }

  private answer(outcome: Outcome): void {
    const request = this.queue.shift();
    if (request === undefined) return;
    const { task } = this.frame;
    if (task === null) settle(request.promise, outcome);
    else task.host.settle(request.promise, outcome);
  }

  private begin(): void {
    this.phase = "running";
    this.frame.task?.host.resumed(this.frame);
  }

  private suspend(): void {
    this.phase = "suspended";
    this.frame.task?.host.suspended(this.frame);
  }

  private wait(awaited: Awaited, value: unknown): void {
    const { frame } = this;
    this.awaited = awaited;
    if (frame.task === null) return void this.waitHere(value);
    frame.task.host.resumed(frame);
    awaitOn(frame, frame.task, frame.task.host.park(frame, value));
  }

  /** Without an execution: the language's own await. */
  private async waitHere(value: unknown): Promise<void> {
    let settledValue: unknown;
    try {
      settledValue = await value;
    } catch (error) {
      return this.settled(true, error);
    }
    this.settled(false, settledValue);
  }
}

function toClosingError(result: unknown): unknown {
  try {
    toResult(result);
  } catch (error) {
    return error;
  }
  return new TypeError("The iterator does not provide a 'throw' method.");
}

const generators = new WeakMap<object, AsyncGenerator>();

export function findAsyncGenerator(value: object): AsyncGenerator | undefined {
  return generators.get(value);
}

/** Makes `object` the generator object of `generator`. */
export function bindAsyncGenerator<T extends object>(object: T, generator: AsyncGenerator): T {
  generators.set(object, generator);
  generator.object = object;
  return object;
}

export function createAsyncGenerator(frame: Frame, fn: object | null): object {
  const object = Object.create(toGeneratorPrototype(fn, "async")) as object;
  return bindAsyncGenerator(object, new AsyncGenerator(frame, fn));
}

// Inside durable code they are called, and make no step.
defineMethods("async", (self, word, args) => generators.get(self)?.request(word, args[0])).forEach(operation);
