/**
 * The state of an execution as text: every unfinished frame (checkpoint and live slots), every pending operation, and
 * all values they reach, as one graph in which shared objects stay shared.
 */
import type { Unwrapping } from "../asyncCursor.ts";
import { findAsyncGenerator } from "../asyncGenerators.ts";
import { abortControllers, abortSignals } from "../abort.ts";
import { Context } from "../context.ts";
import { boundFunctions, importedFunctions, importedModules } from "../functions.ts";
import { innerMembers, isInnerClass, isInnerMember, makeClass } from "../innerClasses.ts";
import { CannotEncode, EncodeError, UnplaceableStateError } from "../errors.ts";
import { awaitOn, Frame } from "../frame.ts";
import type { ClosureRecord } from "../registry.ts";
import { classRegistry, findClosure, functionRegistry, liveSlots, makeClosure } from "../registry.ts";
import { namedRegistry, namedResults } from "../named.ts";
import { createCodec } from "../values/codec.ts";
import type { Codec, Extension } from "../values/contract.ts";
import type { TraceContext } from "../observer.ts";
import type { Compensation } from "../undoing.ts";
import { Box } from "../variables.ts";
import type { Execution } from "./execution.ts";
import { generatorExtensions } from "./generatorExtension.ts";
import { taskOf } from "./host.ts";
import { iterations } from "./iterations.ts";
import { SeededChance } from "./identity.ts";
import type { Settings } from "./settings.ts";
import { restoreOperation } from "./operations/create.ts";
import type { SavedOperation } from "./operations/create.ts";
import type { Operation, OperationHead } from "./operations/operation.ts";
import { toMachine } from "./placement.ts";
import { promiseExtension } from "./promiseExtension.ts";

/** Version of the state's own layout. */
const LAYOUT = 1;

interface SavedFrame {
  readonly path: string;
  readonly context?: string;
  readonly ordinal: number;
  readonly machine: string;
  readonly hash: string;
  readonly pc: number;
  readonly parked: number;
  readonly slots: Readonly<Record<string, unknown>>;
  readonly awaiting: Promise<unknown>;
  readonly via?: Unwrapping;
  /** The object whose frame it is; that has the slots. */
  readonly generator?: object;
  readonly promise: Promise<unknown>;
}

interface SavedHead {
  readonly op: string;
  readonly name?: string;
  readonly site: number;
  readonly at?: string;
  readonly wrapped?: boolean;
  readonly promise: Promise<unknown>;
}

interface SavedState {
  readonly layout: number;
  readonly time: number;
  readonly chance: { readonly seed: string; readonly counter: number };
  readonly root: Promise<unknown>;
  readonly stopping?: string;
  readonly timedOut?: true;
  readonly timeoutAt?: number;
  readonly paused?: true;
  readonly trace?: TraceContext;
  readonly compensations?: readonly Compensation[];
  readonly signals?: Readonly<Record<string, readonly string[]>>;
  readonly settings?: ReturnType<Settings["save"]>;
  readonly frames: readonly SavedFrame[];
  readonly operations: readonly (SavedHead & { readonly state: SavedOperation })[];
}

/** The variable that cannot be written, and where it stands. */
export interface UnwritablePlace {
  readonly variable: string;
  /** Id of the durable function: `path#name`. */
  readonly function: string;
  readonly checkpoint: number;
  /** The author's file and 1-based line of the checkpoint. */
  readonly source: string;
  readonly line: number;
}

/** A state that cannot be written now, in the author's terms. */
export class UnwritableStateError extends EncodeError {
  /** Null: it is what an operation needs, not a variable. */
  readonly place: UnwritablePlace | null;
  constructor(path: string, reason: string, place: UnwritablePlace | null = null) {
    super(path, reason);
    this.place = place;
  }
}

/**
 * Inputs, results and errors: values alone. A promise or a closure in a result would be cut off from the execution it
 * belongs to, so it is refused here.
 */
export const payloadCodec: Codec = createCodec({
  extensions: [importedModules],
  classes: classRegistry,
  functions: functionRegistry,
  named: namedResults,
});

/** The same, for people and other processes: what this build lacks is no reason to see nothing. */
export const viewCodec: Codec = createCodec({
  extensions: [importedModules],
  classes: classRegistry,
  functions: functionRegistry,
  named: namedResults,
  toLookAt: true,
});

/** The codec of one execution: it knows the execution's promises, and the code of this build. */
export function stateCodec(execution: Execution): Codec {
  return createCodec({
    extensions: [
      boxes,
      closures,
      ...iterations(execution),
      ...generatorExtensions(execution),
      contexts(execution),
      promiseExtension(execution),
      execution.made.extension,
      boundFunctions,
      importedModules,
      importedFunctions,
      abortControllers,
      abortSignals,
      innerMembers,
    ],
    classes: { ...classRegistry, isLocal: isInnerClass },
    functions: functionRegistry,
    named: namedRegistry,
  });
}

