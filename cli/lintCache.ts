/**
 * What the last `durablec lint` of a project found, in `.durable/lint-cache.json`. It holds as long as nothing that was
 * read then is another text now: every file of the program, installed declarations too, the code of packages that was
 * followed, the tsconfig and what it extends,
 * durablec's configuration and version, the packages that are installed; and as long as no source has come or gone, in
 * the project's folder or beside any of its files.
 *
 * A hit needs no TypeScript, whose loading alone takes longer than all of this.
 */
import { createHash, type Hash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Diagnostic } from "../compiler/diagnostic.ts";
import { version } from "../compiler/version.ts";

/** What the command needs to answer. */
export interface LintResult {
  readonly findings: readonly Diagnostic[];
  readonly functionCount: number;
}

interface Entry {
  readonly version: string;
  readonly tsconfig: string;
  /** Absolute paths of all that was read. */
  readonly files: readonly string[];
  readonly key: string;
  readonly result: LintResult;
}

export function readLintCache(tsconfig: string): LintResult | null {
  const entry = readEntry(tsconfig);
  if (entry === null || entry.version !== version() || entry.tsconfig !== tsconfig) return null;
  return toKey(tsconfig, entry.files) === entry.key ? entry.result : null;
}

/** `files`: absolute paths of the program's files and of the tsconfigs that it was made from. */
export function writeLintCache(tsconfig: string, files: readonly string[], result: LintResult): void {
  const entry: Entry = { version: version(), tsconfig, files, key: toKey(tsconfig, files), result };
  const path = toPath(tsconfig);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(entry));
  } catch {
    // A folder that cannot be written to (a read-only checkout in CI) costs the next run its time, and nothing else.
  }
}

function toPath(tsconfig: string): string {
  return join(dirname(tsconfig), ".durable/lint-cache.json");
}

/** Null also for a file that was cut short or written by hand: it is made again. */
function readEntry(tsconfig: string): Entry | null {
  try {
    const entry = JSON.parse(readFileSync(toPath(tsconfig), "utf8")) as Partial<Entry>;
    return Array.isArray(entry.files) && Array.isArray(entry.result?.findings) ? (entry as Entry) : null;
  } catch {
    return null;
  }
}

function toKey(tsconfig: string, files: readonly string[]): string {
  const hash = createHash("sha256");
  const root = dirname(tsconfig);
  for (const path of [...new Set([tsconfig, ...files, ...toSettings(root)])]) {
    hash.update(`\0${path}\0`);
    addFile(hash, path);
  }
  const beside = files.map((file) => dirname(file)).filter((folder) => !isInstalled(folder));
  for (const folder of new Set([...listFolders(root), ...beside]))
    hash.update(`\0${folder}\0${listSources(folder).join("\0")}`);
  return hash.digest("hex");
}

/** Files that decide what the program is without being in it. The hidden lock file is npm's record of what is installed. */
function toSettings(root: string): readonly string[] {
  const endings = ["json", "ts", "mjs", "js"];
  return [
    ...endings.map((ending) => join(root, `durablec.config.${ending}`)),
    ...["package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock"].map((name) => join(root, name)),
    join(root, "node_modules/.package-lock.json"),
  ];
}

function addFile(hash: Hash, path: string): void {
  try {
    hash.update(readFileSync(path));
  } catch {
    hash.update("none");
  }
}

function isInstalled(folder: string): boolean {
  return /[\\/]node_modules([\\/]|$)/.test(folder);
}

function listFolders(root: string): readonly string[] {
  const found = new Set([root]);
  for (const folder of found)
    for (const entry of entriesOf(folder))
      if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
        found.add(join(folder, entry.name));
  return [...found];
}

function listSources(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => !entry.isDirectory() && /\.([cm]?[jt]sx?|json)$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

function entriesOf(folder: string): ReturnType<typeof readFolder> {
  try {
    return readFolder(folder);
  } catch {
    return [];
  }
}

function readFolder(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}
