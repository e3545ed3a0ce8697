import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runRebuild, runRestart, runRestartInProcesses } from "@durablec/runtime/testing";
import type * as Functions from "../../fixtures/engine/functions.ts";
import type * as World from "../../fixtures/engine/world.ts";
import { compileFixture } from "../support/compileFixture.ts";

let compiled: string;
let f: typeof Functions;
let world: typeof World;

beforeAll(async () => {
  compiled = await compileFixture("fixtures/engine");
  f = (await import(join(compiled, "functions.js"))) as typeof Functions;
  world = (await import(join(compiled, "world.js"))) as typeof World;
}, 60_000);

beforeEach(() => {
  world.lines.length = 0;
});

describe("dropped and brought back from bytes after every commit", () => {
  const cases: readonly [name: string, run: () => Promise<unknown>, expected: unknown, lines: number][] = [
    ["threeSteps", () => all(f.threeSteps, "s"), "s123", 3],
    ["failsTwice", () => all(f.failsTwice, null), 3, 3],
    ["declined", () => all(f.declined, null), "51 Declined declined: 51", 0],
    ["sleeps", () => all(f.sleeps, 20), "after", 2],
    ["parallel", () => all(f.parallel, 3), ["p0", "p1", "p2", "x", "y12", "plain", "z12"], 8],
    ["held", () => all(f.held, null), "early task12 late early", 4],
    ["shares", () => all(f.shares, null), [true, true, 2, true, [1, 2], 2], 0],
    ["returnsPromise", () => all(f.returnsPromise, "r"), "r123", 4],
    ["badSubmitter", () => all(f.badSubmitter, null), "CallbackSubmitterError: declined: no one there", 0],
    ["explicit", () => all(f.explicit, null), "xxx", 1],
    ["holdsRegistered", () => all(f.holdsRegistered, null), true, 1],
    ["abortsLater", () => all(f.abortsLater, null), "false,true,true,true,enough", 0],
    ["heldRace", () => all(f.heldRace, null), "fast", 0],
    ["awaitedByTheLanguage", () => all(f.awaitedByTheLanguage, ["a", "b"]), "a,b,a done,b done", 2],
    ["accumulates", () => all(f.accumulates, 30), 30, 0],
  ];

  it.each(cases)("%s gives the same, each step once", async (_name, run, expected, lines) => {
    expect(await run()).toEqual(expected);
    expect(world.lines).toHaveLength(lines);
  });

  async function all<I, O>(fn: (input: I) => Promise<O>, input: I): Promise<O> {
    const { result, restarts, unwritten } = await runRestart(fn, input);
    expect(unwritten).toEqual([]);
    expect(restarts).toBeGreaterThan(0);
    return result;
  }

  it("reports the variable that keeps a state from being written, and still gives the result", async () => {
    const { result, unwritten } = await runRestart(f.unwritableLocal, 5);
    expect(result).toBe(10);
    const [first] = unwritten;
    expect(first?.message).toMatch(
      /Cannot write handle: .*WeakMap.* live at checkpoint 1 of unwritableLocal \(.*functions\.ts:\d+\)/,
    );
    expect(first?.place).toMatchObject({ variable: "handle", checkpoint: 1, source: "functions.ts" });
    expect(first?.place?.function).toBe("functions.ts#unwritableLocal");
  });

  it("refuses a symbol that no new process could find, and what only code outside can settle", async () => {
    const symbol = await runRestart(f.holdsForeignSymbol, null);
    expect(symbol.result).toBe(true);
    expect(symbol.unwritten[0]?.message).toMatch(
      /held.*Symbol\(foreign\), which was not made in durable code/,
    );
    const { result, unwritten } = await runRestart(f.outsideResolves, null);
    expect(result).toBe("from outside from outside");
    expect(unwritten.map(({ reason }) => reason).join()).toMatch(/nothing in the state can settle it/);
  });

  it("gives the same when each time another process goes on", async () => {
    const module = join(compiled, "functions.js");
    const { result, restarts, unwritten } = await runRestartInProcesses({ module, name: "shares" }, null);
    expect(result).toEqual([true, true, 2, true, [1, 2], 2]);
    expect([restarts > 0, unwritten]).toEqual([true, []]);
  });
});

describe("rebuilt from the live slots at every await", () => {
  it("gives the same, with everything else poisoned", async () => {
    expect(await runRebuild(f.threeSteps, "s")).toBe("s123");
    expect(await runRebuild(f.parallel, 2)).toEqual(["p0", "p1", "x", "y12", "plain", "z12"]);
    expect(await runRebuild(f.shares, null)).toEqual([true, true, 2, true, [1, 2], 2]);
    expect(await runRebuild(f.counts, 100)).toBe(4950);
  });
});
