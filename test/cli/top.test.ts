import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { Engine, FunctionCounts } from "@durablec/runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatTop, type Frame } from "../../cli/format/top.ts";
import type * as Functions from "../../fixtures/front/functions.ts";
import { transformFixture } from "../support/transformFixture.ts";
import { runIn } from "./fakeIo.ts";

const cwd = mkdtempSync(join(tmpdir(), "durablec-top-"));
const store = join(cwd, "top.db");
const escape = "\u001b";
let engine: Engine;

beforeAll(async () => {
  const functions = (await import(transformFixture("fixtures/front/functions.ts"))) as typeof Functions;
  engine = await open({ store, functions: { ...functions } });
  for (const input of [1, 2]) await engine.result((await engine.start(functions.double, input)).id);
  const failing = await engine.start(functions.fails, `${escape}[31mlamp\n`, { id: `evil${escape}[2J` });
  await engine.result(failing.id).catch(() => undefined);
  await engine.start(functions.mailbox, 1);
});

afterAll(async () => {
  await engine.close();
  rmSync(cwd, { recursive: true });
});

test("one look counts by function, names what failed, and gives the terminal nothing to obey", async () => {
  const { exit, out } = await runIn({ cwd }, "top", "--store", store);
  expect(exit).toBe(0);
  expect(out).toContain("SUCCEEDED 2   FAILED 1   TIMED_OUT 0   STOPPED 0");
  expect(out).toMatch(/functions\.ts#double +0 +0 +0 +0 +0 +2 +0/);
  expect(out).toContain("OutOfStock: no");
  expect(out).toContain("evil [2J");
  expect(out).not.toContain(escape);
});

test("as JSON it is one document", async () => {
  const { out } = await runIn({ cwd }, "top", "--json", "--store", store);
  const frame = JSON.parse(out) as Frame;
  expect(frame.functions.map((one) => one.statuses.RUNNING + one.statuses.SUCCEEDED)).toEqual([2, 0, 1]);
  expect(frame.failed).toMatchObject([{ function: "fixtures/front/functions.ts#fails" }]);
});

test("on a terminal it is drawn again and again, within its size, and leaves it as it was", async () => {
  const stop = new AbortController();
  const written: string[] = [];
  const screen = {
    write(text: string): void {
      written.push(text);
      if (written.length === 3) stop.abort("SIGINT");
    },
    size: () => ({ columns: 30, rows: 5 }),
  };
  const args = ["top", "--interval", "0.1", "--store", store];
  expect(await runIn({ cwd, stopped: stop.signal, screen }, ...args)).toMatchObject({ exit: 0, out: "" });
  expect(written).toHaveLength(4);
  expect([written[0], written[3]]).toEqual([
    `${escape}[?1049h${escape}[?25l`,
    `${escape}[?25h${escape}[?1049l`,
  ]);
  const lines = (written[2] ?? "").split("\r\n");
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line.replaceAll(/\u001b\[\w/g, "").length).toBeLessThanOrEqual(30);
});

test("rates are what ended and started since the look before", () => {
  const counts = (succeeded: number, running: number): FunctionCounts => ({
    function: "a.ts#f",
    statuses: { RUNNING: running, SUCCEEDED: succeeded, FAILED: 0, TIMED_OUT: 0, STOPPED: 0 },
    due: running,
    asleep: 0,
    waiting: 0,
    parked: 0,
    paused: 0,
    oldestDue: running === 0 ? null : 9_000,
  });
  const frame = (at: number, one: FunctionCounts): Frame => ({
    store: "x.db",
    at,
    countedMs: 1,
    functions: [one],
    failed: [],
    parked: [],
  });
  const lines = formatTop(frame(12_000, counts(2_010, 5)), frame(10_000, counts(10, 1)));
  expect(lines.join("\n")).toContain("started 1,002/s, ended 1,000/s");
  expect(lines.join("\n")).toContain("RUNNING 5: 5 due, the oldest for 3.00 s");
  expect(formatTop(frame(12_000, counts(0, 0)), frame(10_000, counts(10, 0))).join("\n")).toContain(
    "ended 0/s",
  );
});
