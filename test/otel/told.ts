import type { ReadableSpan } from "@opentelemetry/sdk-trace";

export interface ToldSpan {
  readonly name: string;
  readonly trace: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ToldMetric {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of a histogram: how many were counted. */
  readonly value: number;
}

export type Told =
  | { readonly kind: "ready" }
  | { readonly kind: "spans"; readonly spans: readonly ToldSpan[] }
  /** The span that was active in the body of a step. */
  | { readonly kind: "body"; readonly name: string; readonly span: string }
  | { readonly kind: "metrics"; readonly metrics: readonly ToldMetric[] };

export function toToldSpan(span: ReadableSpan): ToldSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    name: span.name,
    trace: traceId,
    id: spanId,
    parent: span.parentSpanContext?.spanId,
    isError: span.status.code === 2,
    attributes: span.attributes,
  };
}
