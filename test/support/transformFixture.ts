/** Compiles one file of fixtures without its types, in milliseconds, into a folder that is removed when the process ends. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { transformText } from "../../compiler/index.ts";

/** Inside the repository, so that the output finds `@durablec/runtime`. */
const CACHE = join(import.meta.dirname, "../../node_modules/.cache/durablec-test");

/** Returns the path of the module. */
export function transformFixture(path: string): string {
  const { code, diagnostics } = transformText(readFileSync(path, "utf8"), { fileName: path });
  if (code === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  mkdirSync(CACHE, { recursive: true });
  const out = mkdtempSync(join(CACHE, "module-"));
  process.on("exit", () => rmSync(out, { recursive: true, force: true }));
  const module = join(out, basename(path).replace(/\.ts$/, ".mjs"));
  writeFileSync(module, code);
  return module;
}
