import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { Engine, OpenOptions } from "@durablec/runtime";
import pg from "pg";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type * as Functions from "../../fixtures/engine/functions.ts";
import type * as Transactions from "../../fixtures/engine/transactions.ts";
import type * as World from "../../fixtures/engine/world.ts";
import { buildQuickstart } from "../kill/buildQuickstart.ts";
import { live } from "../kill/lives.ts";
import { compileFixture } from "../support/compileFixture.ts";
import type { PostgresServer } from "../support/postgresServer.ts";

interface Given {
  readonly server: PostgresServer;
  readonly f: typeof Functions & typeof Transactions;
  readonly world: typeof World;
  engineOn(schema: string, options?: Partial<OpenOptions>): Promise<Engine>;
  closed(engine: Engine): Promise<void>;
}

/** Engines on a PostgreSQL store, opened by its address. */
export function describeEngines(server: () => PostgresServer): void {
  let f: Given["f"];
  let world: typeof World;
  const opened: Engine[] = [];

  const engineOn: Given["engineOn"] = async (schema, options = {}) => {
    const engine = await open({ store: addressOf(server(), schema), functions: { ...f }, ...options });
    opened.push(engine);
    return engine;
  };
  const closed: Given["closed"] = async (engine) => {
    opened.splice(opened.indexOf(engine), 1);
    await engine.close();
  };

  describe("engines on PostgreSQL", () => {
    beforeAll(async () => {
      const compiled = await compileFixture("fixtures/engine");
      f = {
        ...((await import(join(compiled, "functions.js"))) as typeof Functions),
        ...((await import(join(compiled, "transactions.js"))) as typeof Transactions),
      };
      world = (await import(join(compiled, "world.js"))) as typeof World;
    }, 60_000);

    afterEach(async () => {
      for (const engine of opened.splice(0)) await engine.close();
      world.lines.length = 0;
      world.outside.clear();
      world.deeds.clear();
    });

    for (const [claim, hold] of CLAIMS)
      test(claim, () => hold({ server: server(), f, world, engineOn, closed }));
  });
}

const addressOf = ({ url }: PostgresServer, schema: string): string => `${url}?schema=${schema}`;

