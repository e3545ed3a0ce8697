/** What the files of one run of the tests share: fixtures are compiled by whichever file needs them first. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** Inside the repository, so that what is compiled finds `@durablec/runtime`. */
export const CACHE = join(import.meta.dirname, "../../node_modules/.cache/durablec-test");

/** The name of the variable that says where they are; programs that are no tests have none. */
export const FIXTURES_OF_RUN = "DURABLEC_TEST_FIXTURES";

/** Vitest calls it before the first file, and what it returns after the last. */
export function setup(project: TestProject): () => void {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "run-"));
  process.env[FIXTURES_OF_RUN] = folder;
  const empty = (): void => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  };
  project.onTestsRerun(empty);
  return () => rmSync(folder, { recursive: true, force: true });
}