/** Of what a step's body is given: values, closures and what they hold; but no promises, which are the execution's. */
export function sharedCodec(execution: Execution): Codec {
  return createCodec({
    extensions: [boxes, closures, contexts(execution), boundFunctions, importedModules, importedFunctions],
    classes: classRegistry,
    functions: functionRegistry,
    named: namedRegistry,
  });
}

/** Throws `UnwritableStateError` that names the variable and the checkpoint. */
export function saveState(execution: Execution): string {
  const { chance, time, root } = execution;
  if (root === null) throw new TypeError("An execution without a root has no state.");
  const frames = [...execution.frames];
  try {
    const state: SavedState = {
      layout: LAYOUT,
      time,
      chance: { seed: chance.seed, counter: chance.counter },
      root: root.promise,
      ...(execution.stopping === null ? {} : { stopping: execution.stopping }),
      ...(execution.timedOut ? { timedOut: true } : {}),
      ...(execution.timeoutAt === null ? {} : { timeoutAt: execution.timeoutAt }),
      ...(execution.paused ? { paused: true } : {}),
      ...(execution.trace === null ? {} : { trace: execution.trace }),
      ...(execution.compensations.length === 0 ? {} : { compensations: execution.compensations }),
      ...(execution.signals.size === 0 ? {} : { signals: Object.fromEntries(execution.signals) }),
      ...toSavedSettings(execution.settings.save()),
      frames: frames.map(saveFrame),
      operations: [...execution.operations.values()].map(saveOperation),
    };
    return execution.made.write(() => execution.codec.encode(state));
  } catch (error) {
    const ours = error instanceof EncodeError && !(error instanceof UnwritableStateError);
    throw ours ? inAuthorsTerms(error, frames, execution) : error;
  }
}

function toSavedSettings(settings: NonNullable<SavedState["settings"]>): Pick<SavedState, "settings"> {
  return settings.length === 0 ? {} : { settings };
}

/** Rebuilds frames, promises and operations in an execution that is still empty. Reactions are attached in their old order. */
export function restoreState(execution: Execution, text: string): void {
  const state = execution.codec.decode(text) as SavedState;
  for (const restore of execution.decoded.splice(0)) restore();
  if (state.layout !== LAYOUT) {
    throw new UnplaceableStateError(
      `The state of ${execution.id} has layout ${state.layout}, not ${LAYOUT}.`,
    );
  }
  const { promises } = execution;
  execution.time = state.time;
  execution.stopping = state.stopping ?? null;
  execution.timedOut = state.timedOut ?? false;
  execution.timeoutAt = state.timeoutAt ?? null;
  execution.paused = state.paused ?? false;
  execution.trace = state.trace ?? null;
  execution.compensations.push(...(state.compensations ?? []));
  for (const [name, payloads] of Object.entries(state.signals ?? {}))
    execution.signals.set(name, [...payloads]);
  for (const [path, settings] of state.settings ?? []) execution.settings.configure(path, settings);
  execution.chance = new SeededChance(state.chance.seed, state.chance.counter);
  execution.root = promises.find(state.root) ?? null;
  const reactions = promises.takeRestored();
  for (const saved of state.frames) {
    const frame = restoreFrame(execution, saved);
    execution.frames.add(frame);
    reactions.push({ order: saved.parked, attach: () => awaitOn(frame, taskOf(frame), saved.awaiting) });
  }
  for (const { state: operationState, promise, ...ref } of state.operations) {
    const record = promises.find(promise);
    if (record === undefined) throw new UnplaceableStateError(`Operation ${ref.op} has no promise.`);
    const head: OperationHead = { ...ref, record };
    execution.operations.set(ref.op, restoreOperation(head, operationState, execution));
  }
  reactions.sort((a, b) => a.order - b.order);
  for (const { attach } of reactions) attach();
  promises.orderFrom(reactions.at(-1)?.order ?? 0);
  execution.watchRoot();
}

function saveFrame(frame: Frame): SavedFrame {
  const { machine, pc, slots } = frame;
  const { path, context, ordinal, parked, awaiting, deferred } = taskOf(frame);
  if (awaiting === null) throw new TypeError(`Frame "${path}" is not parked.`);
  const names = machine.checkpoints[pc]?.live ?? [];
  const values = liveSlots(machine, pc, slots);
  return {
    path,
    ...(context === "" ? {} : { context }),
    ordinal,
    machine: machine.id,
    hash: machine.hash,
    pc,
    parked,
    ...(frame.generator === null
      ? { slots: Object.fromEntries(names.map((name, index) => [name, values[index]])) }
      : { slots: {}, generator: frame.generator.object }),
    awaiting,
    ...(frame.via === null ? {} : { via: frame.via }),
    promise: deferred.promise,
  };
}

