import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checkStore, open, StoreError } from "@durablec/runtime";
import type { EncryptionOptions, Finding } from "@durablec/runtime";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type * as Functions from "../../fixtures/engine/functions.ts";
import { compileFixture } from "../support/compileFixture.ts";
import { crash, findBroken } from "./torn.ts";
import { makeFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";

const encryption: EncryptionOptions = { current: "k", keys: { k: Buffer.alloc(32, 3) } };

let samples: Folder;
let folder: Folder;
let file: string;

beforeAll(async () => {
  const f = (await import(join(await compileFixture("fixtures/engine"), "functions.js"))) as typeof Functions;
  samples = makeFolder();
  for (const [name, keys] of [
    ["plain.db", {}],
    ["sealed.db", { encryption }],
  ] as const) {
    const engine = await open({ store: samples.path(name), functions: { ...f }, lingerMs: 0, ...keys });
    await engine.start(f.threeSteps, "s", { id: "ended", tags: { a: "1" } });
    await engine.result("ended");
    const failed = await engine.start(f.declined, null, { id: "declined" });
    await engine.result(failed.id);
    await engine.start(f.grows, 400, { id: "asleep" });
    await engine.start(f.approval, {}, { id: "asks" });
    await engine.start(f.large, 2_000, { id: "large" });
    for (let i = 0; engine.executionsInMemory > 0 || i < 10; i++) {
      if (i > 2_000) throw new Error("waited in vain");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await engine.signal("asks", "nobody asks for this", 1);
    await engine.close();
  }
  return () => samples.remove();
}, 60_000);
beforeEach(() => {
  folder = makeFolder();
  file = folder.path("store.db");
});
afterEach(() => folder.remove());

async function findings(keys?: EncryptionOptions): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for await (const finding of checkStore({
    store: file,
    ...(keys === undefined ? {} : { encryption: keys }),
  }))
    found.push(finding);
  return found;
}

function damage(sample: string, sql: string): void {
  writeFileSync(file, readFileSync(samples.path(sample)));
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  database.exec(sql);
  database.close();
}

test("a whole store has no findings, with keys and without, and is left as it is", async () => {
  for (const sample of ["plain.db", "sealed.db"]) {
    damage(sample, "");
    const before = readFileSync(file);
    expect(await findings()).toEqual([]);
    expect(await findings(encryption)).toEqual([]);
    expect(readFileSync(file).equals(before)).toBe(true);
  }
});

const of = (id: string): string => `(SELECT key FROM executions WHERE id = '${id}')`;
const aPinned = "(SELECT max(hash) FROM event_chunks)";
const aChunk = (id: string): string => `(SELECT max(hash) FROM chunks WHERE execution = ${of(id)})`;

describe("what is wrong is named with its execution:", () => {
  const cases: readonly (readonly [sql: string, execution: string | null, words: RegExp])[] = [
    [`DELETE FROM events WHERE execution = ${of("ended")} AND seq = 3`, "ended", /4 events, from 1 to 5/],
    [`DELETE FROM events WHERE execution = ${of("asks")}`, "asks", /does not begin with ExecutionStarted/],
    [
      `DELETE FROM executions WHERE id = 'asks'`,
      null,
      /table events has rows of executions that are not there/,
    ],
    [`UPDATE executions SET status = 'RUNNING' WHERE id = 'ended'`, "ended", /its journal has ended/],
    [`UPDATE executions SET status = 'STOPPED' WHERE id = 'ended'`, "ended", /its journal ends otherwise/],
    [`UPDATE executions SET status = 'DONE' WHERE id = 'asks'`, "asks", /its status is none/],
    [`UPDATE executions SET wake_at = 5 WHERE id = 'ended'`, "ended", /has a time to wake/],
    [`UPDATE executions SET ended_at = NULL WHERE id = 'ended'`, "ended", /nobody knows when/],
    [`UPDATE callbacks SET execution = ${of("ended")}`, "ended", /a callback waits/],
    [`UPDATE inbox SET execution = ${of("ended")}`, "ended", /has messages/],
    [`UPDATE inbox SET body = 'hello'`, "asks", /its message is no JSON/],
    [`UPDATE events SET body = body || '"' WHERE seq = 1`, "asks", /its event 1 .* is no JSON/],
    [`UPDATE events SET body = '{}' || char(10) || '[' WHERE seq = 2`, "asks", /its event 2 .* is no JSON/],
    [`UPDATE snapshots SET seq = 5000 WHERE execution = ${of("asks")}`, "asks", /newer than its journal/],
    [
      `UPDATE snapshots SET body = body || ' ' WHERE execution = ${of("asks")}`,
      "asks",
      /not what its name says/,
    ],
    [`DELETE FROM chunks WHERE hash = ${aChunk("asleep")}`, "asleep", /chunk .* of its state is missing/],
    [`UPDATE chunks SET body = 'x' WHERE hash = ${aChunk("asleep")}`, "asleep", /not what its name says/],
    [
      `INSERT INTO chunks VALUES (${of("asleep")}, 'x', 'y')`,
      "asleep",
      /1 chunks of it belong to no state and no event/,
    ],
    [
      `INSERT INTO chunks VALUES (${of("ended")}, 'x', 'y')`,
      "ended",
      /chunks that no event needs, and no state/,
    ],
    [`DELETE FROM chunks WHERE hash = ${aPinned}`, "large", /chunk .* of its event 2 is missing/],
    [`UPDATE chunks SET body = '[]' WHERE hash = ${aPinned}`, "large", /of its event 2 is not what its name/],
    [`DELETE FROM event_chunks`, "large", /chunk .* of its event 2 may go before the event does/],
    [`UPDATE events SET chunks = substr(chunks, 34) WHERE seq = 2`, "large", /its event 2 .* is no JSON/],
    [`DELETE FROM owner`, null, /owner does not have one row/],
    [`UPDATE callbacks SET execution = 99`, null, /callbacks refers to no row|callbacks has rows/],
  ];
  test.each(cases)("%s", async (sql, execution, words) => {
    damage("plain.db", sql);
    const found = await findings();
    expect(
      found
        .filter((one) => one.execution === execution)
        .map(({ what }) => what)
        .join("\n"),
    ).toMatch(words);
  });

  test("a text that was changed or moved, in an encrypted store", async () => {
    damage("sealed.db", "UPDATE events SET body = 'oops' WHERE seq = 1");
    expect(await findings()).toContainEqual({
      execution: "asks",
      what: expect.stringContaining("is no JSON"),
    });
    const moved = `SELECT body FROM events WHERE seq = 1 AND execution = ${of("asks")}`;
    damage("sealed.db", `UPDATE events SET body = (${moved}) WHERE seq = 1`);
    expect(await findings()).toEqual([]);
    expect(await findings(encryption)).toContainEqual({
      execution: "ended",
      what: expect.stringContaining("was changed or moved"),
    });
    // The first of its chunks again, in place of the second.
    const first = "substr(chunks, 1, instr(chunks, ' '))";
    damage(
      "sealed.db",
      `UPDATE events SET chunks = ${first} || ${first} || substr(chunks, 2 * length(${first}) + 1)`,
    );
    expect(await findings()).toEqual([]);
    expect(await findings(encryption)).toEqual([
      { execution: "large", what: expect.stringContaining("is not made of the chunks it was written with") },
    ]);
  });
});

/** All texts that keys protect, or null if they cannot be read. */
function textsOf(path: string): string | null {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const queries = [
      "SELECT e.id, seq, kind, body, chunks FROM events v JOIN executions e ON e.key = v.execution ORDER BY e.id, seq",
      "SELECT e.id, hash, body FROM chunks c JOIN executions e ON e.key = c.execution ORDER BY e.id, hash",
    ];
    return JSON.stringify(queries.map((sql) => database.prepare(sql).all()));
  } catch {
    return null;
  } finally {
    database.close();
  }
}

test("flipped bytes never crash the check, and no text that keys protect changes without a finding", async () => {
  const whole = readFileSync(samples.path("sealed.db"));
  const texts = textsOf(samples.path("sealed.db"));
  const seen = { damaged: 0 };
  for (let at = 50; at < whole.length; at += 4_096 * 5 + 131) {
    const bytes = Buffer.from(whole);
    for (let i = at; i < Math.min(at + 64, bytes.length); i++) bytes[i] = bytes[i]! ^ 0xff;
    writeFileSync(file, bytes);
    const found = await findings(encryption).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreError);
      return [error];
    });
    if (found.length > 0) seen.damaged++;
    else expect(textsOf(file), `bytes flipped at ${at}`).toBe(texts);
  }
  expect(seen.damaged).toBeGreaterThan(5);
});

test("a log that was torn anywhere keeps what was acknowledged before it, and nothing that was not written", async () => {
  const crashed = await crash(30);
  for (const how of ["cut", "flipped", "zeroed"] as const) {
    for (let at = 0; at < crashed.log.length; at += 4_096 * 9 + 1_013)
      expect(await findBroken(crashed, how, at), `${how} at ${at}`).toEqual([]);
  }
});
