import { request as rawRequest } from "node:http";
import type { RequestOptions } from "node:http";
import { open } from "@durablec/runtime";
import type { Engine } from "@durablec/runtime";
import { createHttp } from "@durablec/runtime/http";
import type { AnsweredRequest } from "@durablec/runtime/http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listen } from "../../cli/listen.ts";
import type { Listening } from "../../cli/listen.ts";
import type * as Functions from "../../fixtures/front/functions.ts";
import { transformFixture } from "../support/transformFixture.ts";

const SOURCE = "fixtures/front/functions.ts";
const TOKEN = "a token that no log may show";
const closing = new AbortController();
const answered: AnsweredRequest[] = [];
const errors: Error[] = [];
let engine: Engine;
let server: Listening;

beforeAll(async () => {
  const functions = (await import(transformFixture(SOURCE))) as typeof Functions;
  engine = await open({ store: "memory:", functions: { ...functions }, lingerMs: 0 });
  const answer = createHttp(engine, {
    token: ["another token, long enough", TOKEN.replaceAll(" ", "-")],
    bodyBytes: 10_000,
    waitMaxMs: 20_000,
    waitsMax: 2,
    closing: closing.signal,
    onAnswer: (request) => answered.push(request),
    onError: (error) => errors.push(error),
  });
  server = await listen(answer, { host: "127.0.0.1", port: 0 });
});

beforeEach(() => {
  answered.length = 0;
});

afterAll(async () => {
  closing.abort();
  await server.close(1_000);
  await engine.close();
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

type Asked = readonly [
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
];

async function ask(...[method, path, body, headers]: Asked): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN.replaceAll(" ", "-")}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = text === "" ? {} : (JSON.parse(text) as Answer["body"]);
  return { status: response.status, body: parsed, headers: response.headers };
}

/** As `fetch` cannot: with any header, and a body without a length. */
function send(url: string, options: RequestOptions, body = ""): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = rawRequest(url, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.write(body);
    sent.end();
  });
}

const start = (name: string, input: unknown, more = {}): Promise<Answer> =>
  ask("POST", "/v1/executions", { function: `${SOURCE}#${name}`, input, ...more });

const codeOf = ({ status, body }: Answer): unknown => [
  status,
  (body["error"] as { code?: string } | undefined)?.code,
];

