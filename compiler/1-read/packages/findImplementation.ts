/**
 * Where the code behind a declaration file is: `dist/index.d.ts` says what a package has, `dist/index.js` what it does.
 *
 * Asked in this order: the declaration map (the author's own TypeScript, where it was published), the JavaScript beside
 * the declarations, the entry of the package. Nothing is run, and nothing is guessed from names beyond that.
 */
import { posix } from "node:path";
import { ts } from "ts-morph";
import { findEntry } from "./findEntry.ts";

/** A declaration map of a bundle names all of its sources; more than this are not looked through. */
const SOURCES_MAX = 40;

/** Paths of files that may hold the code, the best first. `packageName`: whose declarations these are. */
export function findImplementation(declarations: string, packageName: string): readonly string[] {
  const beside = toScript(declarations);
  const mapped = findMapped(declarations);
  if (mapped.length > 0) return mapped;
  if (beside !== null && ts.sys.fileExists(beside)) return [beside];
  const entry = findEntry(packageName, posix.dirname(declarations));
  return entry === null ? [] : [entry];
}

/** `a.d.ts` -> `a.js`, `a.d.mts` -> `a.mjs`. */
export function toScript(declarations: string): string | null {
  const match = /^(.*)\.d\.([cm]?)ts$/.exec(declarations);
  return match === null ? null : `${match[1]}.${match[2]}js`;
}

function findMapped(declarations: string): readonly string[] {
  const text = ts.sys.readFile(`${declarations}.map`);
  if (text === undefined) return [];
  const { config } = ts.parseConfigFileTextToJson(`${declarations}.map`, text) as {
    readonly config?: unknown;
  };
  const { sourceRoot, sources } = (config ?? {}) as {
    readonly sourceRoot?: unknown;
    readonly sources?: unknown;
  };
  if (!Array.isArray(sources) || sources.length > SOURCES_MAX) return [];
  const folder = posix.join(posix.dirname(declarations), typeof sourceRoot === "string" ? sourceRoot : "");
  return sources
    .filter((source) => typeof source === "string")
    .map((source) => posix.join(folder, source))
    .filter((path) => /\.[cm]?tsx?$/.test(path) && ts.sys.fileExists(path));
}
