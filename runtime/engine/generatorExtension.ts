/** Generator objects inside a snapshot: where the body stands, its slots, and what has not been answered. */
import type { AsyncCursor } from "../asyncCursor.ts";
import {
  AsyncGenerator,
  bindAsyncGenerator,
  findAsyncGenerator,
  type AsyncPhase,
  type Awaited,
  type GeneratorRequest,
} from "../asyncGenerators.ts";
import type { Slots } from "../contract.ts";
import { CannotEncode } from "../errors.ts";
import { Frame } from "../frame.ts";
import { toGeneratorPrototype } from "../generatorFunctions.ts";
import { bindGenerator, Delegate, findGenerator, Generator, type GeneratorPhase } from "../generators.ts";
import { functionRegistry, liveSlots } from "../registry.ts";
import type { Extension } from "../values/contract.ts";
import type { Execution } from "./execution.ts";
import { toMachine } from "./placement.ts";

interface SavedGenerator {
  readonly machine: string;
  readonly hash: string;
  readonly pc: number;
  readonly phase: GeneratorPhase | AsyncPhase;
  readonly slots: Slots;
  /** A closure; null: the machine's own function. */
  readonly fn: object | null;
}

interface SavedSync extends SavedGenerator {
  readonly delegate: readonly unknown[] | null;
}

interface SavedAsync extends SavedGenerator {
  readonly delegate: AsyncCursor | null;
  readonly awaited: Awaited;
  readonly queue: readonly GeneratorRequest[];
  readonly path: string;
  readonly context: string;
  readonly ordinal: number;
}

export function generatorExtensions(execution: Execution): readonly Extension[] {
  return [
    {
      tag: "g",
      early: true,
      matches: (value) => findGenerator(value) !== undefined,
      write: (value) => [saveSync(findGenerator(value) as Generator)],
      names: () => ["generator"],
      create: () => ({}),
      fill: (value, [saved]) =>
        void execution.decoded.push(() => restoreSync(execution, value, saved as SavedSync)),
    },
    {
      tag: "ag",
      early: true,
      matches: (value) => findAsyncGenerator(value) !== undefined,
      write: (value) => [saveAsync(execution, findAsyncGenerator(value) as AsyncGenerator)],
      names: () => ["generator"],
      create: () => ({}),
      fill: (value, [saved]) =>
        void execution.decoded.push(() => restoreAsync(execution, value, saved as SavedAsync)),
    },
  ];
}

function saveSync({ frame, fn, phase, delegate }: Generator): SavedSync {
  return { ...saveFrame(frame), phase, fn: toSaved(frame, fn), delegate: delegate?.save() ?? null };
}

function saveAsync(execution: Execution, generator: AsyncGenerator): SavedAsync {
  const { frame, fn, phase, delegate, awaited, queue } = generator;
  if (frame.task?.host !== execution.host) {
    throw new CannotEncode("it is an async generator that was not made by this execution; make it inside");
  }
  const { path, context, ordinal } = frame.task;
  const place = { path, context, ordinal };
  const body = { ...saveFrame(frame), phase, fn: toSaved(frame, fn), ...place };
  return { ...body, delegate, awaited, queue: [...queue] };
}

function toSaved({ machine }: Frame, fn: object | null): object | null {
  return machine.enter === undefined ? fn : null;
}

function toFunction({ machine, fn }: SavedGenerator): object | null {
  return fn ?? functionRegistry.functionOf(machine) ?? null;
}

/** Before its first step a frame has all its slots, later those that are live where it stands, at its end none. */
function saveFrame({ machine, pc, slots }: Frame): Omit<SavedGenerator, "phase" | "fn"> {
  const names = machine.checkpoints[pc]?.live ?? [];
  const values = liveSlots(machine, pc, slots);
  const live = Object.fromEntries(names.map((name, index) => [name, values[index]]));
  return { machine: machine.id, hash: machine.hash, pc, slots: pc === 0 ? slots : live };
}

function restoreSync(execution: Execution, value: object, saved: SavedSync): void {
  const generator = new Generator(restoreFrame(execution, saved), toFunction(saved));
  generator.phase = saved.phase as GeneratorPhase;
  const [iterator, method] = saved.delegate ?? [];
  generator.delegate = saved.delegate === null ? null : new Delegate(iterator as object, method);
  Object.setPrototypeOf(bindGenerator(value, generator), toGeneratorPrototype(generator.fn, "sync"));
}

function restoreAsync(execution: Execution, value: object, saved: SavedAsync): void {
  const frame = restoreFrame(execution, saved);
  const { path, context, ordinal } = saved;
  const deferred = execution.promises.create({ kind: "task", path });
  frame.task = { host: execution.host, path, context, ordinal, deferred, awaiting: null, parked: 0 };
  const generator = new AsyncGenerator(frame, toFunction(saved));
  generator.phase = saved.phase;
  generator.awaited = saved.awaited;
  generator.delegate = saved.delegate;
  generator.queue.push(...saved.queue);
  Object.setPrototypeOf(bindAsyncGenerator(value, generator), toGeneratorPrototype(generator.fn, "async"));
}

function restoreFrame(execution: Execution, saved: SavedGenerator): Frame {
  const frame = new Frame(toMachine(execution.id, saved));
  frame.pc = saved.pc;
  frame.slots = { ...saved.slots };
  return frame;
}
