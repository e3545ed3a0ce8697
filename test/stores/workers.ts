import { open } from "@durablec/runtime";
import type { Engine } from "@durablec/runtime";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { CliProcess } from "../support/cliProcess.ts";
import { startCli } from "../support/cliProcess.ts";
import { transformFixture } from "../support/transformFixture.ts";

const SOURCE = "fixtures/front/functions.ts";

interface Given {
  startWorker(): Promise<CliProcess>;
  openClient(): Promise<Engine>;
}

/** `durablec worker` as a process, and clients that have none of its code. `outage`: ends the server and starts it again. */
export function describeWorkers(
  name: string,
  storeOf: (test: string) => string,
  outage?: () => Promise<void>,
): void {
  const workers: CliProcess[] = [];
  const clients: Engine[] = [];
  let module: string;

  const givenOn = (store: string): Given => ({
    async startWorker() {
      module ??= transformFixture(SOURCE);
      const worker = startCli(["worker", "--store", store, module]);
      workers.push(worker);
      await worker.said(/worker \d+ runs .*functions\.mjs on /);
      return worker;
    },
    async openClient() {
      const client = await open({ store, functions: [], worker: false, onError: () => undefined });
      clients.push(client);
      return client;
    },
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const { child } of workers.splice(0)) child.kill("SIGKILL");
  });

  describe(`workers and clients on ${name}`, () => {
    test("a client without the code starts, signals, settles and has the results", () =>
      servesClients(givenOn(storeOf("clients"))));
    test("SIGTERM lets the step at work finish, and a second one ends the worker at once", () =>
      drains(givenOn(storeOf("drains"))));
    if (outage !== undefined)
      test("an outage of the store ends neither a worker nor what waits", () =>
        outlives(givenOn(storeOf("outage")), outage));
  });
}

async function servesClients({ startWorker, openClient }: Given): Promise<void> {
  const client = await openClient();
  await startWorker();
  const { id } = await client.start(`${SOURCE}#mailbox`, 2);
  const asked = await client.start(`${SOURCE}#approval`, "a lamp");
  for (const letter of ["first", "second"]) expect(await client.signal(id, "letter", letter)).toBe(true);
  expect(await client.result(id)).toEqual(["first", "second"]);
  const callback = await vi.waitUntil(
    async () => (await client.history(asked.id)).find((event) => event.callback !== undefined)?.callback,
    5_000,
  );
  await client.callbacks.succeed(callback, { name: "Eve" });
  expect(await client.result(asked.id)).toBe('a lamp approved by {"name":"Eve"}');
  await expect(client.start("mailbox", 2)).rejects.toThrow("Give its whole id, path#name");
  const failed = await client.start(`${SOURCE}#fails`, "lamp");
  // Of a class that is not here: an error all the same, by its name and with what it says.
  const error: unknown = await client.result(failed.id).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "OutOfStock", message: "no lamp left", article: "lamp" });
  const reason = new Error("enough");
  const never = await client.start(`${SOURCE}#mailbox`, 1);
  const gaveUp = AbortSignal.abort(reason);
  await expect(client.result(never.id, { signal: gaveUp })).rejects.toBe(reason);
}

async function drains({ startWorker, openClient }: Given): Promise<void> {
  const client = await openClient();
  const first = await startWorker();
  const { id } = await client.start(`${SOURCE}#slow`, 300);
  await first.said(/"at work"/);
  expect(await first.end()).toEqual({ code: 0, signal: null });
  const recorded = (await client.history(id)).filter(({ kind }) => kind === "StepSucceeded");
  expect(recorded).toMatchObject([{ name: "slow", attempt: 1 }]);

  const second = await startWorker();
  expect(await client.result(id)).toBe("done");
  await client.start(`${SOURCE}#slow`, 60_000);
  await second.said(/"at work"/);
  second.child.kill("SIGTERM");
  await second.said(/finishing the steps at work/);
  expect(await second.end()).toEqual({ code: null, signal: "SIGTERM" });
}

async function outlives({ startWorker, openClient }: Given, outage: () => Promise<void>): Promise<void> {
  const client = await openClient();
  const worker = await startWorker();
  const { id } = await client.start(`${SOURCE}#mailbox`, 1);
  const waited = client.result(id);
  await outage();
  await worker.said(/"event":"store.lost"/);
  await worker.said(/"event":"store.back"/);
  await vi.waitUntil(() => client.signal(id, "letter", "late").catch(() => false), 10_000);
  expect(await waited).toEqual(["late"]);
  expect(await worker.end()).toEqual({ code: 0, signal: null });
}
