/** An execution as its frames see it. */
import { types } from "node:util";
import { customLogger } from "../customLogger.ts";
import type { PromiseHost } from "../durablePromise.ts";
import type { MachineDefinition } from "../contract.ts";
import type { Frame, Host, Task } from "../frame.ts";
import { currentFrame } from "../frame.ts";
import type { Request } from "../requests.ts";
import { toLogger } from "../logger.ts";
import { cancelPromise, cancelWithin } from "./cancel.ts";
import { contextFrame, startBranch } from "./branches.ts";
import type { Execution } from "./execution.ts";
import { createOperation } from "./operations/create.ts";
import type { OperationHead } from "./operations/operation.ts";
import { checkpointOperation, valueOperation } from "./operations/small.ts";
import { isThenable } from "./promises.ts";
import { addReaction } from "./reactions.ts";

export function frameHost(execution: Execution): Host {
  const { frames, operations, promises } = execution;
  return {
    id: execution.id,
    begin(frame: Frame, parent: Frame | null): Task {
      const path = parent === null ? "" : nextId(taskOf(parent));
      frames.add(frame);
      const deferred = promises.create({ kind: "task", path });
      const context = parent === null ? "" : taskOf(parent).context;
      return { host: this, path, context, ordinal: 0, deferred, awaiting: null, parked: 0 };
    },

    park(frame: Frame, value: unknown): Promise<unknown> {
      taskOf(frame).parked = promises.nextOrder();
      const foreign = isThenable(value);
      if (!foreign && !execution.hooks.handling.everyAwait) return Promise.resolve(value);
      if (foreign && promises.find(value) !== undefined) return value;
      const head = newHead(execution, frame, { name: undefined });
      place(frame, head, frame.pc);
      const { scope } = execution;
      execution.begin(
        foreign ? valueOperation(head, value, scope) : checkpointOperation(head, { value }, scope),
      );
      return head.record.promise;
    },

    ended: (frame) => void frames.delete(frame),
    // Nobody but its generator object holds it then: what nobody asks for any more is not stored.
    suspended: (frame) => void frames.delete(frame),
    resumed: (frame) => void frames.add(frame),

    label(frame: Frame, checkpoint: number, promise: unknown): void {
      const source = promises.find(promise)?.source;
      if (source?.kind !== "operation" && source?.kind !== "opening") return;
      const head = operations.get(source.op)?.head;
      if (head !== undefined && head.site === 0) place(frame, head, checkpoint);
    },

    operate(frame: Frame, request: Request, wrapped = false): Promise<unknown> {
      const head = newHead(execution, frame, { name: request.name, wrapped });
      const asked = execution.settings.apply(request, head.op);
      const { operation, promise, launch } = createOperation(head, asked, execution);
      if (operation !== null) execution.begin(operation);
      launch?.();
      return promise;
    },

    defer: () => promises.create({ kind: "deferred" }).promise,
    settle: (promise, outcome) => promises.settle(promise, outcome),
    place: (path, ordinal) => contextFrame(execution, path, ordinal),
    ...cancelling(execution),
    branch: (path, branch) => startBranch(execution, path, branch),
    compensate: (compensation) => void execution.compensations.push(compensation),
    log: toLog(execution),
    configure: (path, settings) => execution.settings.configure(path, settings),
    forget: (path) => execution.settings.forget(path),
    functionId: execution.functionId,

    combine: (combinator, elements) => {
      const frame = currentFrame();
      const toElement = (element: unknown): Promise<unknown> => toRecorded(execution, frame, element);
      return promises.combine(combinator, elements, toElement).promise;
    },
    promises: promiseHost(execution),
    now: () => execution.time,
    random: () => execution.chance.random(),
    uuid: () => execution.chance.uuid(),
  };
}

