/**
 * The types of the machine contract: what compiled code hands to the runtime. `docs/machine.md` explains each
 * word with an example.
 */

import type { AsyncCursor } from "./asyncCursor.ts";
import type { StepOptions } from "./authoring.ts";

/** The vocabulary this runtime speaks. It runs machines of this number and of every older one. */
export const VOCABULARY = 1;

/** What happens at a checkpoint, for people and tools. `value` is an await of anything that is no operation. */
export type CheckpointKind =
  | "step"
  | "wait"
  | "callback"
  | "waitForCallback"
  | "checkpoint"
  | "condition"
  | "context"
  | "batch"
  | "invoke"
  | "signal"
  | "task"
  | "call"
  | "next"
  | "close"
  | "yield"
  | "value";

/** A numbered place in the source where the state of a task can be written down. */
export interface CheckpointInfo {
  readonly kind: CheckpointKind;
  /** The step's or operation's name, where it is known at compile time. */
  readonly name?: string;
  /** 1-based position of the await (or of the call that starts the operation) in `source`. */
  readonly line: number;
  readonly column: number;
  /** Slots that are read after this checkpoint. Absent for a start that is not awaited there. */
  readonly live?: readonly string[];
}

/** A frame's variables by slot name. */
export type Slots = Record<string, unknown>;

/** The part of a frame that emitted code uses. */
export interface FrameWords {
  pc: number;
  await(checkpoint: number, value: unknown): unknown;
  resume(): unknown;
  done(value: unknown): unknown;
  next(checkpoint: number, cursor: AsyncCursor): unknown;
  close(checkpoint: number, cursor: AsyncCursor): unknown;
  yield(checkpoint: number, value: unknown): unknown;
  delegate(checkpoint: number, iterable: unknown): unknown;
  returns(): boolean;
  at<T>(checkpoint: number, promise: T): T;
  step(checkpoint: number, name: string, args: readonly unknown[], options?: StepOptions): Promise<unknown>;
  call(checkpoint: number, name: string, fn: unknown, self: unknown, args: readonly unknown[]): unknown;
}

/** Makes the slots of a new frame from the call's arguments. */
export type Enter = (this: unknown, ...args: never[]) => Slots;

/** A compiled durable function. */
export interface MachineDefinition {
  readonly vocabulary: number;
  /** `path#name`, stable across builds. */
  readonly id: string;
  /** Hash of everything that decides how a stored frame is read and continued. */
  readonly hash: string;
  readonly name: string;
  /** The author's file, relative to the project's root, with forward slashes. */
  readonly source: string;
  /** Set for a generator function: its frame belongs to a generator object. */
  readonly generator?: "sync" | "async";
  /** Absent on durable closures, whose `enter` comes with the closure. */
  readonly enter?: Enter;
  /** Bodies of implicit steps by checkpoint number. */
  readonly calls?: Readonly<Record<number, (...args: never[]) => unknown>>;
  readonly checkpoints: Readonly<Record<number, CheckpointInfo>>;
  run(frame: FrameWords, slots: Slots): unknown;
}
