/**
 * Checks durable functions that call into real packages of the registry: `npm run real-packages`. They are installed, at
 * the versions of `fixtures/real-packages/package.json`, into `.cache`. What is found has to be what `expected.txt` says:
 * each line of it was looked at, and is right. `--update` writes it anew.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { analyse } from "../compiler/build.ts";
import type { Diagnostic } from "../compiler/diagnostic.ts";

const ROOT = join(import.meta.dirname, "..");
const FIXTURE = join(ROOT, "fixtures/real-packages");
const EXPECTED = join(FIXTURE, "expected.txt");

function install(): string {
  const folder = join(ROOT, ".cache/real-packages");
  mkdirSync(folder, { recursive: true });
  cpSync(FIXTURE, folder, { recursive: true });
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`npm install ended with ${status}`);
  for (const [name, target] of [
    ["@durablec/runtime", "runtime"],
    ["@types/node", "node_modules/@types/node"],
  ] as const)
    link(join(ROOT, target), join(folder, "node_modules", name));
  return realpathSync(folder);
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    symlinkSync(target, path, "dir");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function toLine({ code, file, start, message }: Diagnostic, folder: string): string {
  const line = readFileSync(file, "utf8").slice(0, start).split("\n").length;
  return `${file.slice(folder.length + 1)}:${line} ${code} ${message}`;
}

const folder = install();
const { typeErrors, findings, functionCount } = analyse({
  tsconfig: join(folder, "tsconfig.json"),
  emit: false,
});
for (const { messageText } of typeErrors) throw new Error(JSON.stringify(messageText));
const found = findings.map((finding) => `${toLine(finding, folder)}\n`).join("");
process.stdout.write(found);
console.log(`${findings.length} findings in ${functionCount} durable functions`);
if (process.argv.includes("--update")) writeFileSync(EXPECTED, found);
else if (found !== readFileSync(EXPECTED, "utf8")) {
  console.error("That is not what fixtures/real-packages/expected.txt says.");
  process.exitCode = 1;
}
