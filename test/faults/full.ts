/**
 * A PostgreSQL server whose disk becomes full while executions run: the error says so by name, and when there is room again,
 * every execution whose start was acknowledged is there and comes to its end. Needs a disk of its own: Linux, and root.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { open, StoreFullError } from "@durablec/runtime";
import { startPostgres } from "../support/postgresServer.ts";
import { transformFixture } from "../support/transformFixture.ts";

const CHILD = "fixtures/faults/functions.ts#child";
/** What is left on the disk when executions begin, and what each writes at least. */
const LEFT_BYTES = 8 * 2 ** 20;
const NAME_CHARACTERS = 60_000;
const STARTS_MAX = 2_000;

/** Returns how many promises were broken. */
export async function tryFullDisk(): Promise<number> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    process.stdout.write("- full: not tried, as only root can make a disk of its own, on Linux\n");
    return 0;
  }
  const before = process.env["TMPDIR"];
  const folder = mkdtempSync(join(tmpdir(), "durablec-ledger-"));
  const disk = mkdtempSync(join(tmpdir(), "durablec-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=250m,mode=1777", "tmpfs", disk]);
  // Where the server makes its folder.
  process.env["TMPDIR"] = disk;
  try {
    return await fill(disk, join(folder, "ledger"));
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    execFileSync("umount", [disk]);
    for (const path of [disk, folder]) rmSync(path, { recursive: true });
  }
}

async function fill(disk: string, ledger: string): Promise<number> {
  const module = transformFixture("fixtures/faults/functions.ts");
  const functions = (await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>;
  process.env["LEDGER"] = ledger;
  writeFileSync(ledger, "");
  const server = await startPostgres();
  const told: unknown[] = [];
  const engine = await open({ store: server.url, functions, onError: (error) => void told.push(error) });
  const { bavail, bsize } = statfsSync(disk);
  const ballast = join(disk, "ballast");
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - LEFT_BYTES)));
  const names: string[] = [];
  const refused = await startUntilRefused(async (name) => {
    await engine.start(CHILD, name, { id: `full-${names.length}` });
    names.push(name);
  });
  rmSync(ballast);
  await engine.close().catch((error: unknown) => told.push(error));

  const broken: string[] = [];
  for (const error of [refused, ...told])
    if (!(error instanceof StoreFullError)) broken.push(`it said something else: ${String(error)}`);
  const next = await open({ store: server.url, functions });
  for (const [i, name] of names.entries()) {
    const result = String(await next.result(`full-${i}`).catch(String));
    if (!result.startsWith(`${name}/child `)) broken.push(`full-${i}: ended with ${result.slice(0, 80)}`);
  }
  await next.close();
  await server.stop();
  const began = readFileSync(ledger, "utf8").trim().split("\n").length;
  process.stdout.write(
    `${broken.length === 0 ? "✓" : "✗"} full: ${names.length} executions were acknowledged before the disk was full, and have ended ` +
      `since; ${began - names.length} bodies began again\n`,
  );
  for (const text of broken.slice(0, 20)) process.stdout.write(`    ${text}\n`);
  return broken.length;
}

async function startUntilRefused(start: (name: string) => Promise<void>): Promise<unknown> {
  for (let i = 0; i < STARTS_MAX; i++) {
    try {
      // Not compressible, or the server would keep it in little room.
      await start(
        Array.from({ length: NAME_CHARACTERS / 10 }, () => Math.random().toString(36).slice(2, 12)).join(""),
      );
    } catch (error) {
      return error;
    }
  }
  return new Error("The disk was never full.");
}
