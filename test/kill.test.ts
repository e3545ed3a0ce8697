import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildQuickstart } from "./kill/buildQuickstart.ts";
import { live } from "./kill/lives.ts";

const built: { module: string } = { module: "" };

describe("the quickstart's function, killed with SIGKILL", () => {
  beforeAll(() => {
    built.module = join(buildQuickstart(), "fulfil.js");
  }, 60_000);

  test(
    "after every second of its commits, has the same end and repeats nothing",
    { timeout: 120_000 },
    async () => {
      const tried: number[] = [];
      // After each: the next test, in one run, and npm run soak.
      for (let commit = 1; ; commit += 2) {
        const { lives, broken } = await live(built.module, (life) =>
          life === 1 ? `after:${commit}` : "never",
        );
        expect(broken, `killed after commit ${commit}`).toEqual([]);
        if (lives === 1) break;
        tried.push(commit);
      }
      // Reserve, the charges, the wait and the callback with what comes of them, the submitter, two parcels, the end.
      expect(tried.length).toBeGreaterThanOrEqual(4);
    },
  );

  test("in every life after one commit, gets on by one commit a life", { timeout: 120_000 }, async () => {
    const { lives, broken } = await live(built.module, () => "after:1");
    expect(broken).toEqual([]);
    expect(lives).toBeGreaterThanOrEqual(10);
  });
});
