/** A project's own `vitest run`, with the plugin in its configuration: nothing was built before. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

it("vitest runs durable functions that tests import, with matchers, source maps and diagnostics", () => {
  const folder = mkdtempSync(join(tmpdir(), "durablec-vitest-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const outputFile = join(folder, "report.json");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { VITEST: _, ...env } = process.env;
  const { stderr } = spawnSync(
    process.execPath,
    [
      vitest,
      "run",
      "--root",
      join(root, "fixtures/vitest"),
      "--reporter",
      "json",
      "--outputFile",
      outputFile,
    ],
    { encoding: "utf8", env },
  );
  expect(existsSync(outputFile), stderr).toBe(true);
  const { testResults } = JSON.parse(readFileSync(outputFile, "utf8")) as Report;
  expect(testResults.map(({ message }) => message)).toEqual([""]);
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(tests.flatMap(({ failureMessages }) => failureMessages)).toEqual([]);
  expect(tests.map(({ status }) => status)).toEqual(Array(6).fill("passed"));
});
