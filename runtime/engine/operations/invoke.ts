/**
 * Another execution, started by the commit of this one's event, and waited for: its end leaves a message here. Stopping
 * this one stops it.
 */
import { InvokeError } from "../../errors.ts";
import type { InvokeOptions } from "../../invoke.ts";
import type { Starting } from "../starts.ts";
import type { Operation, OperationHead, OperationScope } from "./operation.ts";
import { readValue, writeValue } from "./serdes.ts";

export interface InvokeState {
  readonly target: string | ((...args: never[]) => unknown);
  readonly input: unknown;
  readonly options: InvokeOptions;
  /** Id of the other execution, once it is there. */
  child: string | null;
}

export interface InvokeOperation extends Operation {
  readonly kind: "invoke";
  readonly state: InvokeState;
}

export function invokeOperation(
  head: OperationHead,
  state: InvokeState,
  scope: OperationScope,
): InvokeOperation {
  let busy = false;
  const failed = (error: unknown): void => {
    if (scope.disposed()) return;
    scope.report(head, { kind: "InvokeFailed", time: scope.now(), payload: scope.encodeError(error) });
  };
  return {
    kind: "invoke",
    head,
    state,
    start() {
      if (busy || state.child !== null) return;
      busy = true;
      const begin = (input: unknown): void => {
        if (scope.disposed()) return;
        try {
          begun({ head, state, scope }, input);
        } catch (error) {
          failed(error);
        }
      };
      const serdes = state.options.payloadSerdes;
      const record = (given: unknown): void => begin(serdes === undefined ? given : fromJson(given));
      writeValue({ serdes, head, scope }, state.input, { record, failed });
    },
    apply(event) {
      busy = false;
      switch (event.kind) {
        case "InvokeStarted":
          state.child = event.child;
          return;
        case "InvokeSucceeded":
          scope.finish(this);
          return settle({ head, state, scope }, scope.decode(event.payload));
        case "InvokeFailed":
          scope.finish(this);
          return head.record.reject(new InvokeError(nameOf({ head, state }), scope.decode(event.payload)));
      }
    },
    timer: () => null,
    fire: () => undefined,
    busy: () => busy,
    save: () => ({ ...state, input: state.child === null ? state.input : undefined }),
  };
}

interface Invoking {
  readonly head: OperationHead;
  readonly state: InvokeState;
  readonly scope: OperationScope;
}

/** Throws `UnknownFunctionError`, `UnknownQueueError` and `EncodeError`. */
function begun({ head, state, scope }: Invoking, input: unknown): void {
  const { tenantId, tags, executionTimeout } = state.options;
  const name = scope.functionId(state.target);
  const child = scope.uuid();
  const start: Starting = {
    id: child,
    function: name,
    payload: scope.encode(input),
    parent: scope.execution,
    place: scope.placeOf(name, state.options),
    tags: { ...tags, ...(tenantId === undefined ? {} : { tenantId }) },
    ...(executionTimeout === undefined ? {} : { executionTimeout }),
  };
  const tenant = tenantId === undefined ? {} : { tenantId };
  const event = { kind: "InvokeStarted", time: scope.now(), child, function: name, ...tenant } as const;
  scope.report(head, event, { start });
}

function settle({ head, state, scope }: Invoking, result: unknown): void {
  const serdes = state.options.resultSerdes;
  readValue({ serdes, head, scope }, serdes === undefined ? result : JSON.stringify(result));
}

/** As a service would read the text: JSON, or else a string. */
function fromJson(text: unknown): unknown {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function nameOf({ head, state: { target } }: Pick<Invoking, "head" | "state">): string {
  return head.name ?? (typeof target === "string" ? target : target.name || `invocation ${head.op}`);
}
