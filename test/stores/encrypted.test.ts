import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inspect } from "node:util";
import { DecryptionError, ExecutionExistsError, open, StoreError } from "@durablec/runtime";
import type { EncryptionOptions, Engine } from "@durablec/runtime";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type * as Functions from "../../fixtures/engine/functions.ts";
import type * as World from "../../fixtures/engine/world.ts";
import { OperationArgumentError } from "../../runtime/arguments.ts";
import { encryptStore } from "../../runtime/stores/encrypted.ts";
import { createMemory } from "../../runtime/stores/memory-place.ts";
import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import { openMemoryStore } from "../../runtime/stores/memory.ts";
import { toChunks } from "../../runtime/values/chunks.ts";
import { compileFixture } from "../support/compileFixture.ts";
import { makeFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { describePromises } from "./promises.ts";
import { acquire, commitOf, event, failure, newExecution } from "./samples.ts";

const [K1, K2] = [randomBytes(32), randomBytes(32)];
const FIRST: EncryptionOptions = { current: "k1", keys: { k1: K1 } };
const BOTH: EncryptionOptions = { current: "k2", keys: { k1: K1.toString("base64"), k2: K2 } };
const SECOND: EncryptionOptions = { current: "k2", keys: { k2: K2 } };

describePromises("an encrypted store", () => {
  const memory = createMemory();
  return { open: () => encryptStore(openMemoryStore(memory), FIRST), remove: () => undefined };
});

/** Of the input, a result, an error, a signal, a settlement and a state. */
const SECRETS = ["s3cret-input", "s3cret-answer", "s3cret-signal", "s3cret-failure"];

let f: typeof Functions;
let world: typeof World;
let folder: Folder;
let store: string;
const opened: Engine[] = [];
const parked: Error[] = [];

beforeAll(async () => {
  const compiled = await compileFixture("fixtures/engine");
  f = (await import(join(compiled, "functions.js"))) as typeof Functions;
  world = (await import(join(compiled, "world.js"))) as typeof World;
}, 60_000);
beforeEach(() => {
  folder = makeFolder();
  store = folder.path("secret.db");
  parked.length = 0;
});
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
  folder.remove();
});

async function engineWith(encryption: EncryptionOptions | undefined): Promise<Engine> {
  const engine = await open({
    store,
    functions: { ...f },
    lingerMs: 0,
    onError: (error) => void parked.push(error),
    ...(encryption === undefined ? {} : { encryption }),
  });
  opened.push(engine);
  return engine;
}

async function closed(engine: Engine): Promise<void> {
  opened.splice(opened.indexOf(engine), 1);
  await engine.close();
}

async function until(condition: () => unknown): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i > 1_000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Changes the file beside the store, as somebody does who has the database and not the keys. */
function tamper(sql: string): void {
  const file = new DatabaseSync(store);
  file.exec(sql);
  file.close();
}

function assertSilent(bytes: string): void {
  for (const secret of [...SECRETS, K1.toString("base64"), K2.toString("base64")])
    expect(bytes).not.toContain(secret);
}

