import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../compiler/1-read/config/readConfig.ts";
import { checkProgram } from "../../compiler/checkProgram.ts";
import { CATALOGUE } from "../../compiler/diagnostics/catalogue.ts";
import { report } from "../../compiler/diagnostics/report.ts";
import { toPage } from "../../compiler/diagnostics/toPage.ts";
import { readPages, toCatalogueText } from "../../compiler/diagnostics/writeCatalogue.ts";
import { findingsOf, readCases } from "./cases.ts";

const ROOT = join(import.meta.dirname, "../..");
const pages = readPages();

function exampleOf(body: string, title: string): string {
  return (
    new RegExp(`## ${title}\\n\\n(?:With [^\\n]*\\n\\n)?\`\`\`ts\\n([\\s\\S]*?)\`\`\``).exec(body)?.[1] ?? ""
  );
}

describe("the catalogue", () => {
  test("is what its pages say", async () => {
    const committed = readFileSync(join(ROOT, "compiler/diagnostics/catalogue.ts"), "utf8");
    expect(committed).toBe(await toCatalogueText());
  });

  test("has every page in its index, with its message", () => {
    const index = readFileSync(join(ROOT, "docs/diagnostics/README.md"), "utf8").replaceAll(/ +/g, " ");
    for (const { code, slug, severity, message } of pages)
      expect(index).toContain(`| [${code}](${code}.md) | ${slug} | ${severity} | ${message} |`);
  });

  test("has unique slugs", () => {
    expect(new Set(pages.map(({ slug }) => slug)).size).toBe(pages.length);
    expect(Object.keys(CATALOGUE)).toEqual(pages.map(({ code }) => code));
  });

  test.each(pages)("$code says why and shows wrong and right", ({ code, body, message }) => {
    expect(body).toContain(`# ${code}: `);
    expect(body).toContain("## Why");
    expect(exampleOf(body, "Wrong")).not.toBe("");
    expect(exampleOf(body, "Right")).not.toBe("");
    expect(message).toMatch(/\.$/);
  });
});

describe("the examples of the pages", () => {
  const sources = pages.flatMap(({ code, body }) =>
    ["Wrong", "Right"].map((title) => [`${code} ${title}`, exampleOf(body, title)] as const),
  );
  const suite = readCases(Object.fromEntries(sources));
  const found = checkProgram(suite.program).findings;

  test("have no type errors", () => expect(suite.typeErrors).toBe(""));

  // One's example is no code, it is a configuration: config.test.ts reads it.
  const shown = pages.filter(({ code }) => code !== "DC501");

  test.each(shown)("$code is found in its wrong example, and nothing in its right one", ({ code, body }) => {
    const [, written] = /\nWith `(.*)`:\n/.exec(body) ?? [];
    const own =
      written === undefined
        ? found
        : checkProgram(suite.program, parseConfig("/durablec.config.json", written).config).findings;
    expect(findingsOf(suite, own, `${code} Wrong`).map((finding) => finding.code)).toEqual([code]);
    expect(findingsOf(suite, own, `${code} Right`)).toEqual([]);
  });
});

describe("a page", () => {
  const front = "code: DC1\nslug: s\nseverity: error\nmessage: m\nadvice: a";

  test("is refused without front matter, with a field missing, or with an unknown severity", () => {
    expect(() => toPage("# DC1")).toThrow("front matter");
    expect(() => toPage(`---\n${front.replace("\nslug: s", "")}\n---\n`)).toThrow('no "slug"');
    expect(() => toPage(`---\n${front.replace("error", "fatal")}\n---\n`)).toThrow("severity");
  });

  test("may quote a value", () => {
    expect(toPage(`---\n${front.replace("message: m", `message: '"{a}" isn''t'`)}\n---\n`).message).toBe(
      `"{a}" isn't`,
    );
    expect(toPage(`---\n${front.replace("message: m", 'message: "a \\"b\\""')}\n---\n`).message).toBe(
      'a "b"',
    );
  });
});

describe("report", () => {
  test("fills in the words of message and advice, each time they stand", () => {
    const [module] = readCases({ a: 'export async function main(): Promise<void> { "use durable"; }' })
      .program.modules;
    if (module === undefined) throw new Error("no module");
    const finding = report("DC214", module.file, { callee: "retry" });
    expect(finding.message).toContain("'retry' runs as a step");
    expect(finding.advice).toContain('step("retry", () => retry(');
    expect([finding.message, finding.advice].join()).not.toMatch(/\{callee\}/);
    expect(finding.notes).toEqual([]);
  });
});
