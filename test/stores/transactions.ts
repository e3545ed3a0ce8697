import { join } from "node:path";
import { ExecutionExistsError, FencedError, open, StoreError, TransactionError } from "@durablec/runtime";
import type { Engine, OpenOptions, Store } from "@durablec/runtime";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Functions from "../../fixtures/engine/functions.ts";
import type * as Transactions from "../../fixtures/engine/transactions.ts";
import type * as World from "../../fixtures/engine/world.ts";
import { compileFixture } from "../support/compileFixture.ts";
import { acquire, failure, newExecution } from "./samples.ts";

/** A database with a table `ledger (what text)` in it, beside the store. */
export interface Database {
  open(): Store | Promise<Store>;
  /** What is in the ledger. */
  rows(): Promise<readonly string[]>;
  /** Nobody can take over a store while a body of its owner has the one write lock. */
  readonly isLockedByBodies: boolean;
  /** Begins a transaction on a connection of its own. `end` is `COMMIT` or `ROLLBACK`. */
  begin(): Promise<{ readonly client: unknown; end(how: string): Promise<void> }>;
  remove(): Promise<void>;
}

interface Given {
  readonly database: Database;
  readonly f: typeof Functions & typeof Transactions;
  readonly world: typeof World;
  engine(options?: Partial<OpenOptions>): Promise<Engine>;
  closed(engine: Engine): Promise<void>;
}

/** What a step that is a transaction, and an execution that is enqueued in one, promise on every database. */
export function describeTransactions(name: string, make: () => Promise<Database>): void {
  let given: Given;
  const opened: Engine[] = [];

  describe(`transactions on ${name}`, () => {
    let f: Given["f"];
    let world: typeof World;
    beforeAll(async () => {
      const compiled = await compileFixture("fixtures/engine");
      const load = async (file: string): Promise<unknown> => import(join(compiled, file));
      f = {
        ...((await load("functions.js")) as object),
        ...((await load("transactions.js")) as object),
      } as Given["f"];
      world = (await load("world.js")) as typeof World;
    });
    beforeEach(async () => {
      const database = await make();
      world.lines.length = 0;
      world.deeds.clear();
      given = {
        database,
        f,
        world,
        async engine(options = {}) {
          const store = await database.open();
          const engine = await open({ store, functions: { ...f }, onError: () => undefined, ...options });
          opened.push(engine);
          return engine;
        },
        async closed(engine) {
          opened.splice(opened.indexOf(engine), 1);
          await engine.close();
        },
      };
    });
    afterEach(async () => {
      for (const engine of opened.splice(0)) await engine.close();
      await given.database.remove();
    });
    for (const [claim, hold] of CLAIMS) test(claim, () => hold(given));
  });
}