function promiseHost(execution: Execution): PromiseHost {
  const { promises, made } = execution;
  return {
    react(frame, promise, callbacks) {
      if (promises.find(promise) === undefined) return null;
      const task = taskOf(frame);
      return addReaction(execution, { ...callbacks, on: promise, path: nextId(task), context: task.context })
        .promise;
    },
    make: (frame) => made.make(nextId(taskOf(frame))),
    settled(frame, { threw, value }) {
      // `Promise.resolve` of a promise is that promise.
      if (!threw && types.isPromise(value) && value.constructor === Promise) return value;
      const record = promises.create({ kind: "task", path: nextId(taskOf(frame)) });
      if (threw) record.reject(value);
      else record.resolve(value);
      return record.promise;
    },
  };
}

function toLog(execution: Execution): Host["log"] {
  const { hooks, id, settings } = execution;
  const logger = toLogger(hooks.log, { execution: id }, () => hooks.world.now());
  return (path, level, values) => {
    // What is re-run has been said.
    if (execution.folding && settings.of(path).modeAware !== false) return;
    const custom = settings.find(path, "customLogger");
    const chosen =
      custom === undefined ? logger : customLogger(custom, { executionArn: id, requestId: id }, logger);
    chosen[level](...values);
  };
}

function cancelling(execution: Execution): Pick<Host, "cancel" | "cancelWithin"> {
  /** Callbacks to close and executions to stop, though nothing else may happen now. */
  const tellOthers = (): void => {
    if (execution.hasNews) execution.hooks.ready(execution);
  };
  return {
    cancel(promises) {
      for (const promise of promises) cancelPromise(execution, promise);
      tellOthers();
    },
    cancelWithin(path) {
      cancelWithin(execution, path);
      tellOthers();
    },
  };
}

/** An element of a combinator, as a promise. What is of unknown origin gets an operation that records it. */
function toRecorded(execution: Execution, frame: Frame | null, element: unknown): Promise<unknown> {
  const known = execution.promises.find(element)?.promise;
  if (known !== undefined) return known;
  if (frame === null || !isThenable(element)) return Promise.resolve(element);
  return execution.adopt(nextId(taskOf(frame)), element);
}

function newHead(
  execution: Execution,
  frame: Frame,
  { name, wrapped = false }: { readonly name: string | undefined; readonly wrapped?: boolean },
): OperationHead {
  const op = nextId(taskOf(frame));
  const record = execution.promises.create({ kind: "operation", op });
  // Most have a name and nothing else: a literal is made faster than two spreads.
  if (name !== undefined && !wrapped) return { op, name, site: 0, record };
  return { op, ...(name === undefined ? {} : { name }), site: 0, record, ...(wrapped ? { wrapped } : {}) };
}

function nextId(task: Task): string {
  const ordinal = ++task.ordinal;
  return task.path === "" ? String(ordinal) : `${task.path}.${ordinal}`;
}

/** Every frame of an execution has a task from the moment it starts. */
export function taskOf(frame: Frame): Task {
  if (frame.task === null) throw new TypeError(`A frame of ${frame.machine.id} has no task.`);
  return frame.task;
}

/** Says where in the source an operation belongs. */
function place(frame: Frame, head: OperationHead, checkpoint: number): void {
  const { machine } = frame;
  // Machines of the runtime's own have no place in the author's source.
  if (machine.source.startsWith("@durablec/")) return;
  head.site = checkpoint;
  const at = placeOf(machine, checkpoint);
  if (at !== undefined) head.at = at;
}

/** Of the checkpoints that were reached: each has one text, however often it is reached. */
const places = new WeakMap<MachineDefinition, Map<number, string>>();

function placeOf(machine: MachineDefinition, checkpoint: number): string | undefined {
  let known = places.get(machine);
  if (known === undefined) places.set(machine, (known = new Map()));
  const at = known.get(checkpoint);
  if (at !== undefined) return at;
  const info = machine.checkpoints[checkpoint];
  if (info === undefined) return undefined;
  const made = `${machine.source}:${info.line}:${info.column}`;
  known.set(checkpoint, made);
  return made;
}
