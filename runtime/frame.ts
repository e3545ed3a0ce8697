/**
 * Frames and how they are driven.
 *
 * A frame is one activation of a durable function: where it stands (`pc`) and its slots. A *host* gives awaits and
 * operations their meaning. Without an execution around it (a unit test calls the function) a frame is *detached*:
 * a native async function drives it, so timing is that of the source to the tick. Inside an execution the driver is
 * a pair of callbacks, because a frame that was read from a snapshot has no native activation to return to, and live
 * and restored frames must run the same code, tick for tick.
 */
import type { Enter, FrameWords, MachineDefinition, Slots } from "./contract.ts";
import { isOperation, findDurable } from "./registry.ts";
import type { StepOptions } from "./authoring.ts";
import type { Request } from "./requests.ts";

const DONE = -1;

export interface Deferred {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface Host {
  /** A frame was started by `parent`, or by nobody. Inside an execution: gives it its id and its promise. */
  begin(frame: Frame, parent: Frame | null): Deferred | null;
  /** Inside an execution: what to wait for, instead of `value`. */
  park(frame: Frame, value: unknown): Promise<unknown>;
  ended(frame: Frame): void;
  /** The operation behind `promise` (if it is one's) belongs to `checkpoint` of `frame`. */
  label(frame: Frame, checkpoint: number, promise: unknown): void;
  operate(frame: Frame, request: Request): Promise<unknown>;
  all(values: Iterable<unknown>): Promise<unknown[]>;
  now(): number;
  random(): number;
  uuid(): string;
}

/** Which frame's code runs right now. Set only during `run`, which is synchronous: no other code can see it. */
const running: { frame: Frame | null } = { frame: null };

export function currentFrame(): Frame | null {
  return running.frame;
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
  readonly host: Host | null;
  /** Task id inside the execution: `""` for the root, then `3`, `3.1`... */
  path = "";
  /** Operations and child tasks started so far: the next one's id is `path.(ordinal + 1)`. */
  ordinal = 0;
  pc = 0;
  slots: Slots = {};
  /** What it waits for and since when (ascending through the execution), for the snapshot. */
  awaiting: Promise<unknown> | null = null;
  parked = 0;
  /** The promise its caller holds; null when detached, where the driver's own is used. */
  deferred: Deferred | null = null;
  private sent: unknown = undefined;
  private threw = false;

  constructor(machine: MachineDefinition, host: Host | null) {
    this.machine = machine;
    this.host = host;
  }

  await(checkpoint: number, value: unknown): unknown {
    this.pc = checkpoint;
    if (this.host !== null) this.host.label(this, checkpoint, value);
    return value;
  }

  resume(): unknown {
    const { sent } = this;
    this.sent = undefined;
    if (this.threw) {
      this.threw = false;
      throw sent;
    }
    return sent;
  }

  done(value: unknown): unknown {
    this.pc = DONE;
    return value;
  }

  at<T>(checkpoint: number, promise: T): T {
    if (this.host !== null) this.host.label(this, checkpoint, promise);
    return promise;
  }

  step(checkpoint: number, name: string, args: readonly unknown[], options?: StepOptions): Promise<unknown> {
    if (this.host === null) return bodyOf(this.machine, checkpoint)(...(args as never[])) as Promise<unknown>;
    const body = { kind: "call", machine: this.machine, checkpoint, args } as const;
    return this.at(checkpoint, this.host.operate(this, { kind: "step", name, body, options }));
  }

  // The five values of an emitted dynamic call: positional, because emitted code is read by people.
  call(...[checkpoint, name, fn, self, args]: Parameters<FrameWords["call"]>): unknown {
    const callable = fn as (...args: readonly unknown[]) => unknown;
    if (this.host === null || typeof fn !== "function" || isOperation(fn) || findDurable(fn) !== undefined) {
      return this.at(checkpoint, Reflect.apply(callable, self, args));
    }
    const body = { kind: "function", fn: callable, self, args } as const;
    return this.at(checkpoint, this.host.operate(this, { kind: "step", name, body, options: undefined }));
  }

  /** The driver's side of `resume`. */
  deliver(threw: boolean, value: unknown): void {
    this.threw = threw;
    this.sent = value;
  }

  get finished(): boolean {
    return this.pc === DONE;
  }

  /** Evaluates the parameter list. */
  enter(enter: () => Slots): void {
    const before = running.frame;
    running.frame = this;
    try {
      this.slots = enter();
    } finally {
      running.frame = before;
    }
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

/** The body of the implicit step at `checkpoint`. */
export function bodyOf(machine: MachineDefinition, checkpoint: number): (...args: never[]) => unknown {
  const body = machine.calls?.[checkpoint];
  if (body === undefined) throw new TypeError(`${machine.id} has no call at checkpoint ${checkpoint}.`);
  return body;
}

/** What a durable function does when it is called. */
export function start(
  machine: MachineDefinition,
  self: unknown,
  args: ArrayLike<unknown>,
  ...[enter = machine.enter]: [enter?: Enter]
): Promise<unknown> {
  const parent = running.frame;
  return launch(new Frame(machine, parent === null ? null : parent.host), parent, () =>
    Reflect.apply(enter as (...args: unknown[]) => Slots, self, args),
  );
}

/** Starts a new frame on its host; `enter` makes its slots. */
export function launch(frame: Frame, parent: Frame | null, enter: () => Slots): Promise<unknown> {
  const deferred = frame.host === null ? null : frame.host.begin(frame, parent);
  if (deferred === null) return driveDetached(frame, enter);
  frame.deferred = deferred;
  try {
    frame.enter(enter);
  } catch (error) {
    finish(frame, true, error);
    return deferred.promise;
  }
  drive(frame);
  return deferred.promise;
}

async function driveDetached(frame: Frame, enter: () => Slots): Promise<unknown> {
  frame.enter(enter);
  for (;;) {
    const value = frame.advance();
    if (frame.finished) return value;
    try {
      frame.deliver(false, await value);
    } catch (error) {
      frame.deliver(true, error);
    }
  }
}

/** Runs a frame of an execution until it parks or ends. */
function drive(frame: Frame): void {
  let value: unknown;
  try {
    value = frame.advance();
  } catch (error) {
    finish(frame, true, error);
    return;
  }
  if (frame.finished) finish(frame, false, value);
  else if (frame.host !== null) awaitOn(frame, frame.host.park(frame, value));
}

/** Waits as `await` does: one reaction on the promise, nothing else. Also how a restored frame goes back to waiting. */
export function awaitOn(frame: Frame, promise: Promise<unknown>): void {
  frame.awaiting = promise;
  promise.then(
    (value) => continueWith(frame, false, value),
    (error: unknown) => continueWith(frame, true, error),
  );
}

function continueWith(frame: Frame, threw: boolean, value: unknown): void {
  frame.awaiting = null;
  frame.deliver(threw, value);
  drive(frame);
}

function finish(frame: Frame, threw: boolean, value: unknown): void {
  frame.pc = DONE;
  frame.host?.ended(frame);
  if (threw) frame.deferred?.reject(value);
  else frame.deferred?.resolve(value);
}
