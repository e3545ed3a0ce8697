/** Where the spans of an execution hang: the context that was recorded with it. */
import { createHash } from "node:crypto";
import type { SpanContext } from "@opentelemetry/api";
import { createTraceState, isSpanContextValid, TraceFlags } from "@opentelemetry/api";
import type { TraceContext } from "../observer.ts";

/** Null: there is no SDK, or it made no span. */
export function toTraceContext(context: SpanContext): TraceContext | null {
  if (!isSpanContextValid(context)) return null;
  const { traceId, spanId, traceFlags, traceState } = context;
  const traceparent = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
  const tracestate = traceState?.serialize() ?? "";
  return tracestate === "" ? { traceparent } : { traceparent, tracestate };
}

/** Of one that nobody observed the start of, all processes make up the same from its id. */
export function toSpanContext(execution: {
  readonly id: string;
  readonly trace: TraceContext | null;
}): SpanContext {
  return (execution.trace === null ? null : fromRecorded(execution.trace)) ?? derived(execution.id);
}

function fromRecorded({ traceparent = "", tracestate }: TraceContext): SpanContext | null {
  const [, traceId, spanId, flags] = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(context) ? context : null;
}

/** Sampled: nobody has decided against it, and a sampler that looks at parents would drop all of it. */
function derived(id: string): SpanContext {
  const hash = createHash("sha256").update(`durablec ${id}`).digest("hex");
  const [traceId, spanId] = [hash.slice(0, 32), hash.slice(32, 48)];
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}
