/** `/v1/executions`: starting, looking, waiting, and changing how one goes on. */
import { toAwsHistory } from "../awsHistory.ts";
import type { Engine } from "../engine/engine.ts";
import type { ExecutionView } from "../engine/view.ts";
import type { ExecutionStatus } from "../stores/store.ts";
import { fromJson, toJson } from "./json.ts";
import { badRequest, Problem } from "./problem.ts";
import {
  duration,
  integer,
  given,
  label,
  one,
  queriedTags,
  readBody,
  readObject,
  readQuery,
  tags,
  text,
  wait,
  wholeNumber,
} from "./reading.ts";
import type { HttpApp, HttpContext } from "./reading.ts";
import type { Waits } from "./waits.ts";

export function addExecutions(app: HttpApp, engine: Engine, waits: Waits): void {
  app.post("/v1/executions", (c) => start(c, engine, waits));
  app.get("/v1/executions", (c) => list(c, engine));
  app.get("/v1/executions/:id", (c) => get(c, engine, waits));
  app.get("/v1/executions/:id/result", (c) => result(c, engine, waits));
  app.get("/v1/executions/:id/history", (c) => history(c, engine));
  app.get("/v1/executions/:id/state", (c) => state(c, engine));
  app.post("/v1/executions/:id/signals/:name", (c) => signal(c, engine));
  app.post("/v1/executions/:id/stop", (c) => stop(c, engine));
  app.post("/v1/executions/:id/pause", (c) => asked(c, (id) => engine.pause(id)));
  app.post("/v1/executions/:id/resume", (c) => asked(c, (id) => engine.resume(id)));
  app.post("/v1/executions/:id/retry", (c) => retry(c, engine));
  app.post("/v1/executions/:id/fork", (c) => fork(c, engine));
}

async function start(c: HttpContext, engine: Engine, waits: Waits): Promise<Response> {
  const query = readQuery(c, ["wait"]);
  const waitMs = wait(query("wait"), waits.maxMs);
  const body = await readObject(c, [
    ...(["function", "input", "id", "tags", "executionTimeout", "retention"] as const),
    ...(["queue", "key", "priority"] as const),
  ]);
  const name = text("function", body.function);
  if (name === undefined) throw badRequest('function is missing: the id of a durable function, "path#name".');
  const options = given({
    id: label("id", body.id),
    tags: tags(body.tags),
    executionTimeout: duration("executionTimeout", body.executionTimeout),
    retention: duration("retention", body.retention),
    queue: label("queue", body.queue),
    key: label("key", body.key),
    priority: integer("priority", body.priority),
  });
  const { id, created } = await engine.start(name, fromJson(body.input), options);
  const ended = waitMs > 0 ? await waits.forEnd(id, waitMs, c.req.raw.signal) : null;
  c.header("location", `/v1/executions/${encodeURIComponent(id)}`);
  return c.json({ id, created, ...(ended === null ? {} : toOutcome(ended)) }, created ? 201 : 200);
}

const STATUSES: readonly ExecutionStatus[] = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"];
const PAGE = 100;
const PAGE_MAX = 1_000;

/** A page, newest first, without inputs and results. */
async function list(c: HttpContext, engine: Engine): Promise<Response> {
  const query = readQuery(c, ["status", "function", "tag", "parent", "queue", "parked", "limit", "before"]);
  const status = one("status", query("status"));
  if (status !== undefined && !STATUSES.some((known) => known === status))
    throw badRequest(`status must be one of ${STATUSES.join(", ")}.`);
  const parked = one("parked", query("parked"));
  if (parked !== undefined && parked !== "true") throw badRequest("parked must be true, or not there.");
  const limit = Math.min(wholeNumber("limit", one("limit", query("limit")), 1) ?? PAGE, PAGE_MAX);
  const views = await engine.list({
    limit,
    ...given({
      status: status as ExecutionStatus | undefined,
      function: label("function", one("function", query("function"))),
      tags: queriedTags(query("tag")),
      parent: label("parent", one("parent", query("parent"))),
      queue: label("queue", one("queue", query("queue"))),
      before: label("before", one("before", query("before"))),
    }),
    ...(parked === undefined ? {} : { parked: true as const }),
  });
  const next = views.length === limit ? (views.at(-1)?.id ?? null) : null;
  return c.json({ executions: views, next });
}

/** With `wait`, it is answered when the execution has ended, or the time is over. */
async function get(c: HttpContext, engine: Engine, waits: Waits): Promise<Response> {
  const waitMs = wait(readQuery(c, ["wait"])("wait"), waits.maxMs);
  const view = await read(c, engine);
  const ended =
    view.status === "RUNNING" && waitMs > 0 ? await waits.forEnd(view.id, waitMs, c.req.raw.signal) : null;
  return c.json(toBody(ended ?? view));
}

