/** Compiles one file of fixtures without its types, in milliseconds, into a folder that is removed when the process ends. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { transformText } from "../../compiler/index.ts";
import { CACHE, FIXTURES_OF_RUN } from "./runFolder.ts";

/** Returns the path of the module. */
export function transformFixture(path: string): string {
  const { code, diagnostics } = transformText(readFileSync(path, "utf8"), { fileName: path });
  if (code === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const parent = process.env[FIXTURES_OF_RUN] ?? CACHE;
  mkdirSync(parent, { recursive: true });
  const out = mkdtempSync(join(parent, "module-"));
  process.on("exit", () => rmSync(out, { recursive: true, force: true }));
  const module = join(out, basename(path).replace(/\.ts$/, ".mjs"));
  writeFileSync(module, code);
  return module;
}