describe("executions", () => {
  test("are started once by their ids, and waited for", async () => {
    const first = await start("double", 21, { id: "a/ö?#1", tags: { customer: "7" } });
    expect(first).toMatchObject({ status: 201, body: { id: "a/ö?#1", created: true } });
    const location = first.headers.get("location") ?? "";
    expect(await ask("GET", `${location}/result?wait=10s`)).toMatchObject({
      status: 200,
      body: { status: "SUCCEEDED", result: 42 },
    });
    expect(await start("double", 21, { id: "a/ö?#1" })).toMatchObject({
      status: 200,
      body: { created: false },
    });
    expect(codeOf(await start("double", 22, { id: "a/ö?#1" }))).toEqual([409, "execution_exists"]);
    expect((await ask("GET", location)).body).toMatchObject({
      id: "a/ö?#1",
      function: `${SOURCE}#double`,
      status: "SUCCEEDED",
      input: 21,
      result: 42,
      tags: { customer: "7" },
    });
    const waited = await ask("POST", "/v1/executions?wait=10s", { function: "double", input: 4 });
    expect(waited).toMatchObject({ status: 201, body: { status: "SUCCEEDED", result: 8 } });
  });

  test("that fail say so with the author's error, and not with where files are", async () => {
    const { body } = await ask("POST", "/v1/executions?wait=10s", { function: "fails", input: "lamp" });
    expect(body).toMatchObject({
      status: "FAILED",
      error: { $type: "Error", name: "OutOfStock", class: "OutOfStock", message: "no lamp left" },
    });
    expect(JSON.stringify(body)).toContain('"properties":{"article":"lamp"}');
    expect(JSON.stringify(body)).not.toContain("stack");
  });

  test("get signals, are paused, resumed and stopped", async () => {
    const { id } = (await start("mailbox", 2, { id: "box" })).body as { id: string };
    expect(await ask("POST", `/v1/executions/${id}/signals/letter`, { text: "hello" })).toMatchObject({
      status: 202,
      body: { accepted: true },
    });
    expect((await ask("POST", `/v1/executions/${id}/pause`)).status).toBe(202);
    expect((await ask("POST", `/v1/executions/${id}/resume`)).status).toBe(202);
    expect((await ask("POST", `/v1/executions/${id}/signals/letter`)).status).toBe(202);
    expect((await ask("GET", `/v1/executions/${id}/result?wait=10s`)).body).toMatchObject({
      result: [{ text: "hello" }, { $type: "undefined" }],
    });
    expect(codeOf(await ask("POST", `/v1/executions/${id}/signals/letter`, 1))).toEqual([409, "ended"]);
    expect(codeOf(await ask("POST", `/v1/executions/${id}/pause`))).toEqual([409, "ended"]);

    await start("mailbox", 1, { id: "unwanted" });
    expect((await ask("POST", "/v1/executions/unwanted/stop", { reason: "enough" })).status).toBe(202);
    expect((await ask("GET", "/v1/executions/unwanted/result?wait=10s")).body).toMatchObject({
      status: "STOPPED",
      error: { name: "ExecutionStoppedError" },
    });
    expect((await ask("POST", "/v1/executions/unwanted/retry", {})).status).toBe(202);
    expect(codeOf(await ask("POST", "/v1/executions/unwanted/retry", {}))).toEqual([409, "retry_refused"]);
    const fork = await ask("POST", "/v1/executions/unwanted/fork", { id: "forked" });
    expect(fork).toMatchObject({ status: 201, body: { id: "forked" } });
  });

  test("tell their state, their history, and how many there are", async () => {
    await start("mailbox", 3, { id: "told", tags: { kind: "told" } });
    await ask("POST", "/v1/executions/told/signals/letter", ["x"]);
    expect((await ask("GET", "/v1/executions/told/state")).body).toMatchObject({
      activations: [{ function: "mailbox", variables: { count: 3 } }],
    });
    let all: readonly { readonly kind: string }[] = [];
    while (all.length < 2)
      all = (await ask("GET", "/v1/executions/told/history")).body["events"] as typeof all;
    expect(all[0]).toMatchObject({ seq: 1, kind: "ExecutionStarted", value: 3 });
    const page = (await ask("GET", "/v1/executions/told/history?after=1&limit=1")).body;
    expect(page).toEqual({ events: [all[1]], next: 2 });
    const aws = (await ask("GET", "/v1/executions/told/history?format=aws")).body;
    expect(aws["Events"]).toMatchObject([{ EventType: "ExecutionStarted" }]);
    const listed = (await ask("GET", "/v1/executions?status=RUNNING&tag=kind=told&limit=1")).body;
    expect(listed).toMatchObject({ executions: [{ id: "told" }], next: "told" });
    expect((listed["executions"] as readonly object[])[0]).not.toHaveProperty("input");
    expect((await ask("GET", "/v1/executions?limit=1&before=told")).body["executions"]).toHaveLength(1);
    const counts = (await ask("GET", "/v1/counts")).body["functions"];
    expect(counts).toContainEqual(expect.objectContaining({ function: `${SOURCE}#double` }));
  });

  test("take and give values that JSON lacks", async () => {
    const input = {
      when: { $type: "Date", value: "2026-01-02T03:04:05.000Z" },
      bytes: { $type: "Uint8Array", value: "AQI=" },
      pairs: { $type: "Map", value: [["a", { $type: "bigint", value: "-5" }]] },
      escaped: { $type: "Object", value: { $type: "mine" } },
      odd: [{ $type: "number", value: "-0" }, { $type: "undefined" }],
      ["__proto__"]: { polluted: true },
    };
    const { body } = await ask("POST", "/v1/executions?wait=10s", { function: "rich", input });
    expect(body["result"]).toEqual({
      at: { $type: "Date", value: "1970-01-01T00:00:00.000Z" },
      big: { $type: "bigint", value: "12345678901234567890" },
      input,
      tags: { $type: "Set", value: ["a"] },
    });
    expect(codeOf(await start("rich", { $type: "Klass", value: 1 }))).toEqual([400, "bad_request"]);
    expect(codeOf(await start("rich", { $type: "bigint", value: "1e9" }))).toEqual([400, "bad_request"]);
    expect(codeOf(await start("rich", JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`)))).toEqual([
      400,
      "bad_request",
    ]);
  });
});

test("callbacks are answered once: with a value, an error, or a sign of life", async () => {
  const callbackOf = async (id: string): Promise<string> => {
    for (;;) {
      const { events } = (await ask("GET", `/v1/executions/${id}/history`)).body as {
        events: readonly { callback?: string }[];
      };
      const found = events.find(({ callback }) => callback !== undefined)?.callback;
      if (found !== undefined) return found;
    }
  };
  await start("approval", "a lamp", { id: "asks" });
  const callback = await callbackOf("asks");
  expect((await ask("POST", `/v1/callbacks/${callback}/heartbeat`)).status).toBe(204);
  expect((await ask("POST", `/v1/callbacks/${callback}/succeed`, { by: "Eve" })).status).toBe(204);
  expect(codeOf(await ask("POST", `/v1/callbacks/${callback}/succeed`, 1))).toEqual([
    409,
    "callback_settled",
  ]);
  expect((await ask("GET", "/v1/executions/asks/result?wait=10s")).body["result"]).toBe(
    'a lamp approved by {"by":"Eve"}',
  );
  await start("approval", "a car", { id: "refused" });
  const second = await callbackOf("refused");
  const error = { name: "NoBudget", message: "too dear", properties: { limit: 5 } };
  expect((await ask("POST", `/v1/callbacks/${second}/fail`, error)).status).toBe(204);
  const { body } = await ask("GET", "/v1/executions/refused/result?wait=10s");
  expect(body["error"]).toMatchObject({
    name: "CallbackExternalError",
    cause: { name: "NoBudget", properties: { limit: 5 } },
  });
  expect(codeOf(await ask("POST", "/v1/callbacks/nobody/succeed", 1))).toEqual([404, "unknown_callback"]);
  expect(answered.map(({ route }) => route)).toContain("/v1/callbacks/:id/succeed");
  expect(JSON.stringify(answered)).not.toContain(callback);
});

describe("a request is refused", () => {
  test.each([
    ["GET", "/v1/executions/nobody", undefined, [404, "unknown_execution"]],
    ["POST", "/v1/executions", { function: "nothing" }, [404, "unknown_function"]],
    ["POST", "/v1/executions", { input: 1 }, [400, "bad_request"]],
    ["POST", "/v1/executions", { function: "double", inputs: 1 }, [400, "bad_request"]],
    ["POST", "/v1/executions", { function: "double", executionTimeout: "soon" }, [400, "bad_request"]],
    ["POST", "/v1/executions", { function: "double", id: "" }, [400, "bad_request"]],
    ["POST", "/v1/executions", { function: "double", id: "a\0" }, [400, "bad_request"]],
    ["POST", "/v1/executions", { function: "double", id: "x".repeat(1_001) }, [400, "bad_request"]],
    ["POST", "/v1/executions", { function: "double", tags: { a: 1 } }, [400, "bad_request"]],
    ["POST", "/v1/executions", "{", [400, "bad_request"]],
    ["POST", "/v1/executions", "x".repeat(10_001), [413, "too_large"]],
    ["GET", "/v1/executions?status=DEAD", undefined, [400, "bad_request"]],
    ["GET", "/v1/executions?stauts=FAILED", undefined, [400, "bad_request"]],
    ["GET", "/v1/executions/x?wait=soon", undefined, [400, "bad_request"]],
    ["GET", "/v1/executions/x/history?after=-1", undefined, [400, "bad_request"]],
    ["DELETE", "/v1/executions/x", undefined, [404, "no_route"]],
    ["GET", "/v2/executions", undefined, [404, "no_route"]],
  ])("%s %s %j", async (method, path, body, expected) => {
    const answer = await ask(method, path, body);
    expect(codeOf(answer)).toEqual(expected);
    expect((answer.body["error"] as { message: string }).message).toMatch(/\S.*\.$/);
    expect(errors).toEqual([]);
  });

  test("without the token, or with another; not so the signs of life", async () => {
    const wrong = await ask("GET", "/v1/executions", undefined, { authorization: "Bearer wrong" });
    expect(codeOf(wrong)).toEqual([401, "unauthorized"]);
    expect(wrong.headers.get("www-authenticate")).toBe("Bearer");
    expect(codeOf(await ask("GET", "/v1/nothing", undefined, { authorization: "" }))).toEqual([
      401,
      "unauthorized",
    ]);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect(await (await fetch(`${server.url}/ready`)).json()).toEqual({ status: "ok" });
  });

  test("whose body is too long, though it does not say how long it is", async () => {
    const headers = { authorization: `Bearer ${TOKEN.replaceAll(" ", "-")}`, "transfer-encoding": "chunked" };
    const options = { method: "POST", headers: { ...headers, "content-type": "application/json" } };
    expect(await send(`${server.url}/v1/executions`, options, `[${"0,".repeat(6_000)}0]`)).toBe(413);
    expect(await send(`${server.url}/v1/executions`, options, '{"function":"double","input":1}')).toBe(201);
  });

  test("as text that is no JSON by its type", async () => {
    const headers = { "content-type": "text/plain" };
    expect(codeOf(await ask("POST", "/v1/executions", "{}", headers))).toEqual([415, "not_json"]);
  });

  test("when too many wait; those that wait are answered when their time is over", async () => {
    await start("mailbox", 1, { id: "never" });
    const path = "/v1/executions/never/result";
    const both = [ask("GET", `${path}?wait=200ms`), ask("GET", `${path}?wait=200ms`)];
    let third = await ask("GET", `${path}?wait=1ms`);
    while (third.status === 202) third = await ask("GET", `${path}?wait=1ms`);
    expect(codeOf(third)).toEqual([503, "too_many_waits"]);
    for (const answer of await Promise.all(both))
      expect(answer).toMatchObject({ status: 202, body: { status: "RUNNING" } });
    expect((await ask("GET", `${path}?wait=1ms`)).status).toBe(202);
  });
});

test("without a token, programs of this machine are answered, and web pages are not", async () => {
  const answer = createHttp(engine, { token: null });
  const open_ = await listen(answer, { host: "127.0.0.1", port: 0 });
  const url = `${open_.url}/v1/executions?limit=1`;
  const status = (headers: Readonly<Record<string, string>>): Promise<number> => send(url, { headers });
  expect(await status({})).toBe(200);
  expect(await status({ host: "localhost:1" })).toBe(200);
  expect(await status({ origin: "http://evil.example" })).toBe(403);
  expect(await status({ host: "evil.example" })).toBe(403);
  await open_.close(1_000);
});

test("a short token is refused where it is given", () => {
  expect(() => createHttp(engine, { token: "short" })).toThrow("16 characters or more");
  expect(() => createHttp(engine, { token: [] })).toThrow("16 characters or more");
});
