/** Paths as the compiler has them: absolute, forward slashes on every system. */
import { posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const dirname = posix.dirname;

export function toSlashes(path: string): string {
  return path.replaceAll("\\", "/");
}

/** The path of a `file:` address; null for a text that is in no file. */
export function toPath(uri: string): string | null {
  return uri.startsWith("file:") ? toSlashes(fileURLToPath(uri)) : null;
}

export function toUri(path: string): string {
  return pathToFileURL(path).href;
}
