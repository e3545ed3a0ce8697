import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runIn, type Ran } from "./fakeIo.ts";

const root = join(import.meta.dirname, "../..");
const cwd = mkdtempSync(join(tmpdir(), "durablec-run-"));
const run = (...argv: readonly string[]): Promise<Ran> => runIn({ cwd }, ...argv);

/** A built module as `durablec build` writes it, by hand: what is tested here is what happens after the build. */
const built = `
import { closure, durable, machine, start } from "@durablec/runtime/machine";
import { step, wait, waitForCallback } from "@durablec/runtime";
import { appendFileSync } from "node:fs";

const $ask_1 = closure("src/ask.ts#ask.$1", () => (id) => appendFileSync(new URL("asked", import.meta.url), id));

const $ask = machine({
  vocabulary: 1, id: "src/ask.ts#ask", hash: "1", name: "ask", source: "src/ask.ts",
  enter(input) { return { input }; },
  checkpoints: {
    1: { kind: "waitForCallback", name: "approve", line: 4, column: 9, live: ["input"] },
  },
  run($f, $s) {
    switch ($f.pc) {
      case 0: return $f.await(1, waitForCallback("approve", $ask_1()));
      case 1: return $f.done({ input: $s.input, answer: $f.resume() });
    }
  },
});
export function ask(input) { return start($ask, this, arguments); }
durable(ask, $ask);

const $double = machine({
  vocabulary: 1, id: "src/double.ts#double", hash: "1", name: "double", source: "src/double.ts",
  enter(input) { return { input }; },
  checkpoints: { 1: { kind: "step", name: "double", line: 3, column: 9, live: [] } },
  run($f, $s) {
    switch ($f.pc) {
      case 0: {
        const { input } = $s;
        const body = () => { if (typeof input !== "number") throw new TypeError("not a number"); return input * 2; };
        return $f.await(1, step("double", body, { retry: { maxAttempts: 1 } }));
      }
      case 1: return $f.done($f.resume());
    }
  },
});
export function double(input) { return start($double, this, arguments); }
durable(double, $double);
`;

const manifest = {
  version: 1,
  vocabulary: 1,
  functions: ["ask", "double"].map((name) => ({ id: `src/${name}.ts#${name}`, name, module: "built.mjs" })),
};