/** A store whose transactions are committed and never heard of again: its process died just then. */
function deaf(store: Store): Store {
  const inner = store.transactions!;
  const run: typeof inner.run = async (transacting) => {
    await inner.run(transacting);
    return new Promise<never>(() => undefined);
  };
  return new Proxy(store, {
    get(target, key) {
      if (key === "transactions") return { ...inner, run };
      const value = Reflect.get(target, key) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const never = (): Promise<never> => new Promise(() => undefined);

const CLAIMS: readonly (readonly [claim: string, hold: (given: Given) => Promise<void>])[] = [
  [
    "a body's writes and its record are there together",
    async ({ engine, f, database }) => {
      const one = await engine();
      const { id } = await one.start(f.pays, "rent");
      expect(await one.result(id)).toBe("rent paid at attempt 1");
      expect(await database.rows()).toEqual(["rent"]);
      const kinds = (await one.history(id)).map(({ kind, name = "" }) => `${kind} ${name}`);
      expect(kinds.slice(1, 3)).toEqual(["StepSucceeded pay", "StepSucceeded told"]);
    },
  ],

  [
    "a body that throws leaves nothing, and is tried again",
    async ({ engine, f, world, database }) => {
      world.deeds.set("rent", (_client, attempt) => {
        if (attempt < 3) throw new Error("not yet");
      });
      const one = await engine();
      const { id } = await one.start(f.pays, "rent");
      expect(await one.result(id)).toBe("rent paid at attempt 3");
      expect(await database.rows()).toEqual(["rent"]);
    },
  ],

  [
    "one that was committed when the process died is not run again, and its result is known",
    async ({ engine, closed, f, world, database }) => {
      const first = await engine({ store: deaf(await database.open()) });
      const { id } = await first.start(f.pays, "rent");
      await vi.waitFor(async () => expect(await database.rows()).toEqual(["rent"]));
      await closed(first);
      expect(await (await engine()).result(id)).toBe("rent paid at attempt 1");
      expect(world.lines).toEqual(["rent"]);
      expect(await database.rows()).toEqual(["rent"]);
    },
  ],

  [
    "one that hangs is rolled back at its timeout, and other executions go on meanwhile",
    async ({ engine, f, world, database }) => {
      world.deeds.set("rent", async (_client, attempt) => {
        if (attempt === 1) await never();
      });
      const one = await engine();
      const { id } = await one.start(f.pays, "rent");
      await vi.waitFor(() => expect(world.lines).toContain("rent"));
      const others = ["food", "books"].map(async (what) => one.result((await one.start(f.pays, what)).id));
      expect(await one.result(id)).toBe("rent paid at attempt 2");
      await Promise.all(others);
      expect([...(await database.rows())].sort()).toEqual(["books", "food", "rent"]);
    },
  ],

  [
    "a body that ends its transaction is refused by name, and not tried again",
    async ({ engine, f, world }) => {
      world.deeds.set("rent", async (client) => {
        const given = client as { exec?(sql: string): void; query?(sql: string): Promise<unknown> };
        given.exec?.("COMMIT");
        await given.query?.("COMMIT");
      });
      const one = await engine();
      const error = await failure(async () => one.result((await one.start(f.pays, "rent")).id));
      expect(error).toBeInstanceOf(TransactionError);
      expect(String(error)).toContain("leave COMMIT and ROLLBACK out");
      expect(world.lines).toEqual(["rent"]);
    },
  ],

  [
    "a worker that was taken over while a body ran commits nothing of it",
    async ({ f, database, world }) => {
      const [store, other] = [await database.open(), await database.open()];
      const epoch = await acquire(store);
      const { lease = 0 } = await store.create(newExecution("x", { function: f.pays.name }), epoch);
      const takeOver = (): unknown => other.release(epoch);
      if (database.isLockedByBodies) await takeOver();
      const body = async (client: unknown): Promise<string> => {
        await world.book(client, "rent");
        if (!database.isLockedByBodies) await takeOver();
        return "1";
      };
      const { signal } = new AbortController();
      const rest = { isolation: null, signal, committing: () => undefined };
      const error = await failure(() =>
        store.transactions!.run({ epoch: () => epoch, execution: "x", lease, op: "1", body, ...rest }),
      );
      expect(error).toBeInstanceOf(FencedError);
      expect(await database.rows()).toEqual([]);
      await store.close();
      await other.close();
    },
  ],

  [
    "one that hangs while the engine is closed is rolled back, keeps nothing waiting, and runs again",
    async ({ engine, closed, f, world, database }) => {
      world.deeds.set("rent", never);
      const first = await engine();
      const { id } = await first.start(f.pays, "rent");
      await vi.waitFor(() => expect(world.lines).toContain("rent"));
      await closed(first);
      expect(await database.rows()).toEqual([]);
      world.deeds.clear();
      expect(await (await engine()).result(id)).toMatch(/^rent paid/);
      expect(await database.rows()).toEqual(["rent"]);
    },
  ],

  [
    "a body can enqueue, through its own client: once, though it runs three times",
    async ({ engine, f, world, database }) => {
      const one = await engine();
      world.deeds.set("rent", async (client, attempt) => {
        await one.enqueue(client, f.threeSteps, { input: `${attempt}`, id: "child" });
        if (attempt < 3) throw new Error("not yet");
      });
      expect(await one.result((await one.start(f.pays, "rent")).id)).toBe("rent paid at attempt 3");
      expect(await one.result("child")).toBe("3123");
      expect(await database.rows()).toEqual(["rent"]);
    },
  ],

  [
    "many at once all find their turn, in the context form too",
    async ({ engine, f, database }) => {
      const one = await engine();
      expect(await one.result((await one.start(f.paysMany, 12)).id)).toBe(66);
      expect(await database.rows()).toHaveLength(12);
    },
  ],

  [
    "one that a retry has undone runs again",
    async ({ engine, f, database }) => {
      const one = await engine();
      const { id } = await one.start(f.failsLater, "rent");
      await failure(() => one.result(id));
      await one.retry(id, { to: 1 });
      expect(String(await failure(() => one.result(id)))).toContain("refused");
      expect(await database.rows()).toEqual(["rent", "rent"]);
    },
  ],

  [
    "an execution that is enqueued in a transaction runs if that commits, and else never was",
    async ({ engine, f, database }) => {
      const one = await engine();
      const lost = await database.begin();
      expect(await one.enqueue(lost.client, f.threeSteps, { input: "s", id: "lost" })).toMatchObject({
        created: true,
      });
      await lost.end("ROLLBACK");
      const kept = await database.begin();
      const ids = ["a", "b"];
      for (const id of ids)
        await one.enqueue(kept.client, f.threeSteps, { input: id, id, tags: { of: "test" } });
      expect(await one.list()).toEqual([]);
      await kept.end("COMMIT");
      expect(
        await Promise.all(
          ids.map(async (id) => {
            await vi.waitFor(async () => expect(await one.get(id)).not.toBeNull());
            return one.result(id);
          }),
        ),
      ).toEqual(["a123", "b123"]);
      expect(await one.get("lost")).toBeNull();
    },
  ],

  [
    "the same id is enqueued once, with the same input; other clients and stores are refused",
    async ({ engine, f, database }) => {
      const one = await engine({ worker: false });
      await one.start(f.threeSteps, "s", { id: "a" });
      const { client, end } = await database.begin();
      expect(await one.enqueue(client, f.threeSteps, { input: "s", id: "a" })).toMatchObject({
        created: false,
      });
      const other = await failure(() => one.enqueue(client, f.threeSteps, { input: "t", id: "a" }));
      expect(other).toBeInstanceOf(ExecutionExistsError);
      await end("ROLLBACK");
      expect(await failure(() => one.enqueue({}, f.threeSteps, { input: "s" }))).toBeInstanceOf(StoreError);
      const memory = await engine({ store: "memory:" });
      expect(String(await failure(() => memory.enqueue(client, f.threeSteps, { input: "s" })))).toContain(
        "memory",
      );
      const refused = await failure(async () => memory.result((await memory.start(f.pays, "rent")).id));
      expect(refused).toBeInstanceOf(TransactionError);
    },
  ],
];
