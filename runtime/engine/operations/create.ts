/** From what a frame asked for, or what a snapshot says, to the operation. */
import { thenNatively } from "../../durablePromise.ts";
import type { ErrorMapper, Request } from "../../requests.ts";
import type { Execution } from "../execution.ts";
import type { PromiseRecord } from "../promises.ts";
import type { CallbackOperation, CallbackState } from "./callback.ts";
import { callbackOperation } from "./callback.ts";
import { startBatch } from "../batchMachine.ts";
import { startBranch } from "../branches.ts";
import { startVirtual } from "../virtualContext.ts";
import type { ConditionState } from "./condition.ts";
import { conditionOperation } from "./condition.ts";
import type { ContextState } from "./context.ts";
import { contextOperation } from "./context.ts";
import type { InvokeState } from "./invoke.ts";
import { invokeOperation } from "./invoke.ts";
import type { Operation, OperationHead } from "./operation.ts";
import type { SignalState } from "./signal.ts";
import { signalOperation, takeSignal } from "./signal.ts";
import type { CheckpointState } from "./small.ts";
import { checkpointOperation } from "./small.ts";
import type { SavedBody, StepState } from "./step.ts";
import { newStep, stepOperation, toBody } from "./step.ts";
import type { WaitState } from "./wait.ts";
import { waitOperation } from "./wait.ts";

export interface Created {
  /** Null: it is answered already. */
  readonly operation: Operation | null;
  /** What the caller gets. */
  readonly promise: Promise<unknown>;
  /** Starts durable code of the author's, once the operation has begun. */
  readonly launch?: () => void;
}

export function createOperation(head: OperationHead, request: Request, execution: Execution): Created {
  const { scope } = execution;
  const { promise } = head.record;
  switch (request.kind) {
    case "step": {
      return { operation: stepOperation(head, newStep(request.body, request.options), scope), promise };
    }
    case "wait":
      return { operation: waitOperation(head, { delayMs: request.delayMs, until: null }, scope), promise };
    case "checkpoint":
      return { operation: checkpointOperation(head, { value: undefined }, scope), promise };
    case "waitForCondition": {
      const { check, waitStrategy, initialState, serdes } = request;
      const polled = { state: initialState, attempt: 1, retryAt: null, recorded: false };
      const state = { check, waitStrategy, serdes, ...polled };
      return { operation: conditionOperation(head, state, scope), promise };
    }
    case "runInChildContext": {
      const { branch, errorMapper, serdes, silent = false, virtual, subType } = request;
      if (virtual === true) {
        const wrapped = head.wrapped === true;
        const running = startVirtual(execution, head.op, { branch, errorMapper, wrapped });
        return { operation: null, promise: running };
      }
      const state = {
        ...newContext(silent, errorMapper),
        serdes,
        ...(subType === undefined ? {} : { subType }),
      };
      const operation = contextOperation(head, state, scope);
      return { operation, promise, launch: () => operation.watch(startBranch(execution, head.op, branch)) };
    }
    case "batch": {
      const { form, serdes } = request;
      const operation = contextOperation(head, { ...newContext(serdes === null, null), form, serdes }, scope);
      const slots = { batch: request.batch, op: head.op, wrapped: head.wrapped === true };
      return { operation, promise, launch: () => operation.watch(startBatch(execution.host, slots)) };
    }
    case "invoke": {
      const { target, input, options } = request;
      return { operation: invokeOperation(head, { target, input, options, child: null }, scope), promise };
    }
    case "signal": {
      const { name: signal, iterated, timeoutMs } = request;
      const until = timeoutMs === null ? null : execution.time + timeoutMs;
      const operation = signalOperation(head, { signal, iterated, until }, scope);
      const kept = takeSignal(execution, signal);
      if (kept === undefined) return { operation, promise };
      operation.give(kept);
      return { operation: null, promise };
    }
    case "createCallback": {
      const opening = execution.promises.create({ kind: "opening", op: head.op });
      const state = newCallback(request.options, null);
      return { operation: callbackOperation(head, { state, opening }, scope), promise: opening.promise };
    }
    case "waitForCallback": {
      const state = newCallback(request.options, request.submit);
      return { operation: callbackOperation(head, { state, opening: null }, scope), promise };
    }
  }
}

