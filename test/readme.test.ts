import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runIn } from "./cli/fakeIo.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

function between(start: string, end: string): string {
  const from = readme.indexOf(start);
  expect(from, start).toBeGreaterThanOrEqual(0);
  return readme.slice(from + start.length, readme.indexOf(end, from + start.length)).trim();
}

/** Prettier may pad the cells of a table. */
function cellsOf(table: string): string[][] {
  const lines = table.split("\n").filter((line) => line.trim() !== "" && !/^[|:\s-]+$/.test(line));
  return lines.map((line) => line.split("|").map((cell) => cell.trim()));
}

describe("the README", () => {
  test("shows the quickstart's function as it is", () => {
    const source = readFileSync(join(root, "fixtures/quickstart/src/fulfil.ts"), "utf8");
    expect(between("```ts\n", "```")).toBe(source.trim());
  });

  test("shows the checkpoints that the compiler finds in it", { timeout: 60_000 }, async () => {
    const ran = await runIn(
      { cwd: root },
      "explain",
      "fixtures/quickstart/src/fulfil.ts#fulfil",
      "--markdown",
    );
    expect(ran).toMatchObject({ exit: 0, err: "" });
    expect(cellsOf(between("<!-- checkpoints -->", "<!-- /checkpoints -->"))).toEqual(cellsOf(ran.out));
  });

  test("gives a newcomer two commands, and both are scripts of this package", () => {
    const commands = readme.split("\n").filter((line) => line.startsWith("npm ci"));
    expect(commands).toEqual(["npm ci && npm run quickstart", "npm ci && npm test"]);
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["quickstart", "test"]));
  });
});
