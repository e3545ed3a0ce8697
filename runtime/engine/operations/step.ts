/** A step: its body runs until an attempt succeeds or the retry policy gives up. */
import type { StepOptions } from "../../authoring.ts";
import { NotCompiledError } from "../../authoring.ts";
import { EncodeError, UnplaceableStateError } from "../../errors.ts";
import { findMachine } from "../../registry.ts";
import type { Body } from "../../requests.ts";
import { runBody } from "../../requests.ts";
import { retryDelayMs } from "../../retry.ts";
import type { OperationReport } from "../events.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";

export interface StepState {
  readonly body: Body;
  readonly options: StepOptions | undefined;
  /** The attempt that runs or is due, from 1. */
  attempt: number;
  /** When the next attempt is due, between attempts. */
  retryAt: number | null;
}

export function stepOperation(head: OperationHead, state: StepState, scope: OperationScope): Operation {
  /** running: a body is under way. reported: its outcome waits to be committed. */
  let phase: "idle" | "running" | "reported" = "idle";

  const run = (): void => {
    phase = "running";
    state.retryAt = null;
    const startedAt = scope.now();
    const { attempt } = state;
    const report = (event: OperationReport): void => {
      phase = "reported";
      scope.report(head, event);
    };
    const failed = (error: unknown): void => {
      if (!scope.disposed()) report(failure({ state, scope, startedAt }, error));
    };
    const succeeded = (value: unknown): void => {
      if (scope.disposed()) return;
      try {
        const payload = scope.encode(value);
        report({ kind: "StepSucceeded", time: scope.now(), attempt, startedAt, payload });
      } catch (error) {
        failed(error);
      }
    };
    // The body runs now, as a call does; only its outcome comes later.
    new Promise((resolve) => resolve(runBody(state.body, { attempt }))).then(succeeded, failed);
  };

  return {
    kind: "step",
    head,
    start() {
      if (phase === "idle" && state.retryAt === null) run();
    },
    apply(event) {
      phase = "idle";
      switch (event.kind) {
        case "StepSucceeded":
          scope.finish(this);
          return head.record.resolve(scope.decode(event.payload));
        case "StepFailed":
          scope.finish(this);
          return head.record.reject(scope.decode(event.payload));
        case "StepRetryScheduled":
          state.attempt = event.attempt + 1;
          state.retryAt = event.retryAt;
      }
    },
    timer: () => (phase === "idle" ? state.retryAt : null),
    fire(now) {
      if (phase === "idle" && state.retryAt !== null && state.retryAt <= now) run();
    },
    busy: () => phase !== "idle",
    save: () => ({ ...state, body: toSavedBody(state.body) }),
  };
}

/** A body as a snapshot holds it: a machine by its id. */
export type SavedBody = Exclude<Body, { kind: "call" }> | SavedCall;
interface SavedCall extends Omit<Extract<Body, { kind: "call" }>, "machine"> {
  readonly machine: string;
}

function toSavedBody(body: Body): SavedBody {
  return body.kind === "call" ? { ...body, machine: body.machine.id } : body;
}

/** Throws `UnplaceableStateError` when this build has no such machine. */
export function toBody(saved: SavedBody): Body {
  if (saved.kind !== "call") return saved;
  const machine = findMachine(saved.machine);
  if (machine === undefined) throw new UnplaceableStateError(`This build has no ${saved.machine}.`);
  return { ...saved, machine };
}

interface Attempt {
  readonly state: StepState;
  readonly scope: OperationScope;
  readonly startedAt: number;
}

/** What a failed attempt becomes: the next one, or the end. */
function failure({ state, scope, startedAt }: Attempt, error: unknown): OperationReport {
  const { attempt } = state;
  const time = scope.now();
  // The body did its work (or was never compiled): running it again gives the same.
  const hopeless = error instanceof EncodeError || error instanceof NotCompiledError;
  try {
    const delayMs = hopeless
      ? null
      : retryDelayMs(state.options?.retry, { error, attempt }, () => scope.random());
    const payload = scope.encodeError(error);
    if (delayMs === null) return { kind: "StepFailed", time, attempt, startedAt, payload };
    return { kind: "StepRetryScheduled", time, attempt, startedAt, retryAt: time + delayMs, payload };
  } catch (strategyError) {
    // The author's retry strategy threw, or returned nonsense.
    return {
      kind: "StepFailed",
      time,

      attempt,
      startedAt,
      payload: scope.encodeError(strategyError),
    };
  }
}