function newContext(silent: boolean, errorMapper: ErrorMapper | null): ContextState {
  return { child: null, started: false, silent, errorMapper, serdes: null };
}

function newCallback(options: CallbackState["options"], submit: CallbackState["submit"]): CallbackState {
  return { options, submit, callback: null, checkAt: null, submitted: submit === null, outcome: null };
}

/** The submitter's step has the id of its callback and a suffix: no frame can allot that. */
const SUBMITTER = "/submitter";

export function submitterOperation({ head, state }: CallbackOperation, execution: Execution): Operation {
  const { submit: fn, callback: callbackId } = state;
  if (fn === null || callbackId === null) throw new TypeError(`Callback ${head.op} has nothing to submit.`);
  const op = head.op + SUBMITTER;
  const { site, at } = head;
  const name = `${head.name ?? "callback"} submitter`;
  const own: OperationHead = {
    op,
    name,
    site,
    ...(at === undefined ? {} : { at }),
    record: execution.promises.create({ kind: "operation", op }),
  };
  const body = { kind: "submitter", fn, callbackId } as const;
  const { retry, retryStrategy } = state.options;
  const policy = retry ?? retryStrategy;
  return watched(own, newStep(body, policy === undefined ? undefined : { retry: policy }), execution);
}

/** A submitter tells its callback how it ended, also after a restore. */
function watched(head: OperationHead, state: StepState, execution: Execution): Operation {
  const tell = (failure: { readonly error: unknown } | null): void => {
    const parent = execution.operations.get(head.op.slice(0, -SUBMITTER.length));
    if (parent?.kind === "callback") (parent as CallbackOperation).submitterEnded(failure);
  };
  thenNatively(
    head.record.promise,
    () => tell(null),
    (error) => tell({ error }),
  );
  return stepOperation(head, state, execution.scope);
}

/** An operation as a snapshot holds it. */
export type SavedOperation =
  | ({ readonly kind: "step"; readonly body: SavedBody } & Omit<StepState, "body">)
  | ({ readonly kind: "wait" } & WaitState)
  | ({ readonly kind: "checkpoint" } & CheckpointState)
  | ({ readonly kind: "condition" } & ConditionState)
  | ({ readonly kind: "signal" } & SignalState)
  | ({ readonly kind: "invoke" } & InvokeState)
  | ({ readonly kind: "context" } & ContextState)
  | ({ readonly kind: "callback"; readonly opening: Promise<unknown> | null } & CallbackState);

export function restoreOperation(
  head: OperationHead,
  saved: SavedOperation,
  execution: Execution,
): Operation {
  const { scope } = execution;
  switch (saved.kind) {
    case "step": {
      const { options, attempt, retryAt, started } = saved;
      const body = toBody(saved.body);
      const state = { body, options, attempt, retryAt, started };
      return body.kind === "submitter" ? watched(head, state, execution) : stepOperation(head, state, scope);
    }
    case "wait":
      return waitOperation(head, { delayMs: saved.delayMs, until: saved.until }, scope);
    case "checkpoint":
      return checkpointOperation(head, { value: saved.value }, scope);
    case "condition": {
      const { check, waitStrategy, state, attempt, retryAt, serdes, recorded = false } = saved;
      const condition = { check, waitStrategy, state, attempt, retryAt, serdes, recorded };
      return conditionOperation(head, condition, scope);
    }
    case "context": {
      const { kind: _kind, ...state } = saved;
      const operation = contextOperation(head, state, scope);
      if (state.child !== null) operation.watch(state.child);
      return operation;
    }
    case "signal": {
      const { signal, iterated, until = null } = saved;
      return signalOperation(head, { signal, iterated, until }, scope);
    }
    case "invoke": {
      const { target, input, options, child } = saved;
      return invokeOperation(head, { target, input, options, child }, scope);
    }
    case "callback": {
      const { options, submit, callback, checkAt, submitted, outcome, opening } = saved;
      const state = { options, submit, callback, checkAt, submitted, outcome };
      const record: PromiseRecord | null = execution.promises.find(opening) ?? null;
      return callbackOperation(head, { state, opening: record }, scope);
    }
  }
}
