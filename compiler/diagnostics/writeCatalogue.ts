/**
 * Generates `catalogue.ts` from the pages in `docs/diagnostics`: `node compiler/diagnostics/writeCatalogue.ts`.
 * `test/check/catalogue.test.ts` fails when the committed file is behind its pages.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { toPage, type DiagnosticPage } from "./toPage.ts";

const PAGES = fileURLToPath(new URL("../../docs/diagnostics/", import.meta.url));
const CATALOGUE = fileURLToPath(new URL("./catalogue.ts", import.meta.url));

/** The text `catalogue.ts` should have. */
export async function toCatalogueText(): Promise<string> {
  const entries = readPages().map(
    ({ code, slug, severity, message, advice }) =>
      `${code}: ${JSON.stringify({ slug, severity, message, advice })},`,
  );
  const text = [
    "/** Generated from docs/diagnostics by writeCatalogue.ts. Change the page, then run that. */",
    `export const CATALOGUE = { ${entries.join("\n")} } as const;`,
  ].join("\n");
  return format(text, { parser: "typescript", printWidth: 110 });
}

/** Every page, by code. */
export function readPages(): readonly DiagnosticPage[] {
  const names = readdirSync(PAGES).filter((name) => /^DC\d+\.md$/.test(name));
  return names.sort().map((name) => {
    const page = toPage(readFileSync(PAGES + name, "utf8"));
    if (`${page.code}.md` !== name) throw new Error(`${name} is the page of ${page.code}`);
    return page;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CATALOGUE, await toCatalogueText());
