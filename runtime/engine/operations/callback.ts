/**
 * A callback: opened by a committed event (only then is its id handed out), settled through the store by anybody who
 * has the id. `waitForCallback` adds a submitter, a step of its own that runs once the callback is open.
 */
import type { Submitter, WaitForCallbackOptions } from "../../authoring.ts";
import { CallbackExternalError, CallbackSubmitterError, CallbackTimeoutError } from "../../errors.ts";
import { toMilliseconds } from "../../duration.ts";
import type { OperationEvent, OperationReport } from "../events.ts";
import type { PromiseRecord } from "../promises.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";
import { readValue } from "./serdes.ts";

export interface CallbackState {
  readonly options: WaitForCallbackOptions;
  /** `waitForCallback` only. */
  readonly submit: Submitter | null;
  /** Known once it is open. */
  callback: string | null;
  /** Next time the store has to be asked whether it timed out. */
  checkAt: number | null;
  /** The submitter has finished (or there is none). */
  submitted: boolean;
  /** How it was settled, while the submitter is still at work: the caller waits for both. */
  outcome: OperationEvent | null;
}

export interface CallbackParts {
  readonly state: CallbackState;
  /** `createCallback` only: the promise of `[promise, callbackId]`. */
  readonly opening: PromiseRecord | null;
}

export interface CallbackOperation extends Operation {
  readonly kind: "callback";
  readonly state: CallbackState;
  /** The store was asked whether the time is over: ask again at `at`, or never. */
  checkAgain(at: number | null): void;
  submitterEnded(error: { readonly error: unknown } | null): void;
}

export function callbackOperation(
  head: OperationHead,
  { state, opening }: CallbackParts,
  scope: OperationScope,
): CallbackOperation {
  let phase: "idle" | "opening" | "asking" = "idle";
  return {
    kind: "callback",
    head,
    state,
    start() {
      if (phase !== "idle" || state.callback !== null) return;
      phase = "opening";
      scope.report(head, openingEvent(state, scope));
    },
    apply(event) {
      phase = "idle";
      if (event.kind === "CallbackStarted") {
        state.callback = event.callback;
        const silentAt = event.heartbeatMs === null ? null : event.time + event.heartbeatMs;
        state.checkAt = earliest(event.timeoutAt, silentAt);
        opening?.resolve([head.record.promise, event.callback]);
        if (state.submit !== null) scope.submit(this);
      } else {
        state.checkAt = null;
        state.outcome = event;
        if (state.submitted) settle({ head, scope, self: this }, event);
      }
    },
    timer: () => (phase === "idle" ? state.checkAt : null),
    fire(now) {
      const { callback, checkAt } = state;
      if (phase !== "idle" || callback === null || checkAt === null || checkAt > now) return;
      phase = "asking";
      // Before that the store does not know it, and would say that there is nothing to wait for.
      scope.whenCommitted(() => scope.expire(this, callback));
    },
    checkAgain(at) {
      phase = "idle";
      state.checkAt = at;
    },
    submitterEnded(failure) {
      state.submitted = true;
      if (failure !== null) {
        scope.finish(this);
        head.record.reject(new CallbackSubmitterError(nameOf(head), failure.error));
      } else if (state.outcome !== null) settle({ head, scope, self: this }, state.outcome);
    },
    busy: () => phase !== "idle",
    close(reason) {
      if (opening?.settled === null) opening.reject(reason);
    },
    save: () => ({ ...state, opening: opening?.promise ?? null }),
  };
}

function openingEvent({ options, submit }: CallbackState, scope: OperationScope): OperationReport {
  const time = scope.now();
  const { timeout, heartbeatTimeout } = options;
  return {
    kind: "CallbackStarted",
    time,
    callback: scope.uuid(),
    ...(submit === null ? {} : { form: "waitForCallback" }),
    timeoutAt: timeout === undefined ? null : time + toMilliseconds(timeout, "timeout"),
    heartbeatMs: heartbeatTimeout === undefined ? null : toMilliseconds(heartbeatTimeout, "heartbeatTimeout"),
  };
}

function settle(
  { head, scope, self }: { head: OperationHead; scope: OperationScope; self: CallbackOperation },
  event: OperationEvent,
): void {
  scope.finish(self);
  switch (event.kind) {
    case "CallbackSucceeded": {
      const { serdes } = self.state.options;
      const answer = scope.decode(event.payload);
      const text = typeof answer === "string" ? answer : JSON.stringify(answer);
      return readValue({ serdes, head, scope }, serdes === undefined ? answer : text);
    }
    case "CallbackFailed":
      return head.record.reject(new CallbackExternalError(nameOf(head), scope.decode(event.payload)));
    case "CallbackTimedOut":
      return head.record.reject(new CallbackTimeoutError(nameOf(head), event.by));
  }
}

function nameOf(head: OperationHead): string {
  return head.name ?? `callback ${head.op}`;
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