describe("an engine with keys", () => {
  test("leaves nothing readable in the file, or in what it logs, of what it was given", async () => {
    const engine = await engineWith(FIRST);
    const { id } = await engine.start(f.threeSteps, SECRETS[0]!);
    expect(await engine.result(id)).toBe("s3cret-input123");
    for (const answer of ["succeed", "fail"] as const) {
      await engine.start(f.approval, {}, { id: answer });
      await until(() => world.outside.get("approve") !== undefined);
      const callback = world.outside.get("approve")!;
      world.outside.clear();
      if (answer === "succeed") await engine.callbacks.succeed(callback, SECRETS[1]);
      else await engine.callbacks.fail(callback, new Error(SECRETS[3]));
      expect(String(await engine.result(answer).catch(String))).toMatch(/s3cret/);
    }
    await engine.start(f.sleeps, 60_000, { id: "c" });
    await engine.signal("c", "colour", SECRETS[2]);
    await until(() => engine.executionsInMemory === 0);
    assertSilent(readFileSync(store, "latin1") + readFileSync(`${store}-wal`, "latin1"));
    expect((await engine.query("c"))?.signals).toEqual({ colour: 1 });
  });

  test("parks what it has no key for, goes on with the others, and finishes it once it has the key", async () => {
    const first = await engineWith(FIRST);
    await first.start(f.sleeps, 1, { id: "old" });
    await closed(first);
    const second = await engineWith(SECOND);
    const { id } = await second.start(f.threeSteps, "new");
    expect(await second.result(id)).toBe("new123");
    await until(() => parked.length > 0);
    expect(parked[0]).toBeInstanceOf(DecryptionError);
    expect(String(parked[0])).toContain('the key "k1", which was not given');
    expect(await failure(() => second.get("old"))).toBeInstanceOf(DecryptionError);
    const shown = (await second.list()).find((view) => view.id === "old");
    expect(shown?.problem).toContain('"k1"');
    await closed(second);
    const third = await engineWith(BOTH);
    expect(await third.result("old")).toBe("after");
  });

  test.each([
    [
      "changed",
      "UPDATE events SET body = replace(body, '.', '.A') WHERE execution = 1",
      /event 1 \(ExecutionStarted\)/,
    ],
    [
      "readable",
      "UPDATE events SET body = '{}' WHERE execution = 1",
      /is not encrypted, though the store is/,
    ],
    [
      "another execution's",
      "UPDATE events SET body = (SELECT body FROM events WHERE execution = 2) WHERE execution = 1",
      /of execution "a" cannot be decrypted/,
    ],
    ["of another kind", "UPDATE events SET kind = 'StepFailed' WHERE execution = 1", /was changed or moved/],
  ])("parks an execution whose event was made %s behind its back, and no other", async (_how, sql, words) => {
    const client = await engineWith(FIRST);
    await closed(client);
    const starting = await open({ store, functions: { ...f }, worker: false, encryption: FIRST });
    for (const id of ["a", "b"]) await starting.start(f.threeSteps, "s", { id });
    await starting.close();
    tamper(sql);
    const engine = await engineWith(FIRST);
    expect(await engine.result("b")).toBe("s123");
    await until(() => parked.length > 0);
    expect(String(parked[0])).toMatch(words);
    const shown = (await engine.list()).find(({ id }) => id === "a");
    expect(shown?.problem).toMatch(words);
  });

  test("starts the same thing once, though its texts are never the same and its key is a new one", async () => {
    const first = await engineWith(FIRST);
    expect(await first.start(f.sleeps, 60_000, { id: "a" })).toMatchObject({ created: true });
    await closed(first);
    const second = await engineWith(BOTH);
    expect(await second.start(f.sleeps, 60_000, { id: "a" })).toMatchObject({ created: false });
    expect(await failure(() => second.start(f.sleeps, 1, { id: "a" }))).toBeInstanceOf(ExecutionExistsError);
  });

  test("and one without, refuse each other's stores", async () => {
    const secret = await engineWith(FIRST);
    await secret.start(f.sleeps, 60_000, { id: "a" });
    expect(String(await failure(() => open({ store, functions: [] })))).toContain(
      "is encrypted: open it with its keys",
    );
    const plain = { store: folder.path("plain.db"), functions: { ...f } };
    const engine = await open(plain);
    opened.push(engine);
    await engine.start(f.sleeps, 60_000);
    const error = await failure(() => open({ ...plain, encryption: FIRST }));
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toContain("is not encrypted");
  });
});

