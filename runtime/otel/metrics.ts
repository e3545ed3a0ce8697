/** Counters and histograms. Durations are seconds, as OpenTelemetry's conventions have them. */
import type { Attributes, Counter, Histogram, Meter, UpDownCounter } from "@opentelemetry/api";
import type { ObservedCommit, ObservedEvent, ObservedExecution } from "../observer.ts";
import { isEnd, kindOf, outcomeOf, statusOf } from "./events.ts";

/** From a tenth of a millisecond, a commit on a fast disk, to an hour. */
const BOUNDARIES = [1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600, 3_600];

export class Metrics {
  private readonly starts: Counter;
  private readonly ends: Counter;
  private readonly retries: Counter;
  private readonly events: Counter;
  private readonly inMemory: UpDownCounter;
  private readonly durations: Histogram;
  private readonly attempts: Histogram;
  private readonly commits: Histogram;
  private readonly lags: Histogram;

  constructor(meter: Meter) {
    const seconds = (name: string, description: string): Histogram =>
      meter.createHistogram(`durablec.${name}`, {
        unit: "s",
        description,
        advice: { explicitBucketBoundaries: BOUNDARIES },
      });
    const counter = (name: string, unit: string): Counter =>
      meter.createCounter(`durablec.${name}`, { unit });
    this.starts = counter("executions.started", "{execution}");
    this.ends = counter("executions.ended", "{execution}");
    this.retries = counter("steps.retries", "{attempt}");
    this.events = counter("events", "{event}");
    this.inMemory = meter.createUpDownCounter("durablec.executions.in_memory", { unit: "{execution}" });
    this.durations = seconds("execution.duration", "From the start of an execution to its end");
    this.attempts = seconds(
      "step.duration",
      "One attempt of a step, or check of a condition, until it was recorded",
    );
    this.commits = seconds("commit.duration", "One transaction, with the wait for the disk");
    this.lags = seconds("wake.lag", "How late an execution that was due came into memory");
  }

  started(functionId: string): void {
    this.starts.add(1, functionAttribute(functionId));
  }

  loaded(lateMs: number | null): void {
    this.inMemory.add(1);
    if (lateMs !== null) this.lags.record(lateMs / 1_000);
  }

  left(): void {
    this.inMemory.add(-1);
  }

  committed({ events, durationMs }: ObservedCommit): void {
    this.events.add(events);
    this.commits.record(durationMs / 1_000);
  }

  recorded({ functionId, createdAt }: ObservedExecution, event: ObservedEvent): void {
    const attributes = functionAttribute(functionId);
    if (isEnd(event)) {
      const ended = { ...attributes, "durablec.execution.status": statusOf(event) };
      this.ends.add(1, ended);
      this.durations.record(Math.max(0, event.time - createdAt) / 1_000, ended);
      return;
    }
    if (event.kind === "InvokeStarted" && event.function !== undefined) this.started(event.function);
    if (event.kind === "StepRetryScheduled") this.retries.add(1, { ...attributes, ...named(event) });
    if (event.startedAt === undefined) return;
    this.attempts.record(Math.max(0, event.time - event.startedAt) / 1_000, {
      ...attributes,
      ...named(event),
      "durablec.operation.kind": kindOf(event) ?? event.kind,
      "durablec.outcome": outcomeOf(event),
    });
  }
}

function functionAttribute(functionId: string): Attributes {
  return { "durablec.execution.function": functionId };
}

/** The SDK bounds how many names there are (2,000 by default) where an author makes them up at run time. */
function named({ name }: ObservedEvent): Attributes {
  return name === undefined ? {} : { "durablec.operation.name": name };
}
