import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { Engine, OpenOptions } from "@durablec/runtime";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type * as Functions from "../../fixtures/engine/functions.ts";
import type * as World from "../../fixtures/engine/world.ts";
import { buildQuickstart } from "../kill/buildQuickstart.ts";
import { live } from "../kill/lives.ts";
import { compileFixture } from "../support/compileFixture.ts";
import type { PostgresServer } from "../support/postgresServer.ts";

interface Given {
  readonly server: PostgresServer;
  readonly f: typeof Functions;
  readonly world: typeof World;
  engineOn(schema: string, options?: Partial<OpenOptions>): Promise<Engine>;
  closed(engine: Engine): Promise<void>;
}

/** Engines on a PostgreSQL store, opened by its address. */
export function describeEngines(server: () => PostgresServer): void {
  let f: typeof Functions;
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
      f = (await import(join(compiled, "functions.js"))) as typeof Functions;
      world = (await import(join(compiled, "world.js"))) as typeof World;
    });

    afterEach(async () => {
      for (const engine of opened.splice(0)) await engine.close();
      world.lines.length = 0;
      world.outside.clear();
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
    "killed in every life after five commits, come to the same end and repeat nothing",
    async ({ server }) => {
      const module = join(buildQuickstart(), "fulfil.js");
      const { lives, broken } = await live(module, () => "after:5", addressOf(server, "lives"));
      expect(broken).toEqual([]);
      expect(lives).toBeGreaterThan(2);
    },
  ],
];
