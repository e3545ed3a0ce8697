import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqliteStore } from "@durablec/runtime";
import { encryptStore } from "../../runtime/stores/encrypted.ts";
import { event, newExecution } from "../stores/samples.ts";
import { runIn, type Ran } from "./fakeIo.ts";

const cwd = mkdtempSync(join(tmpdir(), "durablec-store-"));
const run = (...argv: readonly string[]): Promise<Ran> => runIn({ cwd }, ...argv);
const key = Buffer.alloc(32, 7).toString("base64");
const keys = { current: "k1", keys: { k1: key } };

beforeAll(async () => {
  const store = encryptStore(openSqliteStore(join(cwd, "secret.db")), keys);
  await store.create(
    newExecution("a", { event: { ...event(1), kind: "ExecutionStarted", body: '{}\n"hidden"' } }),
  );
  await store.close();
  writeFileSync(join(cwd, "keys.json"), JSON.stringify(keys));
});
afterAll(() => rmSync(cwd, { recursive: true }));

describe("--key-file", () => {
  const get = ["execution", "get", "a", "--store", "secret.db"];

  test("opens an encrypted store, which without it is refused", async () => {
    expect((await run(...get, "--key-file", "keys.json")).out).toContain("hidden");
    const { exit, err } = await run(...get);
    expect(exit).toBe(3);
    expect(err).toContain("--key-file");
  });

  test.each([
    ["a missing file", null, "cannot be read (ENOENT)"],
    ["a file that is a key and nothing else", key, "does not hold keys"],
    ["a file whose keys are no text", JSON.stringify({ current: "k", keys: { k: 1 } }), "does not hold keys"],
  ])("says what is wrong with %s, and does not show it", async (_name, text, words) => {
    if (text !== null) writeFileSync(join(cwd, "bad.json"), text);
    const { exit, err } = await run(...get, "--key-file", text === null ? "missing.json" : "bad.json");
    expect(exit).toBe(2);
    expect(err).toContain(words);
    expect(err).not.toContain(key);
  });
});

describe("durablec store", () => {
  test("rekeys, and says how much; without keys it refuses", async () => {
    const both = { current: "k2", keys: { ...keys.keys, k2: Buffer.alloc(32, 8).toString("base64") } };
    writeFileSync(join(cwd, "both.json"), JSON.stringify(both));
    writeFileSync(join(cwd, "rekeyed.db"), readFileSync(join(cwd, "secret.db")));
    const rekey = ["store", "rekey", "--store", "rekeyed.db"];
    expect((await run(...rekey, "--key-file", "both.json")).out).toBe("1 text under the key k2 now\n");
    const again = await run(...rekey, "--key-file", "both.json", "--json");
    expect(JSON.parse(again.out)).toEqual({ rekeyed: 0 });
    const { exit, err } = await run(...rekey);
    expect([exit, err]).toEqual([2, expect.stringContaining("no keys were given")]);
  });

  test("exports what import takes, and says how much", async () => {
    const { out } = await run("store", "export", "--store", "secret.db", "--key-file", "keys.json", "--move");
    writeFileSync(join(cwd, "all.jsonl"), out);
    expect(out).toContain("hidden");
    expect((await run("store", "import", "all.jsonl", "--store", "plain.db")).out).toBe(
      "imported 1 execution\n",
    );
    const again = await run("store", "import", "all.jsonl", "--store", "plain.db", "--json");
    expect(JSON.parse(again.out)).toEqual({ imported: 0, skipped: 1 });
    expect((await run("execution", "get", "a", "--store", "plain.db")).out).toContain("hidden");
    expect(
      (await run("execution", "get", "a", "--store", "secret.db", "--key-file", "keys.json")).out,
    ).toContain("moved to another store");
  });

  test("says which file is missing or damaged", async () => {
    expect((await run("store", "import", "none.jsonl")).err).toContain("none.jsonl");
    writeFileSync(join(cwd, "bad.jsonl"), '{"durablec":"executions","version":1}\n');
    const { exit, err } = await run("store", "import", "bad.jsonl", "--store", "other.db");
    expect([exit, err]).toEqual([3, expect.stringContaining("Line 1 ")]);
    expect((await run("store", "export", "--store", "nothing.db")).exit).toBe(2);
  });

  test("checks a store, with its findings as the exit code", async () => {
    const whole = await run("store", "check", "--store", "secret.db", "--key-file", "keys.json");
    expect([whole.exit, whole.out]).toEqual([0, "nothing is wrong\n"]);
    const file = new DatabaseSync(join(cwd, "secret.db"));
    file.exec("DELETE FROM events");
    file.close();
    const { exit, out } = await run(
      "store",
      "check",
      "--store",
      "secret.db",
      "--key-file",
      "keys.json",
      "--json",
    );
    expect(exit).toBe(3);
    expect(JSON.parse(out)).toEqual([
      { execution: "a", what: "its journal does not begin with ExecutionStarted" },
    ]);
  });
});
