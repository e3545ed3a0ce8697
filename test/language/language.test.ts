import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { listFixtures, stressFixture } from "../stress/stressFixtures.ts";
import { createRandom } from "./random/choice.ts";
import { findFeatures } from "./random/features.ts";
import { generateProgram } from "./random/program.ts";
import { tryProgram } from "./random/tryProgram.ts";
import { runAll, runRestarted, toProgram, type Program } from "./runs.ts";

const FIXTURES = new URL("../../fixtures/language/", import.meta.url);

const names = readdirSync(FIXTURES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Values that no store holds: proxies, modules as the test loads them, objects with methods as results of steps, strings. */
const NOT_STORABLE: ReadonlySet<string> = new Set([
  "computed-keys",
  "delete-and-typeof",
  "dynamic-imports",
  "member-assignment",
  "method-calls-keep-this",
  "optional-chains",
  "template-converts-in-order",
]);

/** Fixtures that make a rejected promise which a dropped execution no longer awaits. */
const LEAVES_REJECTIONS: ReadonlySet<string> = new Set(["await-non-promises"]);

/** Fixtures with tasks side by side: in which order their steps finish is the engine's affair. */
const SIDE_BY_SIDE: ReadonlySet<string> = new Set(["promise-chains"]);

function read(name: string): string {
  return readFileSync(new URL(`${name}/input.ts`, FIXTURES), "utf8");
}

function compile(name: string): Program {
  return toProgram(read(name), `fixtures/language/${name}/input.ts`);
}

describe("a compiled program", () => {
  test.each(names)(
    "%s does the same native, compiled, and rebuilt from its live slots at every await",
    async (name) => {
      // The operations take turns of their own; everything else must keep those of the source.
      const logs = await runAll(compile(name), !read(name).includes('"@durablec/runtime"'));
      expect(logs.native.length).toBeGreaterThan(0);
      expect(logs.compiled).toEqual(logs.native);
      expect(logs.rebuilt).toEqual(logs.native);
    },
  );

  const storable = names.filter((name) => !NOT_STORABLE.has(name) && !LEAVES_REJECTIONS.has(name));
  test.each(storable)("%s ends the same when it is brought back from bytes at every await", async (name) => {
    const { native, restarted } = await runRestarted(compile(name));
    expect(restarted.log.at(-1)).toEqual(native.at(-1));
    // Code since the last state runs again after a restart, so it logs again; but nothing is left out.
    if (SIDE_BY_SIDE.has(name)) expect(restarted.log.toSorted()).toEqual(native.toSorted());
    else expect(withoutRepeats(restarted.log, native)).toEqual(native);
  });
});

/** A part of `npm run stress`. */
test.each(listFixtures().filter((_, index) => index % 6 === 0))(
  "%s does the same with an await wherever one may stand",
  async (name) => expect((await stressFixture(name, false)).kind).not.toBe("different"),
);

/** The entries of `log` that continue `expected`. */
function withoutRepeats(log: readonly string[], expected: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const entry of log) if (entry === expected[kept.length]) kept.push(entry);
  return kept;
}

test("twenty random programs do the same native, compiled, rebuilt, restarted and killed", async () => {
  const { found } = await findFeatures();
  for (let seed = 1; seed <= 20; seed++) {
    const program = generateProgram(seed, found);
    const outcome = await tryProgram(program, createRandom(seed));
    expect({
      seed,
      outcome: outcome.kind === "different" ? [outcome.problem, program.source] : "same",
    }).toEqual({
      seed,
      outcome: "same",
    });
  }
}, 120_000);