function restoreFrame(execution: Execution, saved: SavedFrame): Frame {
  if (saved.generator !== undefined) return restoreGeneratorFrame(saved, saved.generator);
  const machine = toMachine(execution.id, saved);
  const deferred = execution.promises.find(saved.promise);
  if (deferred === undefined) throw new UnplaceableStateError(`Frame "${saved.path}" has no promise.`);
  const frame = new Frame(machine);
  const { path, context = "", ordinal, parked } = saved;
  frame.task = { host: execution.host, path, context, ordinal, deferred, awaiting: null, parked };
  frame.pc = saved.pc;
  frame.slots = { ...saved.slots };
  frame.via = saved.via ?? null;
  return frame;
}

/** The generator object has its frame; here it only goes back to waiting. */
function restoreGeneratorFrame({ path, via, parked }: SavedFrame, object: object): Frame {
  const frame = findAsyncGenerator(object)?.frame;
  if (frame === undefined) throw new UnplaceableStateError(`Frame "${path}" has no generator.`);
  frame.via = via ?? null;
  taskOf(frame).parked = parked;
  return frame;
}

function saveOperation(operation: Operation): SavedHead & { readonly state: SavedOperation } {
  const { record, ...ref } = operation.head;
  try {
    const state = { kind: operation.kind, ...operation.save() } as SavedOperation;
    return { ...ref, promise: record.promise, state };
  } catch (error) {
    if (!(error instanceof CannotEncode)) throw error;
    throw new UnwritableStateError(describeOperation(operation), error.message);
  }
}

function describeOperation({ kind, head: { name, at } }: Operation): string {
  return `what the ${kind}${name === undefined ? "" : ` "${name}"`}${at === undefined ? "" : ` (${at})`} needs`;
}

const boxes: Extension = {
  tag: "b",
  early: true,
  matches: (value) => value instanceof Box,
  write: (value) => [(value as Box).v],
  create: () => new Box(undefined),
  fill: (value, parts) => {
    (value as Box).v = parts[0];
  },
};

/** A context is its path; the execution it belongs to is the one that is being read. */
function contexts(execution: Execution): Extension {
  return {
    tag: "x",
    matches: (value) => value instanceof Context,
    write: (value) => [(value as Context).path],
    create: ([path]) => new Context(String(path), execution.host),
  };
}

const closures: Extension = {
  tag: "c",
  matches: (value) => findClosure(value) !== undefined,
  write: (value) => {
    const { id, captures } = findClosure(value) as ClosureRecord;
    return [id, ...captures];
  },
  create: ([id, ...captures]) => {
    const record = { id: id as string, captures };
    const made = makeClosure(record) ?? makeClass(record);
    if (made === undefined) throw new UnplaceableStateError(`This build has no closure ${String(id)}.`);
    return made;
  },
  owns: isInnerMember,
};

const FRAME_PATH = /^frames\[(\d+)\]\.(?:generator\.generator\.)?slots\.?(.*)$/;
const OPERATION_PATH = /^operations\[(\d+)\]\.(.*)$/;

function inAuthorsTerms(
  error: EncodeError,
  frames: readonly Frame[],
  execution: Execution,
): UnwritableStateError {
  const inFrame = FRAME_PATH.exec(error.path);
  const frame = frames[Number(inFrame?.[1])];
  if (inFrame !== null && frame !== undefined) {
    const { machine, pc: checkpoint } = frame;
    const line = machine.checkpoints[checkpoint]?.line ?? 0;
    const reason = `${error.reason}, and it is live at checkpoint ${checkpoint} of ${machine.name} (${machine.source}:${line})`;
    const path = inFrame[2] ?? "";
    const variable = /^[^.[]*/.exec(path)?.[0] ?? path;
    const place = { variable, function: machine.id, checkpoint, source: machine.source, line };
    return new UnwritableStateError(path, reason, place);
  }
  if (error.path.startsWith("settings")) {
    return new UnwritableStateError(`what a context was configured with (${error.path})`, error.reason);
  }
  const operation = [...execution.operations.values()][Number(OPERATION_PATH.exec(error.path)?.[1])];
  if (operation === undefined) return new UnwritableStateError(error.path, error.reason);
  return new UnwritableStateError(describeOperation(operation), error.reason);
}
