import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ESLint, type Linter } from "eslint";
import tseslint from "typescript-eslint";
import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../../compiler/diagnostics/catalogue.ts";
import { codesOf, FAMILIES, toFamily, type Family } from "../../integrations/eslint/families.ts";
import { recommended } from "../../integrations/eslint/index.ts";
import { readCliFindings, REFUSE, sortFaceFindings, type FaceFinding } from "./cliFindings.ts";

/** The files come without a configuration of their own, as the fixtures of other faces. */
function toEslint(languageOptions: Linter.LanguageOptions, options: ESLint.Options = {}): ESLint {
  return new ESLint({
    cwd: REFUSE,
    overrideConfigFile: true,
    overrideConfig: [recommended, { files: ["**/*.ts"], languageOptions }],
    ...options,
  });
}

const parser = tseslint.parser as Linter.Parser;
const alone: Linter.LanguageOptions = { parser };
const withProgram: Linter.LanguageOptions = {
  parser,
  parserOptions: { project: "./tsconfig.json", tsconfigRootDir: REFUSE },
};

function toFaceFindings({ filePath, messages }: ESLint.LintResult): FaceFinding[] {
  return messages.map(({ messageId = "", message, line, column, endLine, endColumn }) => ({
    code: messageId,
    words: message.replace(`${messageId}: `, ""),
    path: relative(REFUSE, filePath),
    from: `${line}:${column}`,
    to: `${endLine}:${endColumn}`,
  }));
}

describe("the ESLint plugin", () => {
  test.each([
    ["a parser alone", alone],
    ["typescript-eslint's program", withProgram],
  ])("says what the command line says of every refused fixture, with %s", async (_name, options) => {
    const results = await toEslint(options).lintFiles(["**/*.ts"]);
    const expected = sortFaceFindings(await readCliFindings());
    expect(sortFaceFindings(results.flatMap(toFaceFindings))).toEqual(expected);
    for (const { messageId = "", ruleId } of results.flatMap(({ messages }) => messages))
      expect(ruleId).toBe(`durablec/${toFamily(messageId)}`);
  });

  test("applies the fixes that are safe, and offers all of them", async () => {
    const filePath = join(REFUSE, "DC201-clock-outside-step/main.ts");
    const text = readFileSync(filePath, "utf8");
    const [offered] = await toEslint(alone).lintText(text, { filePath });
    const titles = (offered?.messages ?? []).map(({ suggestions }) => suggestions?.[0]?.desc ?? "");
    expect(titles[0]).toContain("now()");
    const [fixed] = await toEslint(alone, { fix: true }).lintText(text, { filePath });
    expect(fixed?.output).toContain("const start = now();");
  });

  test("looks at a file of no project by its syntax", async () => {
    const folder = mkdtempSync(join(tmpdir(), "durablec-eslint-"));
    try {
      const filePath = join(folder, "alone.ts");
      const text = 'export async function f() {\n  "use durables";\n}\n';
      writeFileSync(filePath, text);
      const [result] = await toEslint(alone, { cwd: folder }).lintText(text, { filePath });
      // Saved and unchanged, it is the same as on the disk, which is no reason to say nothing.
      expect(result?.messages.map(({ messageId }) => messageId)).toEqual(["DC101"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("has one rule for each code", () => {
    const all = (Object.keys(FAMILIES) as Family[]).flatMap(codesOf);
    expect(all.toSorted()).toEqual(Object.keys(CATALOGUE).toSorted());
  });
});
