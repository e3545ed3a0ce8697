import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileText } from "../../compiler/index.ts";

/** Read the expected file as a person: that it is easy to read is what this test keeps. */
test.each(["fulfil"])("the output of %s is as docs/machine.md describes it", async (name) => {
  const folder = new URL(`../../fixtures/language-output/${name}/`, import.meta.url);
  const source = readFileSync(new URL("input.ts", folder), "utf8");
  const { modules, diagnostics } = compileText(source, `src/${name}.ts`, { verify: true });
  expect(diagnostics).toEqual([]);
  await expect(modules[0]?.code).toMatchFileSnapshot(new URL("expected.js", folder).pathname);
});
