import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runAll, toProgram } from "./runs.ts";

const FIXTURES = new URL("../../fixtures/language/", import.meta.url);
const names = readdirSync(FIXTURES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test.each(names)(
  "%s does the same native, compiled, and rebuilt from its live slots at every await",
  async (name) => {
    const source = readFileSync(new URL(`${name}/input.ts`, FIXTURES), "utf8");
    const program = toProgram(source, `fixtures/language/${name}/input.ts`);
    // The operations take turns of their own; everything else must keep those of the source.
    const logs = await runAll(program, !source.includes('"@durablec/runtime"'));
    expect(logs.native.length).toBeGreaterThan(0);
    expect(logs.compiled).toEqual(logs.native);
    expect(logs.rebuilt).toEqual(logs.native);
  },
);
