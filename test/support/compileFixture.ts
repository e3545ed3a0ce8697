/** Compiles a project of fixtures, with its types, once for all files of a run of the tests. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, FIXTURES_OF_RUN } from "./runFolder.ts";

const compiled = new Map<string, Promise<string>>();

/**
 * Returns the output's folder, which nobody may write to. Throws on an error; fixtures do on purpose what deserves a
 * warning.
 */
export function compileFixture(folder: string): Promise<string> {
  const out = compiled.get(folder) ?? compileOnce(folder);
  compiled.set(folder, out);
  return out;
}

/** Two workers may compile the same at once: whoever is first to have finished gives it its name. */
async function compileOnce(folder: string): Promise<string> {
  const run = process.env[FIXTURES_OF_RUN];
  if (run === undefined) return compile(folder, CACHE);
  const shared = join(run, folder.replaceAll("/", "-"));
  if (existsSync(shared)) return shared;
  const out = await compile(folder, run);
  try {
    renameSync(out, shared);
  } catch (error) {
    if (!existsSync(shared)) throw error;
  }
  return shared;
}

async function compile(folder: string, parent: string): Promise<string> {
  // Here, as most files find it compiled, and loading the compiler takes longer than many of them.
  const { build } = await import("../../compiler/build.ts");
  mkdirSync(parent, { recursive: true });
  const out = mkdtempSync(join(parent, "fixture-"));
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
