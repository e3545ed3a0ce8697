import { createRequire } from "node:module";

/** Our own package, found by its name: the same from the sources and from `dist`. */
export function version(): string {
  const own = createRequire(import.meta.url)("durablec/package.json") as { readonly version: string };
  return own.version;
}
