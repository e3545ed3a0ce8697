/**
 * A process of `otel.test.ts`: runs the store of its first argument with the functions of its second, observed, until it is
 * told to close. It is killed in the body of the step that its third names. Spans are told as they are exported.
 */
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { open } from "@durablec/runtime";
import { openTelemetry } from "@durablec/runtime/otel";
import { toToldSpan } from "./told.ts";
import type { Told, ToldMetric } from "./told.ts";

const [store = "", module = "", fatal] = process.argv.slice(2);
const tell = (told: Told): void => void process.send?.(told);

const exporter: SpanExporter = {
  export(spans, done) {
    tell({ kind: "spans", spans: spans.map(toToldSpan) });
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
const observer = openTelemetry({ tracerProvider, meterProvider: new MeterProvider({ readers: [reader] }) });

const engine = await open({
  store,
  functions: (await import(module)) as Readonly<Record<string, unknown>>,
  lingerMs: 0,
  observer: {
    ...observer,
    runBody: (attempt, run) =>
      observer.runBody?.(attempt, () => {
        if (attempt.name === fatal) process.kill(process.pid, "SIGKILL");
        tell({
          kind: "body",
          name: attempt.name ?? "",
          span: trace.getActiveSpan()?.spanContext().spanId ?? "",
        });
        return run();
      }),
  },
});
tell({ kind: "ready" });

process.on("message", () => void end());

async function end(): Promise<void> {
  await engine.close();
  await reader.forceFlush();
  const told: ToldMetric[] = metrics
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({
        name: descriptor.name,
        attributes,
        value: typeof value === "number" ? value : (value.count ?? -1),
      })),
    );
  tell({ kind: "metrics", metrics: told });
  process.disconnect?.();
}
