import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { isSource } from "../../cli/watch.ts";
import { runIn } from "./fakeIo.ts";

const cwd = mkdtempSync(join(tmpdir(), "durablec-usage-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
writeFileSync(join(cwd, "a.ts"), "");
writeFileSync(join(cwd, "broken.json"), "{");
writeFileSync(join(cwd, "module.mjs"), "export const no = 1; export function plain() {}\n");
writeFileSync(join(cwd, "failing.mjs"), 'throw new Error("at the top");\n');

const run = (...argv: readonly string[]) => runIn({ cwd }, ...argv);

describe("wrong usage ends with 2, one line of what and one of what to do, and no stack:", () => {
  test.each([
    [[], "Name a command."],
    [["biuld"], "Unknown command: biuld. Did you mean build?"],
    [["build", "--outdirr", "x"], "Unknown argument: outdirr"],
    [["build", "-p", "nowhere"], "There is no project at"],
    [["build"], "No tsconfig.json in"],
    [["execution"], "Say what to do: get, history, list, stop, pause, resume, retry or fork."],
    [["execution", "get"], "Not enough non-option arguments"],
    [["execution", "list", "--status", "DEAD"], "Invalid values"],
    [["execution", "get", "x"], "There is no store at"],
    [["callback", "succeed", "x", "--store", "memory:"], "There is no store at memory:"],
    [["callback", "succeed", "x", "--value", "yes"], "--value is not JSON"],
    [["invoke", "a.ts"], '"a.ts" does not name a function.'],
    [["invoke", "b.ts#f"], "There is no file"],
    [["invoke", "module.mjs#no"], 'exports no function "no"'],
    [["invoke", "module.mjs#f", "--event", "none.json"], "There is no file"],
    [["invoke", "module.mjs#f", "--event", "broken.json"], "is not JSON"],
    [["invoke", "module.mjs#f", "--event", "a", "--input", "1"], "mutually exclusive"],
    [["explain", "a.ts#"], "does not name a function"],
    [["worker"], "There is no build in"],
    [["worker", "nowhere"], "There is no"],
    [["worker", "module.mjs", "--drain", "-1"], "--drain must be a number of seconds"],
    [["serve", "--no-token", "--host", "0.0.0.0"], "would answer everybody who can reach it"],
    [["serve", "--no-token", "--token-file", "x"], "contradict each other"],
    [["serve", "--token-file", "none"], "cannot be read (ENOENT)"],
    [["serve", "--token-file", "a.ts"], "is not 16 characters or more"],
    [["top"], "There is no store at"],
    [["top", "--interval", "0"], "--interval must be 0.1 to 3600 seconds"],
    [["serve", "--port", "70000"], "--port must be a number from 0 to 65535"],
  ])("durablec %j", async (argv, message) => {
    const { exit, out, err } = await run(...argv);
    expect(err).toContain(message);
    expect(err).toMatch(/^error: .*\n {2}\S.*\n$/);
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
  });

  test("as JSON on standard output when that was asked for", async () => {
    const { exit, out, err } = await run("execution", "get", "x", "--json");
    expect({ exit, err }).toEqual({ exit: 2, err: "" });
    expect(JSON.parse(out)).toEqual({
      error: {
        message: expect.stringContaining("There is no store") as string,
        advice: expect.any(String) as string,
      },
    });
  });
});

describe("what goes wrong at run time ends with 3:", () => {
  test("a module that throws while it loads", async () => {
    const { exit, err } = await run("invoke", "failing.mjs#f");
    expect(exit).toBe(3);
    expect(err).toContain("at the top");
  });

  test("a function that was not compiled", async () => {
    const { exit, err } = await run("invoke", "module.mjs#plain");
    expect(exit).toBe(3);
    expect(err).toMatch(/plain .* is not a compiled durable function/);
    expect(err).not.toContain("    at ");
  });
});

test("help and version are printed and end with 0", async () => {
  const help = await run("--help");
  expect(help).toMatchObject({ exit: 0, err: "" });
  expect(help.out).toContain("Exit codes: 0 done, 1 findings in the code, 2 wrong usage, 3 ");
  for (const name of ["build", "lint", "show", "explain", "invoke", "worker", "execution", "callback"])
    expect(help.out).toMatch(new RegExp(`durablec ${name}`));
  expect((await run("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("watching minds sources, and not what a build or a run writes", () => {
  const path = (...parts: readonly string[]) => parts.join(sep);
  expect(
    ["a.ts", path("src", "b.tsx"), "tsconfig.json", "c.mts"].map((name) => isSource(name, ["dist"])),
  ).toEqual(Array.from({ length: 4 }, () => true));
  const others = [
    "a.js",
    path("dist", "a.d.ts"),
    path("node_modules", "x", "a.ts"),
    path(".durable", "a.ts"),
    "a.ts.1.tmp",
  ];
  expect(others.filter((name) => isSource(name, ["dist"]))).toEqual([]);
});
