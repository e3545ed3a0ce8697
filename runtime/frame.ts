/**
 * Frames and how they are driven.
 *
 * A frame is one activation of a durable function: where it stands (`pc`) and its slots. A *host* gives awaits and
 * operations their meaning. Without an execution around it (a unit test calls the function) a frame is *detached*:
 * a native async function drives it, so timing is that of the source to the tick. Inside an execution the driver is
 * a pair of callbacks, because a frame that was read from a snapshot has no native activation to return to, and live
 * and restored frames must run the same code, tick for tick.
 */
import { answerNatively, askSync, type Answer, type AsyncCursor, type Unwrapping } from "./asyncCursor.ts";
import type { Enter, FrameWords, MachineDefinition, Slots } from "./contract.ts";
import { thenNatively } from "./durablePromise.ts";
import { isOperation, findDurable } from "./registry.ts";
import { isInPlace } from "./inPlace.ts";
import { rootArguments } from "./rootArguments.ts";
import { noteCaller } from "./stack.ts";
import type { StepOptions } from "./authoring.ts";
import type { Host, Outcome, Task } from "./host.ts";

export { combineNatively } from "./host.ts";
export type { Combinator, Deferred, Host, Outcome, Task } from "./host.ts";

const DONE = -1;
/** Before the parameter list is evaluated. */
const NO_SLOTS: Slots = Object.freeze({});

/** Which frame's code runs right now. Set only during `run`, which is synchronous: no other code can see it. */
const running: { frame: Frame | null } = { frame: null };

export function currentFrame(): Frame | null {
  return running.frame;
}

/** Runs code as a part of `frame`: what it starts belongs there. */
export function within<T>(frame: Frame, body: () => T): T {
  const before = running.frame;
  running.frame = frame;
  try {
    return body();
  } finally {
    running.frame = before;
  }
}

/** Runs ordinary code (a step's body) as if no durable function were around. */
export function outsideFrames<T>(body: () => T): T {
  const before = running.frame;
  running.frame = null;
  try {
    return body();
  } finally {
    running.frame = before;
  }
}

export class Frame implements FrameWords {
  readonly machine: MachineDefinition;
  /** Null when detached: then the promise its caller holds is that of the native driver. */
  task: Task | null = null;
  pc = 0;
  slots: Slots = NO_SLOTS;
  /** What comes between the promise it waits for and the value it gets; null: nothing. */
  via: Unwrapping | null = null;
  /** Set when it is the frame of a generator that awaits: it is told instead of `drive`. */
  generator: { readonly object: object; settled(threw: boolean, value: unknown): void } | null = null;
  private sent: unknown = undefined;
  private threw = false;
  private returning = false;
  private stop: Stop = "await";

  constructor(machine: MachineDefinition) {
    this.machine = machine;
  }

  await(checkpoint: number, value: unknown): unknown {
    this.pc = checkpoint;
    if (this.task !== null) this.task.host.label(this, checkpoint, value);
    return value;
  }

  resume(): unknown {
    const { sent } = this;
    this.sent = undefined;
    if (this.threw) this.rethrow(sent);
    return sent;
  }

  /** Apart, so that `resume` stays small enough to be inlined. */
  private rethrow(error: unknown): never {
    this.threw = false;
    throw error;
  }

  done(value: unknown): unknown {
    this.pc = DONE;
    return value;
  }

  at<T>(checkpoint: number, promise: T): T {
    if (this.task !== null) this.task.host.label(this, checkpoint, promise);
    return promise;
  }

  next(checkpoint: number, cursor: AsyncCursor): unknown {
    if (!cursor.wraps) return this.await(checkpoint, cursor.next());
    return this.await(checkpoint, this.toAwaitable(askSync(cursor, "next", [])));
  }

  close(checkpoint: number, cursor: AsyncCursor): unknown {
    if (!cursor.wraps) return this.await(checkpoint, cursor.close());
    return this.await(checkpoint, this.toAwaitable(askSync(cursor, "return", [])));
  }

  /** Inside an execution the frame waits for the value itself: the promise of the wrapper could not be stored. */
  toAwaitable(answer: Answer): unknown {
    if (this.task === null) return answerNatively(answer);
    if (answer.kind === "settled") return settled(this.task.host, answer.outcome);
    this.via = answer.unwrapping;
    return answer.value;
  }

