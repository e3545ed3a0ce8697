/**
 * Engines of others, on the same shapes: DBOS on the same PostgreSQL, Restate with its own server. They are installed into a
 * folder of their own when they are asked for (`--peers`), at the versions below, and are no dependencies of this project.
 */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { timed } from "../measure.ts";
import { inLanes } from "./ours.ts";
import type { Contender, Many, Shapes } from "./shapes.ts";

const VERSIONS = {
  "@dbos-inc/dbos-sdk": "5.3.0",
  "@restatedev/restate-server": "1.7.12",
  "@restatedev/restate-sdk": "1.17.2",
  "@restatedev/restate-sdk-clients": "1.17.2",
};

/** The folder with the packages; installs them if they are not there yet. */
export async function installPeers(): Promise<string> {
  const folder = join(tmpdir(), "durablec-peers");
  if (existsSync(join(folder, "node_modules", "@restatedev", "restate-server"))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: VERSIONS }));
  await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund"], { cwd: folder });
  return folder;
}

interface Runs {
  steps(n: number): Promise<unknown>;
  fanOut(n: number): Promise<unknown>;
}

function shapesOf({ steps, fanOut }: Runs, close: () => Promise<void>): Shapes {
  return {
    sequential: (count) => timed(() => steps(count)),
    many: ({ executions, steps: count, atOnce }: Many) =>
      timed(() => inLanes(atOnce, executions, async () => void (await steps(count)))),
    single: () => timed(() => steps(1)),
    fanOut: (count) => timed(() => fanOut(count)),
    close,
  };
}

async function importFrom(folder: string, name: string): Promise<unknown> {
  const require = createRequire(join(folder, "package.json"));
  return import(pathToFileURL(require.resolve(name)).href);
}

type Workflow = (n: number) => Promise<number>;

interface Dbos {
  readonly DBOS: {
    setConfig(config: Record<string, unknown>): void;
    registerWorkflow(workflow: Workflow, options: { readonly name: string }): Workflow;
    runStep<T>(body: () => Promise<T>, options: { readonly name: string }): Promise<T>;
    startWorkflow(workflow: Workflow): (n: number) => Promise<{ getResult(): Promise<number> }>;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
  };
}

/** One instance for all rounds: it can be launched once in a process. */
export async function dbos(folder: string, url: string): Promise<Contender> {
  const { DBOS } = (await importFrom(folder, "@dbos-inc/dbos-sdk")) as Dbos;
  const systemDatabaseUrl = url.replace(/[^/]*$/, "dbos_bench");
  DBOS.setConfig({ name: "bench", systemDatabaseUrl, logLevel: "error", runAdminServer: false });
  const add = (i: number): Promise<number> => DBOS.runStep(() => Promise.resolve(i), { name: "add" });
  const steps = DBOS.registerWorkflow(
    async (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += await add(i);
      return sum;
    },
    { name: "steps" },
  );
  const fanOut = DBOS.registerWorkflow(
    async (n) => (await Promise.all(Array.from({ length: n }, (_, i) => add(i)))).length,
    { name: "fanOut" },
  );
  await DBOS.launch();
  const run = (workflow: Workflow) => async (n: number) =>
    (await DBOS.startWorkflow(workflow)(n)).getResult();
  return {
    name: "DBOS 5.3, PostgreSQL",
    open: () =>
      Promise.resolve(shapesOf({ steps: run(steps), fanOut: run(fanOut) }, () => Promise.resolve())),
    close: () => DBOS.shutdown(),
  };
}

interface RestateContext {
  run(name: string, body: () => number): Promise<number>;
}
type Handler = (context: RestateContext, n: number) => Promise<number>;
interface Restate {
  service(definition: { readonly name: string; readonly handlers: Record<string, Handler> }): unknown;
  serve(options: { readonly services: readonly unknown[]; readonly port: number }): Promise<number>;
  readonly RestatePromise: { all<T>(promises: readonly Promise<T>[]): Promise<T[]> };
}
interface RestateClients {
  connect(options: { readonly url: string }): { serviceClient(service: unknown): Runs };
}

const PORTS = { ingress: 28_080, admin: 29_070, node: 25_122, service: 29_080 };

/** Its server in a process of its own, on 127.0.0.1. */
export async function restate(folder: string, data: string): Promise<Contender> {
  process.env.RESTATE_LOGGING = "ERROR";
  const sdk = (await importFrom(folder, "@restatedev/restate-sdk")) as Restate;
  const clients = (await importFrom(folder, "@restatedev/restate-sdk-clients")) as RestateClients;
  const service = sdk.service({
    name: "bench",
    handlers: {
      steps: async (context, n) => {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += await context.run("add", () => i);
        return sum;
      },
      fanOut: async (context, n) => {
        const all = Array.from({ length: n }, (_, i) => context.run("add", () => i));
        return (await sdk.RestatePromise.all(all)).length;
      },
    },
  });
  await sdk.serve({ services: [service], port: PORTS.service });
  const server = spawn(join(folder, "node_modules/.bin/restate-server"), ["--base-dir", data], {
    stdio: "ignore",
    // What is started is a script that starts the server: both end as a group.
    detached: true,
    env: {
      ...process.env,
      RESTATE_LISTEN_MODE: "tcp",
      RESTATE_BIND_ADDRESS: `127.0.0.1:${PORTS.node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${PORTS.node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${PORTS.ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${PORTS.admin}`,
      RESTATE_DISABLE_TELEMETRY: "true",
    },
  });
  const stop = (): void => {
    if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGKILL");
  };
  process.on("exit", stop);
  await register();
  const client = clients.connect({ url: `http://127.0.0.1:${PORTS.ingress}` }).serviceClient(service);
  return {
    name: "Restate 1.7",
    open: () =>
      Promise.resolve(
        shapesOf({ steps: (n) => client.steps(n), fanOut: (n) => client.fanOut(n) }, () => Promise.resolve()),
      ),
    close: () => {
      process.off("exit", stop);
      return Promise.resolve(stop());
    },
  };
}

const REGISTER_TRIES = 100;

/** Tells the server where the service is, as soon as it listens. */
async function register(): Promise<void> {
  let last: unknown;
  for (let left = REGISTER_TRIES; left > 0; left--) {
    try {
      const answer = await fetch(`http://127.0.0.1:${PORTS.admin}/deployments`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ uri: `http://127.0.0.1:${PORTS.service}` }),
      });
      if (answer.ok) return;
      last = await answer.text();
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error("Restate's server took no registration.", { cause: last });
}
