/**
 * (b) Sequential steps of one execution against the raw commit rate of the same disk: the same SQLite settings, one
 * insert of an event's size a transaction, nothing else.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { DurableFunction } from "@durablec/runtime";
import { median, table, timed } from "./measure.ts";

/** About the size of one StepSucceeded event of this benchmark. */
const ROW = "x".repeat(150);

export async function benchSteps(
  steps: DurableFunction<number>,
  count: number,
  rounds: number,
): Promise<void> {
  const raw: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const folder = mkdtempSync(join(import.meta.dirname, "dist-"));
    try {
      const rawMs = rawCommits(join(folder, "raw.db"), count);
      const oursMs = await durableSteps(steps, join(folder, "ours.db"), count);
      if (round > 0) {
        raw.push(rawMs / count);
        ours.push(oursMs / count);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const [rawEach, oursEach] = [median(raw), median(ours)];
  console.log(`(b) ${count} sequential steps, one commit each, ${rounds} rounds`);
  console.log(
    table([
      ["", "ms per commit", "commits/s", "ratio to raw"],
      ["raw SQLite", rawEach.toFixed(4), (1000 / rawEach).toFixed(0), "1.00"],
      ["durable steps", oursEach.toFixed(4), (1000 / oursEach).toFixed(0), (rawEach / oursEach).toFixed(2)],
    ]),
  );
}

function rawCommits(path: string, count: number): number {
  const db = new DatabaseSync(path);
  db.exec(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE e (id INTEGER PRIMARY KEY, body TEXT)",
  );
  const begin = db.prepare("BEGIN IMMEDIATE");
  const insert = db.prepare("INSERT INTO e (body) VALUES (?)");
  const commit = db.prepare("COMMIT");
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    begin.run();
    insert.run(ROW);
    commit.run();
  }
  const ms = performance.now() - start;
  db.close();
  return ms;
}

async function durableSteps(steps: DurableFunction<number>, path: string, count: number): Promise<number> {
  const engine = await open({ store: path, functions: [steps] });
  try {
    return await timed(async () => {
      const { id } = await engine.start(steps, count);
      await engine.result(id);
    });
  } finally {
    await engine.close();
  }
}