/** 200 when it has ended, 202 while it runs. */
async function result(c: HttpContext, engine: Engine, waits: Waits): Promise<Response> {
  const waitMs = wait(readQuery(c, ["wait"])("wait"), waits.maxMs);
  const view = await read(c, engine);
  const ended =
    view.status === "RUNNING" && waitMs > 0 ? await waits.forEnd(view.id, waitMs, c.req.raw.signal) : null;
  const now = ended ?? view;
  return c.json({ id: now.id, ...toOutcome(now) }, now.status === "RUNNING" ? 202 : 200);
}

async function read(c: HttpContext, engine: Engine): Promise<ExecutionView> {
  const id = idOf(c);
  const view = await engine.get(id);
  if (view !== null) return view;
  throw new Problem(404, "unknown_execution", `There is no execution "${id}".`);
}

function idOf(c: HttpContext): string {
  return c.req.param("id") ?? "";
}

function toOutcome(view: ExecutionView): object {
  const { status } = view;
  return {
    status,
    ...("result" in view ? { result: toJson(view.result) } : {}),
    ...("error" in view ? { error: toJson(view.error) } : {}),
  };
}

function toBody(view: ExecutionView): object {
  const { input, result: _result, error: _error, ...summary } = view;
  return { ...summary, input: toJson(input), ...toOutcome(view) };
}

const EVENTS_MAX = 10_000;

async function history(c: HttpContext, engine: Engine): Promise<Response> {
  const query = readQuery(c, ["format", "after", "limit"]);
  const format = one("format", query("format")) ?? "json";
  if (format !== "json" && format !== "aws") throw badRequest("format must be json or aws.");
  const after = wholeNumber("after", one("after", query("after")), 0) ?? 0;
  const limit = Math.min(wholeNumber("limit", one("limit", query("limit")), 1) ?? PAGE_MAX, EVENTS_MAX);
  if (format === "aws") {
    const whole = await engine.history(idOf(c), { limit: EVENTS_MAX });
    return c.json({ Events: toAwsHistory(whole, idOf(c)) });
  }
  const events = await engine.history(idOf(c), { after, limit });
  const next = events.length === limit ? (events.at(-1)?.seq ?? null) : null;
  return c.json({ events: events.map((event) => toJson({ ...event })), next });
}

async function state(c: HttpContext, engine: Engine): Promise<Response> {
  readQuery(c, []);
  const found = await engine.query(idOf(c));
  if (found !== null) return c.json(toJson(found) as object);
  throw new Problem(409, "ended", `The execution "${idOf(c)}" has ended: it has no state any more.`);
}

async function signal(c: HttpContext, engine: Engine): Promise<Response> {
  const payload = fromJson(await readBody(c));
  return asked(c, (id) => engine.signal(id, c.req.param("name") ?? "", payload));
}

async function stop(c: HttpContext, engine: Engine): Promise<Response> {
  const reason = text("reason", (await readObject(c, ["reason"])).reason);
  return asked(c, (id) => engine.stop(id, reason));
}

/** 202: it is recorded, and a worker does it. */
async function asked(c: HttpContext, ask: (id: string) => Promise<boolean>): Promise<Response> {
  readQuery(c, []);
  const id = idOf(c);
  if (await ask(id)) return c.json({ id, accepted: true }, 202);
  throw new Problem(409, "ended", `The execution "${id}" has ended already.`);
}

async function retry(c: HttpContext, engine: Engine): Promise<Response> {
  const body = await readObject(c, ["to", "executionTimeout"]);
  const to = wholeNumber("to", body.to, 1);
  const executionTimeout = duration("executionTimeout", body.executionTimeout);
  await engine.retry(idOf(c), given({ to, executionTimeout }));
  return c.json({ id: idOf(c), accepted: true }, 202);
}

async function fork(c: HttpContext, engine: Engine): Promise<Response> {
  const body = await readObject(c, ["id", "at", "tags", "executionTimeout", "retention"]);
  const options = given({
    id: label("id", body.id),
    at: wholeNumber("at", body.at, 1),
    tags: tags(body.tags),
    executionTimeout: duration("executionTimeout", body.executionTimeout),
    retention: duration("retention", body.retention),
  });
  const { id } = await engine.fork(idOf(c), options);
  c.header("location", `/v1/executions/${encodeURIComponent(id)}`);
  return c.json({ id }, 201);
}
