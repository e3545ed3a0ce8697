import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterAll, expect, test } from "vitest";
import { open } from "@durablec/runtime";
import { openTelemetry } from "@durablec/runtime/otel";
import type * as Functions from "../../fixtures/front/functions.ts";
import { transformFixture } from "../support/transformFixture.ts";
import type { Told, ToldMetric, ToldSpan } from "./told.ts";
import { toToldSpan } from "./told.ts";

const folder = mkdtempSync(join(tmpdir(), "durablec-otel-"));
const store = join(folder, "test.db");
const children: ChildProcess[] = [];
const ORDER = "fixtures/front/functions.ts#order";
const DOUBLE = "fixtures/front/functions.ts#double";
const module = transformFixture("fixtures/front/functions.ts");

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
  context.disable();
});

interface Process {
  readonly child: ChildProcess;
  readonly spans: readonly ToldSpan[];
  readonly bodies: readonly Extract<Told, { kind: "body" }>[];
  /** Closes the engine, and has its metrics. */
  close(): Promise<readonly ToldMetric[]>;
}

async function startProcess(...args: readonly string[]): Promise<Process> {
  const child = fork(join(import.meta.dirname, "process.ts"), [store, ...args]);
  children.push(child);
  const spans: ToldSpan[] = [];
  const bodies: Extract<Told, { kind: "body" }>[] = [];
  const measured = Promise.withResolvers<readonly ToldMetric[]>();
  child.on("message", (told: Told) => {
    if (told.kind === "spans") spans.push(...told.spans);
    if (told.kind === "body") bodies.push(told);
    if (told.kind === "metrics") measured.resolve(told.metrics);
  });
  await once(child, "message");
  const close = (): Promise<readonly ToldMetric[]> => {
    child.send("close");
    return measured.promise;
  };
  return { child, spans, bodies, close };
}

const sum = (metrics: readonly ToldMetric[], name: string, ...values: readonly string[]): number =>
  metrics
    .filter(
      (one) => one.name === name && values.every((value) => Object.values(one.attributes).includes(value)),
    )
    .reduce((total, { value }) => total + value, 0);

test("executions that go on in another process are one trace with the request that started them", async () => {
  const f = (await import(module)) as typeof Functions;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const client = await open({
    store,
    functions: { ...f },
    worker: false,
    observer: openTelemetry({ tracerProvider }),
  });

  const { id, request } = await tracerProvider.getTracer("web").startActiveSpan("request", async (span) => {
    const started = await client.start(f.order, 5);
    span.end();
    return { ...started, request: span.spanContext() };
  });
  const first = await startProcess(module, "double");
  if (first.child.exitCode === null && first.child.signalCode === null) await once(first.child, "exit");
  expect(first.child.signalCode).toBe("SIGKILL");
  const second = await startProcess(module);
  expect(await client.result(id)).toBe(12);
  const metrics = await second.close();
  await client.close();

  const spans = [...exporter.getFinishedSpans().map(toToldSpan), ...first.spans, ...second.spans];
  expect(new Set(spans.map((span) => span.trace))).toEqual(new Set([request.traceId]));
  const named = (name: string): readonly ToldSpan[] => spans.filter((span) => span.name === name);
  const [start] = named(`start ${ORDER}`);
  expect(start).toMatchObject({ parent: request.spanId });
  // What has no parent of its own is below the one span that is sure to be exported.
  const below = ["step flaky", "wait nap", "step sum", `execution ${ORDER}`];
  expect(below.map((name) => named(name).map(({ parent }) => parent))).toEqual(below.map(() => [start?.id]));
  const retried = named("step flaky")[0];
  const attempts = named("attempt flaky");
  expect(attempts.map(({ parent, isError }) => [parent, isError])).toEqual([
    [retried?.id, true],
    [retried?.id, false],
  ]);
  expect(attempts[0]?.attributes).toMatchObject({ "durablec.attempt": 1, "error.type": "OutOfStock" });
  expect(retried?.attributes).toMatchObject({ "code.file.path": "fixtures/front/functions.ts" });

  // The parent left memory while the other one ran: one span in each process, both its own.
  const invocations = named("invoke doubled").map(({ attributes }) => attributes);
  expect(invocations).toMatchObject([
    { "durablec.unfinished": true },
    { "durablec.operation.resumed": true },
  ]);
  const invocation = named("invoke doubled")[0]?.id;
  expect(named(`execution ${DOUBLE}`).map(({ parent }) => parent)).toEqual([invocation]);
  expect(named("step double").map(({ parent }) => parent)).toEqual([invocation]);

  const bodies = [...first.bodies, ...second.bodies];
  const attemptIds = spans.filter(({ name }) => name.startsWith("attempt ")).map(({ id: span }) => span);
  expect(bodies.map(({ span }) => span).sort()).toEqual(attemptIds.sort());

  const total = (name: string, ...values: readonly string[]): number =>
    sum(metrics, `durablec.${name}`, ...values);
  expect(total("executions.ended", ORDER, "SUCCEEDED")).toBe(1);
  expect(total("step.duration", "double", "succeeded")).toBe(1);
  expect(total("executions.in_memory")).toBe(0);
  expect(total("commit.duration")).toBeGreaterThan(2);
  expect(total("wake.lag")).toBeGreaterThan(0);
});

test("an execution that nobody observed the start of is one trace too, and a step that fails is counted", async () => {
  const f = (await import(module)) as typeof Functions;
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const path = join(folder, "unseen.db");
  const options = { store: path, functions: { ...f }, lingerMs: 0 };
  const blind = await open({ ...options, worker: false });
  const { id } = await blind.start(f.fails, "lamp");
  const engine = await open({ ...options, observer: openTelemetry({ tracerProvider }) });
  await expect(engine.result(id)).rejects.toThrow("no lamp left");
  await engine.close();
  await blind.close();
  const spans = exporter.getFinishedSpans().map(toToldSpan);
  expect(spans.map(({ name, isError }) => [name, isError])).toEqual([
    ["attempt look", false],
    ["step look", false],
    ["execution fixtures/front/functions.ts#fails", true],
  ]);
  expect(spans[2]?.attributes).toMatchObject({
    "durablec.execution.status": "FAILED",
    "error.type": "OutOfStock",
  });
  expect(new Set(spans.map((span) => span.trace)).size).toBe(1);
});

test("an observer that throws is told of once, and the execution comes to its end", async () => {
  const f = (await import(module)) as typeof Functions;
  const errors: string[] = [];
  const broken = (): never => {
    throw new Error("a broken observer");
  };
  const engine = await open({
    store: "memory:",
    functions: { ...f },
    observer: {
      starting: broken,
      loaded: broken,
      recorded: broken,
      committed: broken,
      left: broken,
      invoking: broken,
    },
    onError: ({ message }) => errors.push(message),
  });
  const { id } = await engine.start(f.order, 1);
  expect(await engine.result(id)).toBe(4);
  await engine.close();
  expect(errors).toEqual(["a broken observer"]);
});
