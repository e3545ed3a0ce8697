/**
 * (d) The engine beside the bare database: the same shapes for each contender, in turns, medians of rounds, so that a
 * machine that slows down does so for all of them. All of them wait for the disk.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startPostgres } from "../../test/support/postgresServer.ts";
import { median, table } from "../measure.ts";
import type { Functions } from "./ours.ts";
import { ours } from "./ours.ts";
import { dbos, installPeers, restate } from "./peers.ts";
import { rawPostgres } from "./rawPostgres.ts";
import { rawSqlite } from "./raw.ts";
import type { Contender } from "./shapes.ts";

const SEQUENTIAL = 1_000;
const MANY = { executions: 1_000, steps: 10, atOnce: 100 };
const SINGLES = 200;
const FAN_OUT = 1_000;

const ROWS = ["sequential", "many", "p50", "p99", "fanOut"] as const;
type Row = (typeof ROWS)[number];

const LABELS: Readonly<Record<Row, string>> = {
  sequential: `one execution, ${SEQUENTIAL} steps: ms a step`,
  many: `${MANY.executions} executions of ${MANY.steps} steps, ${MANY.atOnce} at once: steps/s`,
  p50: "one step, start to result: p50 ms",
  p99: "one step, start to result: p99 ms",
  fanOut: `${FAN_OUT} steps at once: ms`,
};

/** `peers`: engines of others, too; they are installed for it. */
export async function benchEngine(functions: Functions, rounds: number, peers: boolean): Promise<void> {
  const folder = mkdtempSync(join(import.meta.dirname, "..", "dist-"));
  const server = await startPostgres({ isDurable: true });
  const contenders = await gather({ functions, folder, url: server.url, peers });
  try {
    const results = contenders.map(() => [] as Record<Row, number>[]);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        const result = await measure(contender);
        // The first round warms up.
        if (round > 0) results[index]?.push(result);
      }
    }
    const medians = results.map((list) => (row: Row) => median(list.map((result) => result[row])));
    const limits = contenders.map(({ limit }) => contenders.findIndex(({ name }) => name === limit));
    console.log(
      `(d) the engine, medians of ${rounds} rounds; in brackets: speed, where the bare database's is 1`,
    );
    console.log(
      table([
        ["", ...contenders.map(({ name }) => name)],
        ...ROWS.map((row) => [
          LABELS[row],
          ...medians.map((of, index) => cell(row, of(row), medians[limits[index] ?? -1]?.(row))),
        ]),
      ]),
    );
  } finally {
    for (const { close } of contenders) await close?.();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

interface Field {
  readonly functions: Functions;
  readonly folder: string;
  readonly url: string;
  readonly peers: boolean;
}

async function gather({ functions, folder, url, peers }: Field): Promise<Contender[]> {
  const file = (): string => join(folder, `ours-${performance.now()}.db`);
  const schema = (): string => `${url}?schema=ours${Math.trunc(performance.now() * 1_000)}`;
  const own: Contender[] = [
    rawSqlite(folder),
    { ...ours("durablec, SQLite", functions, file), limit: "raw SQLite" },
    rawPostgres(url),
    { ...ours("durablec, PostgreSQL", functions, schema), limit: "raw PostgreSQL" },
  ];
  if (!peers) return own;
  const packages = await installPeers();
  return [...own, await dbos(packages, url), await restate(packages, join(folder, "restate"))];
}

function cell(row: Row, value: number, limit: number | undefined): string {
  const text = row === "many" ? value.toFixed(0) : value.toFixed(value < 10 ? 3 : 1);
  if (limit === undefined) return text;
  return `${text} (${(row === "many" ? value / limit : limit / value).toFixed(2)})`;
}

async function measure({ open }: Contender): Promise<Record<Row, number>> {
  const shapes = await open();
  try {
    const singles = await inTurn(SINGLES, () => shapes.single());
    return {
      sequential: (await shapes.sequential(SEQUENTIAL)) / SEQUENTIAL,
      many: (1_000 * MANY.executions * MANY.steps) / (await shapes.many(MANY)),
      p50: percentile(singles, 0.5),
      p99: percentile(singles, 0.99),
      fanOut: median(await inTurn(5, () => shapes.fanOut(FAN_OUT))),
    };
  } finally {
    await shapes.close();
  }
}

async function inTurn(times: number, work: () => Promise<number>): Promise<number[]> {
  const results: number[] = [];
  for (let i = 0; i < times; i++) results.push(await work());
  return results;
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? NaN;
}
