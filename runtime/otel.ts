/**
 * `@durablec/runtime/otel`: traces and metrics of an engine through OpenTelemetry's API. Needs the package
 * `@opentelemetry/api`; where its spans go is the SDK's business, which the service sets up as for everything else.
 */
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import { metrics, trace } from "@opentelemetry/api";
import type { Observer } from "./observer.ts";
import { Metrics } from "./otel/metrics.ts";
import { Spans } from "./otel/spans.ts";

export interface OpenTelemetryOptions {
  /** Default: the global ones, as they are at this call. */
  readonly tracerProvider?: TracerProvider;
  readonly meterProvider?: MeterProvider;
}

const NAME = "@durablec/runtime";

/**
 * An observer for `open({ observer })`. One execution is one trace, whatever processes run it: the context of the span
 * `start` is recorded with it, and every other span of it, in any process, is below that one. The caller's active span is
 * the parent of `start`; an invoked execution is in the trace of the one that invoked it.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Observer {
  const { tracerProvider = trace, meterProvider = metrics } = options;
  const spans = new Spans(tracerProvider.getTracer(NAME));
  const counts = new Metrics(meterProvider.getMeter(NAME));
  return {
    starting(execution) {
      const started = spans.starting(execution);
      return {
        trace: started.trace,
        ended(outcome) {
          started.ended(outcome);
          if ("created" in outcome && outcome.created) counts.started(execution.functionId);
        },
      };
    },
    invoking: (execution, operation) => spans.invoking(execution, operation),
    runBody: (attempt, run) => spans.runBody(attempt, run),
    loaded(execution, moment) {
      spans.loaded(execution);
      counts.loaded(moment.lateMs);
    },
    recorded(execution, events) {
      for (const event of events) {
        spans.recorded(execution, event);
        counts.recorded(execution, event);
      }
    },
    left(execution) {
      if (spans.left(execution)) counts.left();
    },
    committed: (commit) => counts.committed(commit),
  };
}