  yield(checkpoint: number, value: unknown): unknown {
    this.pc = checkpoint;
    this.stop = "yield";
    return value;
  }

  delegate(checkpoint: number, iterable: unknown): unknown {
    this.pc = checkpoint;
    this.stop = "delegate";
    return iterable;
  }

  /** What the machine stopped for. */
  takeStop(): Stop {
    const { stop } = this;
    this.stop = "await";
    return stop;
  }

  returns(): boolean {
    const { returning } = this;
    this.returning = false;
    return returning;
  }

  step(checkpoint: number, name: string, args: readonly unknown[], options?: StepOptions): Promise<unknown> {
    if (this.task === null) return applyBody(bodyOf(this.machine, checkpoint), args) as Promise<unknown>;
    const body = { kind: "call", machine: this.machine, checkpoint, args } as const;
    return this.at(checkpoint, this.task.host.operate(this, { kind: "step", name, body, options }));
  }

  // The five values of an emitted dynamic call: positional, because emitted code is read by people.
  call(...[checkpoint, name, fn, self, args]: Parameters<FrameWords["call"]>): unknown {
    const callable = fn as (...args: readonly unknown[]) => unknown;
    const seen = seeThrough(fn, self, args);
    if (seen !== null) return this.call(checkpoint, name, ...seen);
    if (typeof fn !== "function") throw new TypeError(`${name} is not a function`);
    if (this.task === null || isOperation(fn) || findDurable(fn) !== undefined || isInPlace(fn)) {
      return this.at(checkpoint, Reflect.apply(callable, self, args));
    }
    const body = { kind: "function", fn: callable, self, args } as const;
    return this.at(
      checkpoint,
      this.task.host.operate(this, { kind: "step", name, body, options: undefined }),
    );
  }

  /** The driver's side of `resume`. */
  deliver(threw: boolean, value: unknown): void {
    if (threw) noteCaller(value, this.machine, this.pc);
    this.threw = threw;
    this.sent = value;
  }

  /** To a generator: how its `yield` goes on. */
  receive(word: "next" | "return" | "throw", value: unknown): void {
    this.deliver(word === "throw", value);
    this.returning = word === "return";
  }

  finish(): void {
    this.pc = DONE;
  }

  get finished(): boolean {
    return this.pc === DONE;
  }

  /** Evaluates the parameter list. */
  enter({ enter, self, args }: Call): void {
    const before = running.frame;
    running.frame = this;
    try {
      this.slots = Reflect.apply(enter, self, args);
    } finally {
      running.frame = before;
    }
  }

  /** As `enter` and `advance`, for a sync generator: what it does is done by whoever calls it. */
  enterInPlace({ enter, self, args }: Call): void {
    this.slots = Reflect.apply(enter, self, args);
  }

  advanceInPlace(): unknown {
    return this.machine.run(this, this.slots);
  }

  /** Runs to the next await, the end or an exception. */
  advance(): unknown {
    const before = running.frame;
    running.frame = this;
    try {
      return this.machine.run(this, this.slots);
    } finally {
      running.frame = before;
    }
  }
}

/** What a machine stops for. `yield*` is `delegate`. */
export type Stop = "await" | "yield" | "delegate";

/** `f.call(self, x)`, `f.apply(self, [x])`: the call of `f` that they make. */
export function seeThrough(
  ...[fn, self, args]: [fn: unknown, self: unknown, args: readonly unknown[]]
): [fn: unknown, self: unknown, args: readonly unknown[]] | null {
  if (typeof self !== "function") return null;
  if (fn === Function.prototype.call) return [self, args[0], args.slice(1)];
  if (fn !== Function.prototype.apply) return null;
  return [self, args[0], Array.from((args[1] ?? []) as ArrayLike<unknown>)];
}

/** The body of the implicit step at `checkpoint`. */
export function bodyOf(machine: MachineDefinition, checkpoint: number): (...args: never[]) => unknown {
  const body = machine.calls?.[checkpoint];
  if (body === undefined) throw new TypeError(`${machine.id} has no call at checkpoint ${checkpoint}.`);
  return body;
}

