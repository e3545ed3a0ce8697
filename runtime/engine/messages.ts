/** Messages from outside, and what becomes of them in their execution. */
import { ExecutionStoppedError } from "../errors.ts";
import type { Message, Settlement } from "../stores/store.ts";
import type { ExecutionEvent, OperationReport } from "./events.ts";
import { isEnd, isStop } from "./events.ts";
import type { Execution } from "./execution.ts";
import type { InvokeOperation } from "./operations/invoke.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import { encodeError } from "./scope.ts";

export type MessageBody =
  | {
      readonly kind: "callback";
      readonly callback: string;
      readonly op: string;
      readonly settlement: Settlement | { readonly kind: "timedOut"; readonly by: "timeout" | "heartbeat" };
    }
  /** `parent`: by the execution that invoked this one, which may say so twice. */
  | { readonly kind: "stop"; readonly reason: string; readonly parent?: true }
  /** It has left its queue. */
  | { readonly kind: "admitted" }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "signal"; readonly name: string; readonly payload: string }
  /** An execution that this one invoked has ended. */
  | {
      readonly kind: "invoked";
      readonly child: string;
      readonly succeeded: boolean;
      readonly payload: string;
    };

/** Turns messages into events on their way to the journal. One that changes nothing any more is only consumed. */
export function deliver(execution: Execution, messages: readonly Message[]): void {
  for (const message of messages) {
    if (execution.seen.has(message.number)) continue;
    execution.seen.add(message.number);
    const body = JSON.parse(message.body) as MessageBody;
    deliverOne(execution, message.number, body);
  }
}

function deliverOne(execution: Execution, message: number, body: MessageBody): void {
  const time = execution.hooks.world.now();
  switch (body.kind) {
    case "stop":
      return deliverStop(execution, message, body);
    case "invoked":
      return deliverInvoked(execution, message, body);
    case "callback":
      return deliverCallback(execution, message, body);
    case "signal":
      return tell(execution, message, { ...body, kind: "SignalReceived", time });
    case "admitted":
      return tell(execution, message, { kind: "ExecutionAdmitted", time });
    case "pause":
      return tell(execution, message, { kind: "ExecutionPaused", time });
    case "resume":
      return tell(execution, message, { kind: "ExecutionResumed", time });
  }
}

function tell(execution: Execution, message: number, event: ExecutionEvent): void {
  execution.send({ head: null, event, snapshot: false, message });
}

function ignore(execution: Execution, message: number): void {
  execution.leftovers.consumed.push(message);
  execution.hooks.ready(execution);
}

function deliverInvoked(
  execution: Execution,
  message: number,
  { child, succeeded, payload }: Extract<MessageBody, { kind: "invoked" }>,
): void {
  const operation = [...execution.operations.values()].find(
    (one) => one.kind === "invoke" && (one as InvokeOperation).state.child === child,
  );
  if (operation === undefined) return ignore(execution, message);
  const kind = succeeded ? "InvokeSucceeded" : "InvokeFailed";
  const event = { kind, time: execution.hooks.world.now(), payload } as const;
  execution.send({ head: operation.head, event, snapshot: false, message });
}

function deliverStop(
  execution: Execution,
  message: number,
  { reason, parent }: Extract<MessageBody, { kind: "stop" }>,
): void {
  const asked =
    execution.stopping !== null || execution.outbox.some(({ event }) => isStop(event.kind) || isEnd(event));
  if (parent === true && asked) return ignore(execution, message);
  const payload = encodeError(new ExecutionStoppedError(`The execution was stopped: ${reason}`));
  // Asked a second time, it ends at once: its own code may never end.
  const kind = execution.stopping === null ? "StopRequested" : "ExecutionStopped";
  const event = { kind, time: execution.hooks.world.now(), payload } as const;
  execution.send({ head: null, event, snapshot: false, message });
}

function deliverCallback(
  execution: Execution,
  message: number,
  { callback, op, settlement }: Extract<MessageBody, { kind: "callback" }>,
): void {
  const operation = execution.operations.get(op);
  const open = operation?.kind === "callback" ? (operation as CallbackOperation) : undefined;
  if (open === undefined || open.state.callback !== callback || open.state.outcome !== null) {
    return ignore(execution, message);
  }
  execution.send({
    head: open.head,
    event: toEvent(settlement, execution.hooks.world.now()),
    snapshot: false,
    message,
  });
}

function toEvent(
  settlement: Extract<MessageBody, { kind: "callback" }>["settlement"],
  time: number,
): OperationReport {
  switch (settlement.kind) {
    case "succeeded":
      return { kind: "CallbackSucceeded", time, payload: settlement.result };
    case "failed":
      return { kind: "CallbackFailed", time, payload: settlement.error };
    case "timedOut":
      return { kind: "CallbackTimedOut", time, by: settlement.by };
  }
}
