import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { analyse } from "../../compiler/build.ts";
import { sortFindings } from "../../compiler/diagnostics/sortFindings.ts";
import { toPretty } from "../../compiler/formats/toPretty.ts";
import { readPages } from "../../compiler/diagnostics/writeCatalogue.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
/** Most need no configuration; some are about one. */
const PROJECTS = ["refuse", "refuse-configured", "refuse-configured/DC501-invalid-configuration"];
const folders = PROJECTS.slice(0, 2).flatMap((project) =>
  readdirSync(join(FIXTURES, project), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, folder: join(FIXTURES, project, name) })),
);

describe("the refused fixtures", () => {
  const analyses = PROJECTS.map((project) => analyse({ tsconfig: join(FIXTURES, project, "tsconfig.json") }));
  const findings = sortFindings(analyses.flatMap((analysis) => analysis.findings));

  test("have no type errors: what is refused is refused by us", () => {
    const errors = analyses.flatMap(({ typeErrors }) => typeErrors);
    expect(errors.map(({ messageText }) => messageText)).toEqual([]);
  });

  test.each(folders)("$name is refused with these words", async ({ name, folder }) => {
    const own = findings.filter(({ file }) => file.startsWith(`${folder}/`));
    expect(own.map(({ code }) => code)).toContain(name.slice(0, 5));
    const text = toPretty(own, {
      cwd: folder,
      readText: (file) => readFileSync(file, "utf8"),
      colors: false,
    });
    await expect(text).toMatchFileSnapshot(join(folder, "expected.txt"));
  });

  test("cover every page of the catalogue", () => {
    expect(folders.map(({ name }) => name).sort()).toEqual(
      readPages().map(({ code, slug }) => `${code}-${slug}`),
    );
  });
});
