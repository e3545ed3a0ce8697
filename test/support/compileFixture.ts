/** Compiles a project of fixtures, with its types, into a folder of its own that is removed when the process ends. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../compiler/build.ts";

/** Inside the repository, so that the output finds `@durablec/runtime`. */
const CACHE = join(import.meta.dirname, "../../node_modules/.cache/durablec-test");

const compiled = new Map<string, string>();

/**
 * Returns the output's folder, the same one for all tests of a file. Throws on an error; fixtures do on purpose what deserves
 * a warning.
 */
export function compileFixture(folder: string): string {
  const out = compiled.get(folder) ?? compile(folder);
  compiled.set(folder, out);
  return out;
}

function compile(folder: string): string {
  mkdirSync(CACHE, { recursive: true });
  const out = mkdtempSync(join(CACHE, "fixture-"));
  process.on("exit", () => rmSync(out, { recursive: true, force: true }));
  writeFileSync(join(out, "package.json"), '{ "type": "module" }');
  const { findings, typeErrors } = build({ tsconfig: join(folder, "tsconfig.json"), outDir: out });
  const messages = [
    ...findings
      .filter(({ severity }) => severity === "error")
      .map(({ file, code, message }) => `${file}: ${code} ${message}`),
    ...typeErrors.map(({ messageText }) => JSON.stringify(messageText)),
  ];
  if (messages.length > 0) throw new Error(messages.join("\n"));
  return out;
}
