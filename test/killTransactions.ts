/**
 * `npm run soak:transactions [RUNS]`: transactions of steps on a file of SQLite and on a PostgreSQL server of its own, killed
 * with SIGKILL at random places in life after life (default 20 runs on each). Ends with 1 if a row of the ledger is missing
 * or there twice, or a result is wrong.
 */
import { join } from "node:path";
import { KILL_PLACES, liveTransactions, postgresPlace, sqlitePlace } from "./kill/transactionLives.ts";
import { compileFixture } from "./support/compileFixture.ts";
import { startPostgres } from "./support/postgresServer.ts";

const COUNT = 12;
const runs = Number(process.argv[2] ?? 20);
const module = join(compileFixture("fixtures/engine"), "transactions.js");
const server = await startPostgres();
const total = { runs: 0, lives: 0, broken: 0 };

const random = (below: number): number => Math.floor(Math.random() * below);
const randomKill = (): string => `${KILL_PLACES[random(KILL_PLACES.length)]}:${1 + random(4)}`;

try {
  for (let run = 1; run <= runs; run++) {
    for (const place of [await sqlitePlace(), await postgresPlace(server.url, `run${run}`)]) {
      const kills = Array.from({ length: random(8) }, randomKill);
      const { lives, broken } = await liveTransactions({ module, place, count: COUNT, kills });
      await place.remove();
      total.runs += 1;
      total.lives += lives;
      total.broken += broken.length;
      const mark = broken.length === 0 ? "✓" : "✗";
      process.stdout.write(`${mark} ${lives} lives: ${kills.join(" ")}\n`);
      for (const text of broken) process.stdout.write(`    ${text}\n`);
    }
  }
} finally {
  await server.stop();
}
process.stdout.write(`${total.runs} runs, ${total.lives} lives, ${total.broken} promises broken\n`);
process.exitCode = total.broken === 0 ? 0 : 1;
