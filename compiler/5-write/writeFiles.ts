import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { OutputFile } from "./emitProject.ts";

/**
 * Writes a build, or leaves the one before as it is. All files are written beside their places first, and only when
 * the last of them is on the disk are they moved: a full disk or a folder without permission is met before anything
 * has changed. Files that are as they should be are not touched, so that whatever watches them stays calm.
 *
 * Returns the paths that changed.
 */
export function writeFiles(files: readonly Pick<OutputFile, "path" | "text">[]): readonly string[] {
  const changed = files.filter(({ path, text }) => readOrNull(path) !== text);
  const staged: { readonly from: string; readonly to: string }[] = [];
  try {
    for (const { path, text } of changed) {
      mkdirSync(dirname(path), { recursive: true });
      const from = `${path}.${process.pid}.tmp`;
      staged.push({ from, to: path });
      writeFileSync(from, text);
    }
    for (const { from, to } of staged) renameSync(from, to);
  } catch (error) {
    for (const { from } of staged) rmSync(from, { force: true });
    throw error;
  }
  return changed.map(({ path }) => path);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