test("what a transaction records, and an execution that is enqueued in it, are encrypted, and read again", async () => {
  const file = openSqliteStore(store);
  const sealed = encryptStore(file, FIRST);
  const epoch = await acquire(sealed);
  const { lease = 0 } = await sealed.create(newExecution("x"), epoch);
  const ran: string[] = [];
  const secret = { ...event(1), body: JSON.stringify(SECRETS[0]) };
  const body = async (client: unknown): Promise<string> => {
    ran.push("body");
    await sealed.transactions!.create(client, newExecution("y", { event: secret }));
    return JSON.stringify(SECRETS[1]);
  };
  const { signal } = new AbortController();
  const rest = { isolation: null, signal, committing: () => undefined };
  for (let attempt = 0; attempt < 2; attempt++) {
    const done = await sealed.transactions!.run({
      epoch: () => epoch,
      lease,
      execution: "x",
      op: "1",
      body,
      ...rest,
    });
    expect(done).toEqual({ kind: "recorded", body: JSON.stringify(SECRETS[1]) });
  }
  expect(ran).toEqual(["body"]);
  expect(await sealed.history("y", 0, 1)).toEqual([secret]);
  assertSilent(readFileSync(store, "latin1") + readFileSync(`${store}-wal`, "latin1"));
  await sealed.close();
});

test.each([
  ["a current key that is not there", { current: "k3", keys: { k1: K1 } }, "not among its keys"],
  ["a short key", { current: "k", keys: { k: K1.subarray(1) } }, "not 31 bytes"],
  ["a text that is no key", { current: "k", keys: { k: "s3cret-input" } }, "not 9 bytes"],
  ["an id that is none", { current: "a b", keys: { "a b": K1 } }, "letters, digits"],
])("%s is refused, and no key is shown", (_name, encryption, words) => {
  const error = (() => {
    try {
      encryptStore(openMemoryStore(), encryption);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(OperationArgumentError);
  expect(String(error)).toContain(words);
  assertSilent(inspect(error, { depth: 10, showHidden: true }));
});

describe("an encrypted snapshot", () => {
  /** What is really written while a large array stands beside many small steps. */
  async function namesWritten(id: string): Promise<{ readonly added: number; readonly names: Set<string> }> {
    const inner = openMemoryStore();
    const commit = inner.commit.bind(inner);
    const written = { added: 0, names: new Set<string>() };
    inner.commit = (epoch, commits) => {
      for (const { snapshot, events } of commits) {
        for (const { added = [], chunks = [] } of [
          ...events,
          ...(snapshot === undefined ? [] : [snapshot]),
        ]) {
          written.added += added.length;
          for (const name of chunks) written.names.add(name);
        }
      }
      return commit(epoch, commits);
    };
    const engine = await open({ store: inner, functions: { ...f }, encryption: FIRST });
    await engine.start(f.bigAndSmall, 300, { id });
    await engine.result(id);
    await engine.close();
    return written;
  }

  test("shares what did not change with the one before, and nothing with those of other executions", async () => {
    const [a, b] = [await namesWritten("a"), await namesWritten("b")];
    expect(a.names.size).toBeGreaterThan(10);
    expect(a.added).toBe(a.names.size);
    expect([...a.names].filter((name) => b.names.has(name))).toEqual([]);
  });

  test("of an old key is read, and replaced as a whole by the next one", async () => {
    const memory = createMemory();
    const [old, both] = [FIRST, BOTH].map((keys) => encryptStore(openMemoryStore(memory), keys));
    const epoch = await acquire(old!);
    await old!.create(newExecution("x"));
    const snapshot = (text: string, removed: readonly string[]) => {
      const chunks = toChunks(text);
      return { seq: 1, chunks: chunks.map(({ hash }) => hash), added: chunks, removed };
    };
    const text = Array.from({ length: 3_000 }, (_, i) => `line ${i}`).join();
    await old!.commit(epoch, [commitOf("x", { snapshot: snapshot(text, []) })]);
    const loaded = (await both!.load("x"))!;
    expect(loaded.snapshot?.body).toBe(text);
    expect(loaded.chunks.filter((hash) => toChunks(text).some((chunk) => chunk.hash === hash))).toEqual([]);
    await both!.commit(epoch, [commitOf("x", { snapshot: snapshot(text, loaded.chunks) })]);
    expect(memory.executions.get("x")!.chunks.size).toBe(toChunks(text).length);
    expect((await both!.load("x"))!.chunks).toEqual(toChunks(text).map(({ hash }) => hash));
  });
});
