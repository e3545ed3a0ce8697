/** The page of a code: a file of the installed package, so that it is of the version that found it, and needs no network. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { slugOf } from "../../compiler/formats/locate.ts";
import { toUri } from "../live/paths.ts";

export function toPageUri(code: string): string | null {
  if (slugOf(code) === null) return null;
  const root = dirname(createRequire(import.meta.url).resolve("durablec/package.json"));
  return toUri(join(root, "docs/diagnostics", `${code}.md`));
}
