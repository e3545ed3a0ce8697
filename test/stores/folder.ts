import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Folder {
  path(name: string): string;
  readonly remove: () => void;
}

/** A folder of its own for a test. */
export function makeFolder(): Folder {
  const root = mkdtempSync(join(tmpdir(), "durablec-store-"));
  return { path: (name) => join(root, name), remove: () => rmSync(root, { recursive: true, force: true }) };
}
