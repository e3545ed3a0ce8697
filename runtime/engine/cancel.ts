/**
 * Giving up operations from inside. No event says so: it is the code that does it, and code that runs again does it again.
 * What was committed about them in the same moment and is not applied yet, is ignored when its turn comes.
 */
import type { Batch } from "../batch.ts";
import { OperationCancelledError } from "../errors.ts";
import type { OperationEvent } from "./events.ts";
import type { Execution } from "./execution.ts";
import type { MessageBody } from "./messages.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import type { ContextOperation } from "./operations/context.ts";
import type { InvokeOperation } from "./operations/invoke.ts";
import type { Operation } from "./operations/operation.ts";

/** What is behind a promise. */
export function cancelPromise(execution: Execution, promise: unknown): void {
  const { promises, operations } = execution;
  const record = promises.find(promise);
  if (record === undefined || promises.settledState(record) !== null) return;
  if (record.follows !== null) return cancelPromise(execution, record.follows.promise);
  const { source } = record;
  switch (source.kind) {
    case "operation":
    case "opening": {
      const operation = operations.get(source.op);
      return operation === undefined ? undefined : cancelOperation(execution, operation);
    }
    case "task":
      return cancelWithin(execution, source.path);
    case "reaction":
      return cancelPromise(execution, source.reaction.on);
    case "combined":
      for (const element of [...source.combined.pending.values()]) cancelPromise(execution, element);
  }
}

/** All operations of the code that runs under this path. */
export function cancelWithin(execution: Execution, path: string): void {
  for (const operation of [...execution.operations.values()]) {
    if (isWithin(operation.head.op, path)) cancelOperation(execution, operation);
  }
}

function isWithin(op: string, path: string): boolean {
  return path === "" || op.startsWith(`${path}.`) || op.startsWith(`${path}/`);
}

function cancelOperation(execution: Execution, operation: Operation): void {
  const { head, kind } = operation;
  if (execution.operations.get(head.op) !== operation) return;
  // A child's code ends as it wants to; only then is the child over.
  if (kind === "context" && !endBatch(execution, head.op)) {
    cancelWithin(execution, head.op);
    return cancelCombined(execution, (operation as ContextOperation).state.child);
  }
  const error = new OperationCancelledError(
    `The ${kind}${head.name === undefined ? "" : ` "${head.name}"`} was cancelled.`,
  );
  operation.close?.(error);
  closeOutside(execution, operation);
  execution.scope.finish(operation);
  execution.cancelled.add(head.op);
  execution.dropReports();
  head.record.reject(error);
  cancelWithin(execution, head.op);
}

/** What `ctx.promise.all` waits for does not run in the context that it is. */
function cancelCombined(execution: Execution, child: unknown): void {
  if (execution.promises.find(child)?.source.kind === "combined") cancelPromise(execution, child);
}

/** A batch starts nothing more, and nobody waits for its branches. False: it is none. */
function endBatch({ frames, host }: Execution, op: string): boolean {
  let isBatch = false;
  for (const frame of frames) {
    const batch = frame.slots.batch as Batch | undefined;
    if (batch === undefined || frame.task?.path !== `${op}/batch.1`) continue;
    batch.over = true;
    if (batch.done !== null) host.settle(batch.done, { threw: false, value: undefined });
    isBatch = true;
  }
  return isBatch;
}

/** Whoever else knows of the operation. */
function closeOutside({ leftovers, id }: Execution, operation: Operation): void {
  if (operation.kind === "callback") {
    const { callback } = (operation as CallbackOperation).state;
    if (callback !== null) leftovers.closed.push(callback);
  } else if (operation.kind === "invoke") {
    const { child } = (operation as InvokeOperation).state;
    if (child !== null) leftovers.posts.push(toStop(child, id));
  }
}

/** An event about an operation that was given up after it had been committed. */
export function ignoreCancelled({ leftovers, id }: Execution, event: OperationEvent): void {
  if (event.kind === "CallbackStarted") leftovers.closed.push(event.callback);
  else if (event.kind === "InvokeStarted") leftovers.posts.push(toStop(event.child, id));
}

function toStop(child: string, by: string): { readonly execution: string; readonly body: string } {
  const body: MessageBody = { kind: "stop", reason: `${by}, which invoked it, cancelled it`, parent: true };
  return { execution: child, body: JSON.stringify(body) };
}
