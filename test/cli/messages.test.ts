/** What the command line says to executions that a worker runs: here, an engine in this process. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { open, type DurableFunction, type Engine } from "@durablec/runtime";
import { runIn, type Ran } from "./fakeIo.ts";

const cwd = mkdtempSync(join(tmpdir(), "durablec-messages-"));
const run = (...argv: readonly string[]): Promise<Ran> => runIn({ cwd }, ...argv, "--store", "test.db");

/** As `durablec build` writes it, by hand. */
const built = `
import { closure, durable, machine, start } from "@durablec/runtime/machine";
import { step, waitForSignal } from "@durablec/runtime";
import { existsSync } from "node:fs";

const $listen_1 = closure("src/listen.ts#listen.$1", (word) => () => {
  if (word === "bad" && !existsSync(new URL("mended", import.meta.url))) throw new RangeError("bad word");
  return word.toUpperCase();
});
const $listen = machine({
  vocabulary: 1, id: "src/listen.ts#listen", hash: "1", name: "listen", source: "src/listen.ts",
  enter(input) { return { input }; },
  checkpoints: {
    1: { kind: "signal", name: "word", line: 4, column: 9, live: ["input"] },
    2: { kind: "step", name: "speak", line: 5, column: 9, live: [] },
  },
  run($f, $s) {
    switch ($f.pc) {
      case 0: return $f.await(1, waitForSignal("word"));
      case 1: return $f.await(2, step("speak", $listen_1($f.resume()), { retry: { maxAttempts: 1 } }));
      case 2: return $f.done($f.resume());
    }
  },
});
export function listen(input) { return start($listen, this, arguments); }
durable(listen, $listen);
`;

let engine: Engine;
let listen: DurableFunction<string>;

beforeAll(async () => {
  mkdirSync(join(cwd, "node_modules/@durablec"), { recursive: true });
  symlinkSync(join(import.meta.dirname, "../../runtime"), join(cwd, "node_modules/@durablec/runtime"));
  mkdirSync(join(cwd, "dist"));
  writeFileSync(join(cwd, "dist/built.mjs"), built);
  const functions = [{ id: "src/listen.ts#listen", name: "listen", module: "built.mjs" }];
  const manifest = { version: 1, vocabulary: 1, functions };
  writeFileSync(join(cwd, "dist/durable.manifest.json"), JSON.stringify(manifest));
  const module = (await import(pathToFileURL(join(cwd, "dist/built.mjs")).href)) as { listen: typeof listen };
  ({ listen } = module);
  engine = await open({ store: join(cwd, "test.db"), functions: module });
  await engine.start(listen, "input", { id: "one", tags: { team: "blue" } });
});

afterAll(async () => {
  await engine.close();
  rmSync(cwd, { recursive: true, force: true });
});

test("query shows variables and what is waited for", async () => {
  const shown = await run("query", "one");
  expect(shown.exit).toBe(0);
  expect(shown.out).toMatch(/listen[^]*input = 'input'[^]*signal {2}word/);
  const state = JSON.parse((await run("query", "one", "dist", "--json")).out) as unknown;
  expect(state).toMatchObject({
    activations: [{ function: "listen", variables: { input: "input" } }],
    operations: [{ kind: "signal", name: "word" }],
  });
});

test("execution list finds by tags", async () => {
  const ids = async (...tags: readonly string[]): Promise<readonly string[]> =>
    (JSON.parse((await run("execution", "list", "--json", ...tags)).out) as { id: string }[]).map(
      ({ id }) => id,
    );
  expect(await ids("--tag", "team=blue")).toEqual(["one"]);
  expect(await ids("--tag", "team=red")).toEqual([]);
  expect(await ids("--tag", "team=blue", "--tag", "size=1")).toEqual([]);
  expect((await run("execution", "list", "--tag", "team")).exit).toBe(2);
});

test("execution pause and resume, signal, retry and fork are done by the worker", async () => {
  expect((await run("execution", "pause", "one")).out).toBe("asked one to pause; its worker does it\n");
  expect((await run("execution", "resume", "one", "--json")).out).toContain('"resume"');
  expect(await run("signal", "one", "word", "--payload", '"bad"')).toMatchObject({ exit: 0, err: "" });
  await expect(engine.result("one")).rejects.toThrow("bad word");
  expect((await engine.history("one")).map(({ kind }) => kind)).toContain("ExecutionResumed");

  writeFileSync(join(cwd, "dist/mended"), "");
  expect((await run("execution", "retry", "one")).out).toBe("one goes on; its worker does it\n");
  await expect.poll(() => engine.result("one").catch(() => null)).toBe("BAD");

  expect((await run("execution", "fork", "one", "--at", "1", "--as", "two")).out).toContain("two goes on");
  expect((await run("signal", "two", "word", "--payload", '"good"')).exit).toBe(0);
  expect(await engine.result("two")).toBe("GOOD");
});

test("what cannot be done is said in one sentence: 2, a wrong command; 3, the store cannot do it", async () => {
  const cases: readonly (readonly [number, RegExp, ...string[]])[] = [
    [2, /"one" has ended/, "signal", "one", "word"],
    [2, /"one" has ended/, "query", "one"],
    [2, /"one" has ended/, "execution", "pause", "one"],
    [2, /--payload/, "signal", "one", "word", "--payload", "{"],
    [3, /nobody/, "signal", "nobody", "word"],
    [3, /nobody/, "execution", "fork", "nobody"],
    [3, /succeeded/i, "execution", "retry", "one"],
    [3, /event 99/, "execution", "fork", "one", "--at", "99"],
  ];
  for (const [code, message, ...argv] of cases) {
    const { exit, out, err } = await run(...argv);
    expect([argv.join(" "), exit, out]).toEqual([argv.join(" "), code, ""]);
    expect(err).toMatch(message);
    expect(err).not.toContain("    at ");
  }
});