const CLAIMS: readonly (readonly [claim: string, hold: (given: Given) => Promise<void>])[] = [
  [
    "run functions to their ends",
    async ({ f, engineOn }) => {
      const engine = await engineOn("ends", { lingerMs: 0 });
      const results = await Promise.all([
        engine.start(f.threeSteps, "s").then(({ id }) => engine.result(id)),
        engine.start(f.failsTwice, null).then(({ id }) => engine.result(id)),
        engine.start(f.declined, null).then(({ id }) => engine.result(id)),
        engine.start(f.parallel, 3).then(({ id }) => engine.result(id)),
        engine.start(f.sleeps, 50).then(({ id }) => engine.result(id)),
        engine.start(f.held, null).then(({ id }) => engine.result(id)),
      ]);
      expect(results).toEqual([
        "s123",
        3,
        "51 Declined declined: 51",
        ["p0", "p1", "p2", "x", "y12", "plain", "z12"],
        "after",
        "early task12 late early",
      ]);
    },
  ],

  [
    "hear of what a client starts and settles elsewhere",
    async ({ f, world, engineOn }) => {
      const worker = await engineOn("clients", { lingerMs: 0 });
      const client = await engineOn("clients", { worker: false });
      const { id } = await client.start(f.approval, {});
      const callback = await vi.waitUntil(() => world.outside.get("approve"), 5_000);
      await vi.waitUntil(() => worker.executionsInMemory === 0, 5_000);
      await client.callbacks.succeed(callback, "Eve");
      expect(await client.result(id)).toBe("approved by Eve");
    },
  ],

  [
    "go on where another left off",
    async ({ f, world, engineOn, closed }) => {
      const first = await engineOn("relay", { lingerMs: 0 });
      const { id } = await first.start(f.sleeps, 200);
      await vi.waitUntil(() => world.lines.length === 1 && first.executionsInMemory === 0, 5_000);
      const second = await engineOn("relay");
      await closed(first);
      expect(await second.result(id)).toBe("after");
      expect(world.lines).toEqual(["before", "after"]);
    },
  ],

  [
    "outlive a crash of the server: clients fail by name meanwhile, results are waited for",
    async ({ f, server, engineOn }) => {
      const errors: string[] = [];
      const engine = await engineOn("lost", { onError: ({ name }) => errors.push(name) });
      const { id } = await engine.start(f.sleeps, 700);
      const result = engine.result(id);
      const restarting = server.restart();
      await vi.waitUntil(() => errors.length > 0, { timeout: 5_000, interval: 5 });
      await restarting;
      expect(await result).toBe("after");
      expect(await engine.result((await engine.start(f.threeSteps, "s")).id)).toBe("s123");
      expect(new Set(errors)).toEqual(new Set(["StoreUnavailableError"]));
    },
  ],

  [
    "keep what they have when a connection breaks: bodies at work go on, and what was being written is written",
    async ({ f, world, server, engineOn }) => {
      const errors: string[] = [];
      const engine = await engineOn("cut", { onError: ({ name }) => errors.push(name) });
      const [now, later] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      world.deeds.set("now", () => now.promise);
      world.deeds.set("later", () => later.promise);
      const started = await Promise.all(["now", "later"].map((name) => engine.start(f.gated, name)));
      await vi.waitUntil(() => world.lines.length === 4, 5_000);
      const admin = new pg.Client({ connectionString: server.url });
      await admin.connect();
      await admin.query("BEGIN; LOCK TABLE cut.events IN EXCLUSIVE MODE");
      now.resolve();
      const end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'durablec' AND wait_event_type = 'Lock'";
      await vi.waitUntil(async () => (await admin.query(end)).rowCount === 1, 5_000);
      await admin.query("COMMIT");
      await admin.end();
      expect(await engine.result(started[0]!.id)).toBe("now after");
      later.resolve();
      expect(await engine.result(started[1]!.id)).toBe("later after");
      const bodies = ["now", "later"].flatMap((name) => [`${name} before`, `${name} gate`, `${name} after`]);
      expect(world.lines.toSorted()).toEqual(bodies.toSorted());
      expect(errors).toEqual(["StoreUnavailableError"]);
    },
  ],

  [
    "lose an execution that is taken from them while its transaction() runs, and no other",
    async ({ f, world, server, engineOn }) => {
      const errors: string[] = [];
      const engine = await engineOn("taken", { onError: ({ name }) => errors.push(name) });
      const gate = Promise.withResolvers<void>();
      const admin = new pg.Client({ connectionString: server.url });
      await admin.connect();
      await admin.query("CREATE TABLE ledger (what text)");
      let isTaken = false;
      const take = async (): Promise<void> => {
        if (isTaken) return;
        isTaken = true;
        await admin.query("UPDATE taken.executions SET worker = NULL, lease = lease + 1 WHERE id = 'x'");
      };
      world.deeds.set("other", () => gate.promise);
      world.deeds.set("paid", take);
      const other = await engine.start(f.gated, "other");
      await vi.waitUntil(() => world.lines.includes("other gate"), 5_000);
      await engine.start(f.pays, "paid", { id: "x" });
      expect(await engine.result("x")).toBe("paid paid at attempt 1");
      gate.resolve();
      expect(await engine.result(other.id)).toBe("other after");
      expect(world.lines).toEqual(["other before", "other gate", "paid", "paid", "other after"]);
      expect((await admin.query("SELECT FROM ledger")).rowCount).toBe(1);
      expect(errors).toEqual([]);
      await admin.end();
    },
  ],

  [
    "killed in every life after three commits, come to the same end and repeat nothing",
    async ({ server }) => {
      const module = join(buildQuickstart(), "fulfil.js");
      const { lives, broken } = await live(module, () => "after:3", addressOf(server, "lives"));
      expect(broken).toEqual([]);
      expect(lives).toBeGreaterThan(2);
    },
  ],
];
