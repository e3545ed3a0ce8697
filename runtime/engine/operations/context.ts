/**
 * A child context: durable code with an id space of its own, inside this execution. Its frames and operations are part of
 * the state like any other; the events here say that it began and what it gave.
 */
import { thenNatively } from "../../durablePromise.ts";
import { ChildContextError, DurableOperationError, StepError } from "../../errors.ts";
import type { ErrorMapper } from "../../requests.ts";
import type { Serdes } from "../../serdes.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";
import { readValue, writeValue } from "./serdes.ts";

export interface ContextState {
  /** Of the code that runs in it; null before its start. */
  child: Promise<unknown> | null;
  /** Its start is committed. */
  started: boolean;
  /** A batch: its value is not recorded, as the values of its branches are. */
  readonly silent: boolean;
  readonly errorMapper: ErrorMapper | null;
  readonly serdes: Serdes<unknown> | null;
  /** Of a batch. */
  readonly form?: "map" | "parallel";
  readonly subType?: string;
}

export interface ContextOperation extends Operation {
  readonly kind: "context";
  readonly state: ContextState;
  /** The code has been started, or restored. */
  watch(child: Promise<unknown>): void;
}

type Outcome = { readonly threw: boolean; readonly value: unknown };

export function contextOperation(
  head: OperationHead,
  state: ContextState,
  scope: OperationScope,
): ContextOperation {
  let outcome: Outcome | null = null;
  let startReported = state.started;
  let endReported = false;

  const progress = (): void => {
    if (!startReported) {
      startReported = true;
      const { form, subType } = state;
      scope.report(head, {
        kind: "ContextStarted",
        time: scope.now(),
        ...(form === undefined ? {} : { form }),
        ...(subType === undefined ? {} : { subType }),
      });
    }
    if (outcome === null || endReported) return;
    endReported = true;
    reportEnd({ head, state, scope }, outcome);
  };
  return {
    kind: "context",
    head,
    state,
    watch(child) {
      state.child = child;
      const ended = (of: Outcome): void => {
        outcome = of;
        if (!scope.disposed() && scope.live(head)) progress();
      };
      thenNatively(
        child,
        (value) => ended({ threw: false, value }),
        (value: unknown) => ended({ threw: true, value }),
      );
    },
    start: progress,
    apply(event) {
      switch (event.kind) {
        case "ContextStarted":
          state.started = true;
          startReported = true;
          return;
        case "ContextSucceeded":
          scope.finish(this);
          if (event.payload === undefined) return head.record.resolve(outcome?.value);
          return readValue({ serdes: state.serdes ?? undefined, head, scope }, scope.decode(event.payload));
        case "ContextFailed":
          scope.finish(this);
          return head.record.reject(scope.decode(event.payload));
      }
    },
    timer: () => null,
    fire: () => undefined,
    busy: () => (startReported && !state.started) || endReported,
    save: () => ({ ...state }),
  };
}

interface Ended {
  readonly head: OperationHead;
  readonly state: ContextState;
  readonly scope: OperationScope;
}

function reportEnd({ head, state, scope }: Ended, { threw, value }: Outcome): void {
  const time = scope.now();
  if (threw) {
    const payload = scope.encodeError(toError({ head, state, scope }, value));
    scope.report(head, { kind: "ContextFailed", time, payload });
  } else if (state.silent) scope.report(head, { kind: "ContextSucceeded", time });
  else {
    const failed = (error: unknown): void =>
      scope.report(head, { kind: "ContextFailed", time, payload: scope.encodeError(error) });
    const record = (given: unknown): void => {
      try {
        scope.report(head, { kind: "ContextSucceeded", time, payload: scope.encode(given) });
      } catch (error) {
        failed(error);
      }
    };
    writeValue({ serdes: state.serdes ?? undefined, head, scope }, value, { record, failed });
  }
}

/** What the caller sees is decided once, here: the event holds it. */
function toError({ head, state: { errorMapper }, scope }: Ended, error: unknown): unknown {
  return scope.outside(() => toContextError(error, { wrapped: head.wrapped === true, errorMapper }));
}

interface Seen {
  readonly wrapped: boolean;
  readonly errorMapper: ErrorMapper | null;
}

/** A mapper gets what AWS's SDK gives it: an error of an operation as it is, any other as a `StepError`. */
export function toContextError(error: unknown, { wrapped, errorMapper }: Seen): unknown {
  if (errorMapper === null) {
    if (!wrapped || error instanceof ChildContextError) return error;
    return new ChildContextError(toMessage(error), error);
  }
  const isRaw = wrapped && !(error instanceof DurableOperationError);
  try {
    return errorMapper(isRaw ? new StepError(toMessage(error), error) : error);
  } catch (mapperError) {
    return mapperError;
  }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
