/**
 * Spans of executions, operations and attempts.
 *
 * A span lives in one process and ends where it began, and an execution does not. So what outlives processes is only the
 * context of `start`, a span that has ended before anything runs. An operation's span covers what this process saw of it: it
 * begins with the operation or when the execution comes into memory, and ends with the operation or when the execution
 * leaves. A span for the whole execution is made at its end. So no span has a parent that is never exported, unless a
 * process was killed.
 */
import type { Context, Span, Tracer } from "@opentelemetry/api";
import { context as contexts, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type {
  ObservedAttempt,
  ObservedEvent,
  ObservedExecution,
  ObservedStart,
  TraceContext,
} from "../observer.ts";
import { errorOf, isEnd, kindOf, outcomeOf, placeOf, statusOf } from "./events.ts";
import { toSpanContext, toTraceContext } from "./traceContext.ts";

/** An execution in memory. */
interface Life {
  /** With the span that is the parent of what has none here. */
  readonly root: Context;
  readonly operations: Map<string, Operation>;
  readonly attempts: Map<string, Span>;
  /** When this process first saw it. */
  readonly since: Date;
  /** `loaded` was called; before that, it was being brought back. */
  isLoaded: boolean;
}

interface Operation {
  readonly span: Span;
  readonly context: Context;
}

export class Spans {
  private readonly tracer: Tracer;
  private readonly lives = new Map<string, Life>();

  constructor(tracer: Tracer) {
    this.tracer = tracer;
  }

  starting({ id, functionId }: { readonly id: string; readonly functionId: string }): ObservedStart {
    const attributes = { "durablec.execution.id": id, "durablec.execution.function": functionId };
    const span = this.tracer.startSpan(`start ${functionId}`, { kind: SpanKind.PRODUCER, attributes });
    return {
      trace: toTraceContext(span.spanContext()),
      ended(outcome) {
        if ("error" in outcome) fail(span, outcome.error);
        else span.setAttribute("durablec.execution.created", outcome.created);
        span.end();
      },
    };
  }

  invoking(
    execution: ObservedExecution,
    { op, name }: { readonly op: string; readonly name?: string },
  ): TraceContext | null {
    const life = this.lifeOf(execution);
    const { span } = this.begin(life, {
      op,
      kind: "invoke",
      execution,
      ...(name === undefined ? {} : { name }),
    });
    return toTraceContext(span.spanContext());
  }

  runBody({ execution, op, name, attempt }: ObservedAttempt, run: () => unknown): unknown {
    const life = this.lifeOf(execution);
    const named = name === undefined ? {} : { name };
    const parent = life.operations.get(op) ?? this.begin(life, { op, kind: "step", execution, ...named });
    const attributes = { ...attributesOf({ execution, op, ...named }), "durablec.attempt": attempt };
    const span = this.tracer.startSpan(`attempt ${name ?? op}`, { attributes }, parent.context);
    life.attempts.set(op, span);
    return contexts.with(trace.setSpan(parent.context, span), () => watched(span, run));
  }

  loaded(execution: ObservedExecution): void {
    this.lifeOf(execution).isLoaded = true;
  }

  /** False: it never came into memory. */
  left({ id }: ObservedExecution): boolean {
    const life = this.lives.get(id);
    this.lives.delete(id);
    for (const span of life?.attempts.values() ?? []) endUnfinished(span);
    for (const { span } of life?.operations.values() ?? []) endUnfinished(span);
    return life?.isLoaded === true;
  }

  recorded(execution: ObservedExecution, event: ObservedEvent): void {
    if (isEnd(event)) return this.ended(execution, event);
    const kind = kindOf(event);
    if (event.op === undefined || kind === null) return;
    const life = this.lifeOf(execution);
    const { op } = event;
    const place = { ...event, op, kind, execution };
    const outcome = outcomeOf(event);
    if (outcome === "begun") {
      if (!life.operations.has(op)) this.begin(life, place);
      return;
    }
    this.endAttempt(life, event);
    if (outcome === "again") {
      life.operations.get(op)?.span.addEvent("retry scheduled", { "durablec.attempt": event.attempt ?? 0 });
      return;
    }
    const known = life.operations.get(op);
    const { span } = known ?? this.begin(life, place, startOf(event, life));
    if (known === undefined && event.startedAt === undefined)
      span.setAttribute("durablec.operation.resumed", true);
    // What a body belongs to is known only now.
    span.updateName(`${kind} ${event.name ?? op}`).setAttribute("durablec.operation.kind", kind);
    span.setAttributes(placeOf(event));
    if (outcome === "failed")
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", errorOf(event));
    life.operations.delete(op);
    if (known !== undefined) return span.end();
    span.end(new Date(Math.max(event.time, startOf(event, life).getTime())));
  }

  /** Usually its body has ended it: not if the attempt was given up, for its timeout say. */
  private endAttempt(life: Life, event: ObservedEvent): void {
    const span = life.attempts.get(event.op ?? "");
    life.attempts.delete(event.op ?? "");
    if (span?.isRecording() !== true) return;
    if (event.kind.endsWith("Failed") || event.kind === "StepRetryScheduled")
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", errorOf(event));
    span.end();
  }

  private ended(execution: ObservedExecution, event: ObservedEvent): void {
    const { root } = this.lifeOf(execution);
    const status = statusOf(event);
    const { functionId, createdAt } = execution;
    const attributes = { ...attributesOf({ execution }), "durablec.execution.status": status };
    const options = { attributes, startTime: new Date(createdAt), kind: SpanKind.CONSUMER };
    const span = this.tracer.startSpan(`execution ${functionId}`, options, root);
    if (status !== "SUCCEEDED")
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", errorOf(event));
    span.end(new Date(Math.max(event.time, createdAt)));
  }

  private lifeOf(execution: ObservedExecution): Life {
    const known = this.lives.get(execution.id);
    if (known !== undefined) return known;
    const root = trace.setSpanContext(ROOT_CONTEXT, toSpanContext(execution));
    const life = { root, operations: new Map(), attempts: new Map(), since: new Date(), isLoaded: false };
    this.lives.set(execution.id, life);
    return life;
  }

  /** Below the operation it belongs to (`2` of `2.1`), if this process has that one's span. */
  private begin(life: Life, place: Place, startTime?: Date): Operation {
    const { op, kind, name } = place;
    const attributes = { ...attributesOf(place), "durablec.operation.kind": kind };
    const options = startTime === undefined ? { attributes } : { attributes, startTime };
    const parent = parentOf(life, op);
    const span = this.tracer.startSpan(`${kind} ${name ?? op}`, options, parent);
    const operation = { span, context: trace.setSpan(parent, span) };
    life.operations.set(op, operation);
    return operation;
  }
}

interface Place {
  readonly execution: ObservedExecution;
  readonly op: string;
  readonly kind: string;
  readonly name?: string;
  readonly at?: string;
}

function parentOf({ root, operations }: Life, op: string): Context {
  for (let end = op.length; end > 0;) {
    end = Math.max(op.lastIndexOf(".", end - 1), op.lastIndexOf("/", end - 1));
    const found = end > 0 ? operations.get(op.slice(0, end)) : undefined;
    if (found !== undefined) return found.context;
  }
  return root;
}

function startOf({ startedAt }: ObservedEvent, { since }: Life): Date {
  return startedAt === undefined ? since : new Date(startedAt);
}

function attributesOf({
  execution,
  op,
  name,
  at,
}: Pick<Place, "execution"> & Partial<Place>): Record<string, string | number> {
  return {
    "durablec.execution.id": execution.id,
    "durablec.execution.function": execution.functionId,
    ...(op === undefined ? {} : { "durablec.operation.id": op }),
    ...(name === undefined ? {} : { "durablec.operation.name": name }),
    ...placeOf(at === undefined ? {} : { at }),
  };
}

/** The execution leaves memory, or gave the operation up. */
function endUnfinished(span: Span): void {
  if (!span.isRecording()) return;
  span.setAttribute("durablec.unfinished", true);
  span.end();
}

/** Runs the body; its span ends as its promise settles. */
function watched(span: Span, run: () => unknown): unknown {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    fail(span, error);
    span.end();
    throw error;
  }
  if (!isThenable(result)) {
    span.end();
    return result;
  }
  // One `then` of a thenable: a query that runs when it is asked for its result would run twice.
  const promise = Promise.resolve(result);
  // It may have been given up, and its span ended, before it settles.
  promise.then(
    () => span.isRecording() && span.end(),
    (error: unknown) => {
      if (!span.isRecording()) return;
      fail(span, error);
      span.end();
    },
  );
  return promise;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function fail(span: Span, error: unknown): void {
  const known = error instanceof Error ? error : new Error(String(error));
  if (!span.isRecording()) return;
  span.recordException(known);
  span
    .setStatus({ code: SpanStatusCode.ERROR, message: known.message })
    .setAttribute("error.type", known.name);
}
