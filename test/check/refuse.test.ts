import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { analyse } from "../../compiler/build.ts";
import { sortFindings } from "../../compiler/diagnostics/sortFindings.ts";
import { toPretty } from "../../compiler/formats/toPretty.ts";
import { readPages } from "../../compiler/diagnostics/writeCatalogue.ts";

const FOLDER = join(import.meta.dirname, "../../fixtures/refuse");
const folders = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe("the refused fixtures", () => {
  const analysis = analyse({ tsconfig: join(FOLDER, "tsconfig.json") });
  const findings = sortFindings(analysis.findings);

  test("have no type errors: what is refused is refused by us", () => {
    expect(analysis.typeErrors.map(({ messageText }) => messageText)).toEqual([]);
  });

  test.each(folders)("%s is refused with these words", async (name) => {
    const own = findings.filter(({ file }) => file.startsWith(`${join(FOLDER, name)}/`));
    expect(own.map(({ code }) => code)).toContain(name.slice(0, 5));
    const text = toPretty(own, {
      cwd: join(FOLDER, name),
      readText: (file) => readFileSync(file, "utf8"),
      colors: false,
    });
    await expect(text).toMatchFileSnapshot(join(FOLDER, name, "expected.txt"));
  });

  test("cover every page of the catalogue", () => {
    expect(folders.sort()).toEqual(readPages().map(({ code, slug }) => `${code}-${slug}`));
  });
});
