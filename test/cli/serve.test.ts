import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CliProcess } from "../support/cliProcess.ts";
import { startCli } from "../support/cliProcess.ts";
import { transformFixture } from "../support/transformFixture.ts";

const module = transformFixture("fixtures/front/functions.ts");
const started: CliProcess[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "durablec-serve-"));
});

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function serve(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ cli: CliProcess; url: string }> {
  const cli = startCli(["serve", "--port", "0", "--store", join(folder, "serve.db"), ...args], env);
  started.push(cli);
  const [, url = ""] = await cli.said(/serving .* on (http:\S+);/);
  return { cli, url };
}

test("serve runs functions behind a token of its own, says nothing of what goes through, and ends well", async () => {
  const { cli, url } = await serve(["--functions", module], { DURABLEC_TOKEN: undefined });
  const [, token = ""] = await cli.said(/token of this run, shown only here: ([\da-f]{64})/);
  const ask = async (path: string, body?: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
    return (await fetch(url + path, init)).json();
  };
  const order = { function: "approval", input: "a secret lamp", id: "first" };
  expect(await ask("/v1/executions", order)).toEqual({ id: "first", created: true });
  expect(await ask("/v1/executions?wait=10s", { function: "double", input: 4 })).toMatchObject({ result: 8 });
  expect((await fetch(`${url}/v1/executions`)).status).toBe(401);

  // It waits for a minute, and is answered when the service goes.
  const waiting = ask("/v1/executions?wait=60s", { ...order, id: "second" });
  while (!("id" in ((await ask("/v1/executions/second")) as object)));
  expect(await cli.end()).toEqual({ code: 0, signal: null });
  expect(await waiting).toEqual({ id: "second", created: true, status: "RUNNING" });
  const [line = ""] = await cli.said(/\{.*"event":"http.answered".*"status":401.*\}/);
  expect(JSON.parse(line)).toMatchObject({ fields: { method: "GET", route: "/v1/*" } });
  expect(cli.text().split(token)).toHaveLength(2);
  expect(cli.text()).not.toContain("secret");
});

test("a serve without functions is a client of another process's worker, with the token of its environment", async () => {
  const token = "a-token-of-the-environment";
  const { cli, url } = await serve([], { DURABLEC_TOKEN: token });
  const queues = join(folder, "queues.json");
  writeFileSync(queues, JSON.stringify({ doubles: { concurrency: 1, rate: { count: 9, per: "1s" } } }));
  const worker = startCli(["worker", "--store", join(folder, "serve.db"), "--queues", queues, module]);
  started.push(worker);
  await worker.said(/worker \d+ runs/);
  const answer = await fetch(`${url}/v1/executions?wait=20s`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      function: "fixtures/front/functions.ts#double",
      input: 21,
      ...{ queue: "doubles", key: "a", priority: -1 },
    }),
  });
  expect(await answer.json()).toMatchObject({ status: "SUCCEEDED", result: 42 });
  const listed = await fetch(`${url}/v1/executions?queue=doubles`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await listed.json()).toMatchObject({ executions: [{ queue: "doubles" }] });
  expect(cli.text()).not.toContain(token);
  expect((await cli.end()).code).toBe(0);
});
