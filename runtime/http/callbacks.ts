/** `/v1/callbacks`: what the outside answers. */
import type { Engine } from "../engine/engine.ts";
import { fromJson } from "./json.ts";
import { badRequest } from "./problem.ts";
import { readBody, readQuery } from "./reading.ts";
import type { HttpApp, HttpContext } from "./reading.ts";

export function addCallbacks(app: HttpApp, { callbacks }: Engine): void {
  app.post("/v1/callbacks/:id/succeed", async (c) => {
    const value = fromJson(await readBody(c));
    return settled(c, (id) => callbacks.succeed(id, value));
  });
  app.post("/v1/callbacks/:id/fail", async (c) => {
    const error = toError(await readBody(c));
    return settled(c, (id) => callbacks.fail(id, error));
  });
  app.post("/v1/callbacks/:id/heartbeat", (c) => settled(c, (id) => callbacks.heartbeat(id)));
}

async function settled(c: HttpContext, settle: (id: string) => Promise<void>): Promise<Response> {
  readQuery(c, []);
  await settle(c.req.param("id") ?? "");
  return c.body(null, 204);
}

/** `{ "message", "name", "properties", "cause" }`: all may be absent. */
function toError(body: unknown): unknown {
  if (body === undefined) return fromJson({ $type: "Error", message: "failed" });
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("The body must be an object with the error's message.");
  return fromJson({ message: "failed", ...body, $type: "Error" });
}
