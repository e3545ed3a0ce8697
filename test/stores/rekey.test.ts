import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { checkStore, DecryptionError, open, rekeyStore } from "@durablec/runtime";
import type { EncryptionOptions, Engine } from "@durablec/runtime";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type EngineFixture, loadEngineFixture } from "../support/engineFixture.ts";
import { makeFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { failure } from "./samples.ts";

const [k1, k2] = [randomBytes(32), randomBytes(32)];
const FIRST: EncryptionOptions = { current: "k1", keys: { k1 } };
const BOTH: EncryptionOptions = { current: "k2", keys: { k1, k2 } };
const SECOND: EncryptionOptions = { current: "k2", keys: { k2 } };

let f: EngineFixture["f"];
let world: EngineFixture["world"];
let folder: Folder;
let store: string;

beforeAll(async () => {
  ({ f, world } = await loadEngineFixture());
});
beforeEach(() => {
  folder = makeFolder();
  store = folder.path("secret.db");
});
afterEach(() => folder.remove());

async function withEngine<T>(encryption: EncryptionOptions | null, use: (engine: Engine) => Promise<T>) {
  const keys = encryption === null ? {} : { encryption };
  const engine = await open({ store, functions: { ...f }, lingerMs: 0, onError: () => undefined, ...keys });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

async function until(condition: () => unknown): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i > 2_000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Journals, chunked states and events, a settlement and a signal that nobody has read yet. */
async function fill(): Promise<void> {
  await withEngine(FIRST, async (engine) => {
    await engine.start(f.threeSteps, "s", { id: "ended" });
    await engine.start(f.grows, 400, { id: "asleep" });
    await engine.start(f.large, 2_000, { id: "large" });
    await engine.start(f.approval, {}, { id: "asks" });
    await until(() => world.outside.has("approve"));
    expect(await engine.result("ended")).toBe("s123");
    await until(() => engine.executionsInMemory === 0);
  });
  const client = await open({ store, functions: { ...f }, worker: false, encryption: FIRST });
  await client.callbacks.succeed(world.outside.get("approve")!, "Ada");
  await client.signal("large", "wake");
  await client.close();
}

async function findings(encryption: EncryptionOptions): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { what } of checkStore({ store, encryption })) found.push(what);
  return found;
}

test("a store is under its newest key at once, and the old key is needed no more", async () => {
  await fill();
  expect(await findings(SECOND)).not.toEqual([]);
  expect(await rekeyStore({ store, encryption: BOTH })).toBeGreaterThan(400);
  expect(await rekeyStore({ store, encryption: BOTH })).toBe(0);
  expect(await findings(SECOND)).toEqual([]);
  await withEngine(SECOND, async (engine) => {
    expect(await engine.result("ended")).toBe("s123");
    expect(await engine.result("asks")).toBe("approved by Ada");
    expect(await engine.result("large")).toHaveLength(2_000);
    await engine.signal("asleep", "wake");
    expect(await engine.result("asleep")).toBe(400);
  });
});

test("a worker that runs meanwhile loses nothing", async () => {
  await fill();
  await withEngine(BOTH, async (engine) => {
    await engine.start(f.grows, 1_000, { id: "runs" });
    const [rekeyed] = await Promise.all([
      rekeyStore({ store, encryption: BOTH }),
      engine.signal("asleep", "wake"),
    ]);
    expect(rekeyed).toBeGreaterThan(400);
    await engine.signal("runs", "wake");
    expect(await engine.result("runs")).toBe(1_000);
    expect(await engine.result("asleep")).toBe(400);
    expect(await engine.result("asks")).toBe("approved by Ada");
  });
  expect(await rekeyStore({ store, encryption: BOTH })).toBe(0);
  expect(await findings(SECOND)).toEqual([]);
});

test("an old key that is missing, a text that was changed, and a store without encryption are refused, and stay as they are", async () => {
  await fill();
  expect(await failure(() => rekeyStore({ store, encryption: SECOND }))).toBeInstanceOf(DecryptionError);
  expect(await findings(FIRST)).toEqual([]);
  const file = new DatabaseSync(store);
  file.exec("UPDATE events SET body = substr(body, 1, 60) || 'AAAA' || substr(body, 65) WHERE seq = 300");
  file.close();
  expect(await failure(() => rekeyStore({ store, encryption: BOTH }))).toBeInstanceOf(DecryptionError);
  // What came before it was done, and all but the changed one reads as before.
  expect(await findings(BOTH)).toHaveLength(1);
  store = folder.path("plain.db");
  await withEngine(null, async (engine) => engine.result((await engine.start(f.threeSteps, "s")).id));
  expect(await failure(() => rekeyStore({ store, encryption: BOTH }))).toBeInstanceOf(DecryptionError);
});
