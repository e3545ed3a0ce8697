/**
 * `@durablec/runtime/http`: an engine behind HTTP, as a function from requests to responses. Needs the package `hono`.
 * `durablec serve` is this on a port. The routes are in docs/http.md.
 */
import { Hono } from "hono";
import type { Engine } from "./engine/engine.ts";
import { assertNoBrowser, createTokenCheck } from "./http/access.ts";
import { addCallbacks } from "./http/callbacks.ts";
import { addExecutions } from "./http/executions.ts";
import { Problem, toProblem } from "./http/problem.ts";
import type { HttpEnv } from "./http/reading.ts";
import { Waits } from "./http/waits.ts";

export { isLoopback } from "./http/access.ts";

/** A request that was answered. It names the route, not the address: ids of callbacks are as good as passwords. */
export interface AnsweredRequest {
  readonly method: string;
  /** `/v1/executions/:id` */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface HttpOptions {
  /**
   * Who may ask: requests bear one of these, `Authorization: Bearer TOKEN`. Null: everybody who reaches this, but no web
   * pages, and only under the names of this machine.
   */
  readonly token: string | readonly string[] | null;
  /** Longest body of a request. Default 1 MiB. */
  readonly bodyBytes?: number;
  /** Longest `wait` of a request in milliseconds; longer ones are as long as this. Default 60,000. */
  readonly waitMaxMs?: number;
  /** Requests that may wait at a time; others get 503. Default 1,000. */
  readonly waitsMax?: number;
  /** Aborted when the service is about to close: requests that wait are answered at once. */
  readonly closing?: AbortSignal;
  /** Told of each request, for a log. */
  readonly onAnswer?: (request: AnsweredRequest) => void;
  /** Told of errors that are nobody's request's fault; the client only learns that there was one. Default: stderr. */
  readonly onError?: (error: Error) => void;
}

/** Answers requests about the executions of `engine`, which stays the caller's to close. Never rejects. */
export function createHttp(engine: Engine, options: HttpOptions): (request: Request) => Promise<Response> {
  const app = new Hono<HttpEnv>();
  const { token, bodyBytes = 2 ** 20, waitMaxMs = 60_000, waitsMax = 1_000, closing, onAnswer } = options;
  app.use(async (c, next) => {
    const began = performance.now();
    await next();
    const route = c.req.routePath === "/*" ? "*" : c.req.routePath;
    const durationMs = Math.round((performance.now() - began) * 1_000) / 1_000;
    onAnswer?.({ method: c.req.method, route, status: c.res.status, durationMs });
  });
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.get("/ready", async (c) => {
    await engine.get("is the store there?");
    return c.json({ status: "ok" });
  });

  const check = token === null ? assertNoBrowser : createTokenCheck(toTokens(token));
  app.use("/v1/*", async (c, next) => {
    check(c.req.raw);
    c.set("bodyBytes", bodyBytes);
    await next();
  });
  addExecutions(app, engine, new Waits(engine, { maxMs: waitMaxMs, countMax: waitsMax, closing }));
  addCallbacks(app, engine);
  app.get("/v1/counts", async (c) => c.json({ functions: await engine.counts() }));
  app.notFound((c) => toResponse(new Problem(404, "no_route", `There is no ${c.req.method} ${c.req.path}.`)));
  app.onError((error) => {
    const problem = toProblem(error);
    if (problem !== null) return toResponse(problem);
    (options.onError ?? reportError)(error);
    return toResponse(new Problem(500, "internal", "The request failed here; the service's log says why."));
  });
  return async (request) => app.fetch(request);
}

function toTokens(token: string | readonly string[]): readonly string[] {
  const tokens = typeof token === "string" ? [token] : token;
  if (tokens.length > 0 && tokens.every((one) => typeof one === "string" && one.length >= 16)) return tokens;
  throw new TypeError("A token of createHttp has 16 characters or more: openssl rand -hex 32 makes one.");
}

function toResponse({ status, code, message }: Problem): Response {
  const headers: Record<string, string> = {
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(status === 503 || status === 429 ? { "retry-after": "1" } : {}),
  };
  return Response.json({ error: { code, message } }, { status, headers });
}

function reportError(error: Error): void {
  process.stderr.write(`durablec: a request failed: ${error.stack ?? error.message}\n`);
}
