import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { formatRuns, toClaims, toRuns } from "../fixtures/quickstart/show/proof.ts";
import type { LedgerLine } from "../fixtures/quickstart/src/ledger.ts";

const root = join(import.meta.dirname, "..");

test("npm run quickstart ends well and proves what it says", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "durablec-quickstart-"));
  try {
    const program = join(root, "fixtures/quickstart/run.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [program, folder], { cwd: root });
    expect(stdout).not.toContain("✗ ");
    expect(stdout).toContain("✓ what had finished never began again, over 2 kills");
    expect(stdout).toContain("what a kill interrupted (charge order-7) ran again until it finished");
    expect(
      stdout.match(
        /came back by reading (\d+ events, and no state yet|a state of \d+ bytes and \d+ later events)/g,
      ),
    ).toHaveLength(2);
    expect(stdout).toMatch(/charge order-7 +4 +2 +1 +1\n/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("the proof fails", () => {
  const line = (service: string, what: LedgerLine["what"]): LedgerLine => ({
    service,
    what,
    about: "o",
    pid: 1,
  });
  const good = [
    line("a", "began"),
    line("a", "began"),
    line("a", "finished"),
    line("b", "began"),
    line("b", "finished"),
  ];
  const held = (ledger: readonly LedgerLine[]) => toClaims(toRuns(ledger), 1).map(({ holds }) => holds);

  test("not for a ledger in which one thing was interrupted and ran again", () => {
    expect(held(good)).toEqual([true, true, true, true]);
    expect(formatRuns(toRuns(good))).toEqual([
      "work  began  failed  killed  finished",
      "a o       2       0       1         1",
      "b o       1       0       0         1",
    ]);
  });

  test("when something finished twice", () => {
    expect(held([...good, line("b", "began"), line("b", "finished")])).toEqual([false, false, true, true]);
  });

  test("when something that had finished began again", () => {
    expect(held([...good, line("b", "began")])).toEqual([true, false, true, false]);
  });

  test("when something never finished, or nothing happened at all", () => {
    expect(held(good.slice(0, -1))[0]).toBe(false);
    expect(held([])[0]).toBe(false);
    expect(held([line("a", "began"), line("b", "began"), line("b", "finished")])[2]).toBe(false);
  });

  test("when no kill hit anything", () => {
    expect(held(good.slice(1))[2]).toBe(false);
  });
});
