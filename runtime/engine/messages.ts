/** Messages from outside, and what becomes of them in their execution. */
import { ExecutionStoppedError } from "../errors.ts";
import type { Message, Settlement } from "../stores/store.ts";
import type { OperationReport } from "./events.ts";
import type { Execution } from "./execution.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import { encodeError } from "./scope.ts";

export type MessageBody =
  | {
      readonly kind: "callback";
      readonly callback: string;
      readonly op: string;
      readonly settlement: Settlement | { readonly kind: "timedOut"; readonly by: "timeout" | "heartbeat" };
    }
  | { readonly kind: "stop"; readonly reason: string };

/** Turns messages into events on their way to the journal. One that changes nothing any more is only consumed. */
export function deliver(execution: Execution, messages: readonly Message[]): void {
  for (const message of messages) {
    if (execution.seen.has(message.number)) continue;
    execution.seen.add(message.number);
    const body = JSON.parse(message.body) as MessageBody;
    if (body.kind === "stop") deliverStop(execution, message.number, body.reason);
    else deliverCallback(execution, message.number, body);
  }
}

function deliverStop(execution: Execution, message: number, reason: string): void {
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
    execution.stale.push(message);
    execution.hooks.ready(execution);
    return;
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