/** Few arguments are passed without a spread, which takes as long as half of the call. */
export function applyBody(body: (...args: never[]) => unknown, args: readonly unknown[]): unknown {
  const call = body as (...args: readonly unknown[]) => unknown;
  switch (args.length) {
    case 0:
      return call();
    case 1:
      return call(args[0]);
    case 2:
      return call(args[0], args[1]);
    case 3:
      return call(args[0], args[1], args[2]);
    default:
      return call(...args);
  }
}

/** How a durable function was called. */
export interface Call {
  readonly enter: (...args: unknown[]) => Slots;
  readonly self: unknown;
  readonly args: ArrayLike<unknown>;
}

/** What a durable function does when it is called. A closure brings its own `enter`: that of its captures. */
export function start(
  machine: MachineDefinition,
  self: unknown,
  args: ArrayLike<unknown>,
  ...closure: [enter?: Enter]
): Promise<unknown> {
  const enter = closure.length === 0 ? machine.enter : closure[0];
  const parent = running.frame;
  const frame = new Frame(machine);
  const isRoot = parent === null && args.length === 1 && enter === machine.enter && enter !== undefined;
  const given = isRoot ? rootArguments(enter, args[0], null) : args;
  const call: Call = { enter: enter as Call["enter"], self, args: given };
  if (parent === null || parent.task === null) return startDetached(frame, call);
  return launch(frame, call, parent.task.host.begin(frame, parent));
}

/** Starts a frame inside an execution. */
export function launch(frame: Frame, call: Call, task: Task): Promise<unknown> {
  frame.task = task;
  try {
    frame.enter(call);
  } catch (error) {
    finish(frame, task, { threw: true, value: error });
    return task.deferred.promise;
  }
  drive(frame, task);
  return task.deferred.promise;
}

function startDetached(frame: Frame, call: Call): Promise<unknown> {
  try {
    frame.enter(call);
  } catch (error) {
    return Promise.reject(error);
  }
  return driveDetached(frame);
}

/**
 * One `try` around the whole loop, not one around each await: V8 then keeps the await as cheap as a native one (a tenth
 * of the time of an await, `npm run bench -- awaits`). `isParked` tells what the exception came from.
 */
async function driveDetached(frame: Frame): Promise<unknown> {
  const { machine, slots } = frame;
  let isParked = false;
  let before = running.frame;
  for (;;) {
    try {
      for (;;) {
        isParked = false;
        running.frame = frame;
        const value = machine.run(frame, slots);
        running.frame = before;
        if (frame.finished) return value;
        isParked = true;
        frame.deliver(false, await value);
        before = null;
      }
    } catch (error) {
      if (!isParked) {
        running.frame = before;
        throw error;
      }
      before = null;
      frame.deliver(true, error);
    }
  }
}

/** Runs a frame of an execution until it parks or ends. */
function drive(frame: Frame, task: Task): void {
  let value: unknown;
  try {
    value = frame.advance();
  } catch (error) {
    finish(frame, task, { threw: true, value: error });
    return;
  }
  if (frame.finished) finish(frame, task, { threw: false, value });
  else awaitOn(frame, task, task.host.park(frame, value));
}

/** Waits as `await` does: one reaction on the promise, nothing else. Also how a restored frame goes back to waiting. */
export function awaitOn(frame: Frame, task: Task, promise: Promise<unknown>): void {
  task.awaiting = promise;
  thenNatively(
    frame.via === null ? promise : frame.via.apply(promise),
    (value) => goOn(frame, false, value),
    (error) => goOn(frame, true, error),
  );
}

function goOn(frame: Frame, threw: boolean, value: unknown): void {
  const task = frame.task as Task;
  task.awaiting = null;
  frame.via = null;
  if (frame.generator !== null) return frame.generator.settled(threw, value);
  frame.deliver(threw, value);
  drive(frame, task);
}

/** A settled promise that a snapshot can hold. */
function settled(host: Host, outcome: Outcome): Promise<unknown> {
  const promise = host.defer();
  host.settle(promise, outcome);
  return promise;
}

function finish(frame: Frame, { host, deferred }: Task, { threw, value }: Outcome): void {
  frame.pc = DONE;
  host.ended(frame);
  if (threw) deferred.reject(value);
  else deferred.resolve(value);
}