beforeAll(() => {
  mkdirSync(join(cwd, "node_modules/@durablec"), { recursive: true });
  symlinkSync(join(root, "runtime"), join(cwd, "node_modules/@durablec/runtime"));
  mkdirSync(join(cwd, "dist"));
  writeFileSync(join(cwd, "dist/built.mjs"), built);
  writeFileSync(join(cwd, "dist/durable.manifest.json"), JSON.stringify(manifest));
  writeFileSync(join(cwd, "event.json"), "21");
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe("invoke", () => {
  test("prints the result, and makes the store's folder", async () => {
    const ran = await run("invoke", "dist/built.mjs#double", "--event", "event.json", "--id", "first");
    expect(ran).toEqual({ exit: 0, out: "42\n", err: "started first\n" });
    expect(existsSync(join(cwd, ".durable/durable.db"))).toBe(true);
  });

  test("finds what has run under the same id instead of running it again", async () => {
    const ran = await run("invoke", "dist/built.mjs#double", "--input", "21", "--id", "first", "--json");
    expect(ran.err).toBe("found first, carrying on\n");
    expect(JSON.parse(ran.out)).toEqual({ id: "first", status: "SUCCEEDED", result: 42 });
  });

  test("refuses another input under an id that is taken", async () => {
    const ran = await run("invoke", "dist/built.mjs#double", "--input", "22", "--id", "first");
    expect(ran.exit).toBe(3);
    expect(ran.err).toContain("exists already");
    expect(ran.err).not.toContain("    at ");
  });

  test("ends with 3 when the function throws, and says what it threw", async () => {
    const ran = await run("invoke", "dist/built.mjs#double", "--input", '"x"', "--id", "second");
    expect(ran).toMatchObject({ exit: 3, out: "" });
    expect(ran.err).toContain("second failed: TypeError: not a number");
    const json = await run("invoke", "dist/built.mjs#double", "--input", '"x"', "--id", "second", "--json");
    expect(JSON.parse(json.out)).toMatchObject({
      status: "FAILED",
      error: { name: "TypeError", message: "not a number" },
    });
  });

  test("ends with 3, and does not wait for ever, when what is stored does not fit the code", async () => {
    const stop = new AbortController();
    const first = runIn({ cwd, stopped: stop.signal }, "invoke", "dist/built.mjs#ask", "--id", "misplaced");
    const callback = await openCallback("misplaced");
    stop.abort("SIGINT");
    await first;
    await run("callback", "succeed", callback);
    // Another operation at its checkpoint. As a program of its own: modules announce themselves to their process.
    const changed = built.replace('waitForCallback("approve", $ask_1())', "wait({ hours: 1 })");
    writeFileSync(join(cwd, "dist/changed.mjs"), changed.replaceAll('hash: "1"', 'hash: "2"'));
    const program = join(root, "dist/cli/main.js");
    const argv = [program, "invoke", "dist/changed.mjs#ask", "--id", "misplaced"];
    const ran = spawnSync(process.execPath, argv, { cwd, encoding: "utf8", timeout: 20_000 });
    expect(ran.stderr).toContain("misplaced cannot go on here: ");
    expect(ran).toMatchObject({ status: 3, stdout: "" });
    expect((await run("execution", "get", "misplaced")).out).toContain("parked");
  });

  test("when it is interrupted, says how to carry on", async () => {
    const stop = new AbortController();
    const stopped = { cwd, stopped: stop.signal, onErr: () => stop.abort("SIGINT") };
    const ran = await runIn(stopped, "invoke", "dist/built.mjs#ask", "--input", "7", "--id", "asking");
    expect(ran.exit).toBe(3);
    expect(ran.err).toContain("the same command with --id asking carries on");
  });
});

describe("execution", () => {
  test("get shows one", async () => {
    expect((await run("execution", "get", "first")).out).toMatch(
      /^first {2}src\/double.ts#double {2}SUCCEEDED after /,
    );
    expect(JSON.parse((await run("execution", "get", "first", "--json")).out)).toMatchObject({
      status: "SUCCEEDED",
      result: 42,
    });
  });

  test("history shows its events", async () => {
    const { out } = await run("execution", "history", "first");
    expect(out).toMatch(/✓ double +src\/double.ts:3\n/);
    const events = JSON.parse((await run("execution", "history", "first", "--json")).out) as {
      kind: string;
    }[];
    expect(events.map(({ kind }) => kind)).toEqual([
      "ExecutionStarted",
      "StepSucceeded",
      "ExecutionSucceeded",
    ]);
    const { Events } = JSON.parse((await run("execution", "history", "first", "--format", "aws")).out) as {
      Events: { EventType: string }[];
    };
    expect(Events.map(({ EventType }) => EventType)).toContain("StepStarted");
  });

  test("list filters by status and function", async () => {
    const ids = async (...filter: readonly string[]) =>
      (JSON.parse((await run("execution", "list", "--json", ...filter)).out) as { id: string }[]).map(
        ({ id }) => id,
      );
    expect(await ids("--function", "src/double.ts#double")).toEqual(["second", "first"]);
    expect(await ids("--status", "FAILED")).toEqual(["second"]);
    expect(await ids("--status", "STOPPED")).toEqual([]);
    expect(await ids("--limit", "1", "--before", "second")).toEqual(["first"]);
  });

  test("of an id that is not there ends with 2", async () => {
    for (const command of ["get", "history", "stop"])
      expect(await run("execution", command, "nobody")).toMatchObject({ exit: 2, out: "" });
  });
});

describe("a worker", () => {
  /** Runs a worker until `use` is done. */
  async function withWorker(use: () => Promise<void>): Promise<Ran> {
    const stop = new AbortController();
    const started = Promise.withResolvers<void>();
    const worker = runIn(
      { cwd, stopped: stop.signal, onErr: () => started.resolve() },
      "worker",
      "--drain",
      "1",
    );
    await Promise.race([started.promise, worker]);
    await use();
    stop.abort("SIGTERM");
    return worker;
  }

  test("carries on with what was interrupted; a callback answers it; and it ends well when told to", async () => {
    const ran = await withWorker(async () => {
      const callback = await openCallback("asking");
      const answered = await run("callback", "succeed", callback, "--value", '{"yes":true}');
      expect(answered).toEqual({ exit: 0, out: `callback ${callback} succeeded\n`, err: "" });
      await untilEnded("asking");
      expect(await run("callback", "succeed", callback)).toMatchObject({ exit: 3, out: "" });
    });
    expect(ran.exit).toBe(0);
    const said = ran.out.trim().split("\n");
    expect(said.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      "worker.started",
      "engine.opened",
      "engine.draining",
      "engine.drained",
      "engine.closed",
    ]);
    const { out } = await run("execution", "get", "asking", "--json");
    expect(JSON.parse(out)).toMatchObject({
      status: "SUCCEEDED",
      result: { input: 7, answer: { yes: true } },
    });
  });

  test("stops an execution when it is asked to", async () => {
    const interrupted = new AbortController();
    const io = { cwd, stopped: interrupted.signal, onErr: () => interrupted.abort("SIGINT") };
    await runIn(io, "invoke", "dist/built.mjs#ask", "--id", "unwanted");
    await withWorker(async () => {
      await openCallback("unwanted");
      expect((await run("execution", "stop", "unwanted", "--reason", "enough")).exit).toBe(0);
      await untilEnded("unwanted");
    });
    expect((await run("execution", "get", "unwanted")).out).toContain("STOPPED");
    expect((await run("execution", "history", "unwanted")).out).toContain("enough");
  });

  test("fails a callback, and hears its heartbeat", async () => {
    const interrupted = new AbortController();
    const io = { cwd, stopped: interrupted.signal, onErr: () => interrupted.abort("SIGINT") };
    await runIn(io, "invoke", "dist/built.mjs#ask", "--id", "refused");
    await withWorker(async () => {
      const callback = await openCallback("refused");
      expect((await run("callback", "heartbeat", callback, "--json")).exit).toBe(0);
      expect((await run("callback", "fail", callback, "--message", "no budget")).exit).toBe(0);
      await untilEnded("refused");
    });
    expect((await run("execution", "get", "refused")).out).toContain("no budget");
  });
});

async function openCallback(id: string): Promise<string> {
  return until(async () => {
    const { exit, out } = await run("execution", "history", id, "--json");
    if (exit !== 0) return undefined;
    const events = JSON.parse(out) as { kind: string; callback?: string }[];
    // Its submitter has run too: the callback is out in the world.
    return events.some(({ kind }) => kind === "StepSucceeded")
      ? events.find(({ callback }) => callback)?.callback
      : undefined;
  });
}

async function untilEnded(id: string): Promise<void> {
  await until(async () => {
    const { status } = JSON.parse((await run("execution", "get", id, "--json")).out) as { status: string };
    return status === "RUNNING" ? undefined : true;
  });
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("waited too long");
}
