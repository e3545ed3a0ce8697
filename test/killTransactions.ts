/**
 * `npm run soak:transactions [RUNS]`: transactions of steps on a file of SQLite and on a PostgreSQL server of its own, killed
 * with SIGKILL at random places in life after life, and with the server killed under them too (default 20 runs of each); and
 * a worker that is stopped inside a transaction until another has taken over. Ends with 1 if a row of the ledger is missing
 * or there twice, or a result is wrong.
 */
import { join } from "node:path";
import {
  KILL_PLACES,
  liveTransactions,
  postgresPlace,
  sqlitePlace,
  stopAndGoOn,
  type Place,
} from "./kill/transactionLives.ts";
import { compileFixture } from "./support/compileFixture.ts";
import { startPostgres } from "./support/postgresServer.ts";

const COUNT = 12;
const runs = Number(process.argv[2] ?? 20);
const module = join(await compileFixture("fixtures/engine"), "transactions.js");
const server = await startPostgres();
const total = { runs: 0, lives: 0, broken: 0 };

const random = (below: number): number => Math.floor(Math.random() * below);
const randomKill = (): string => `${KILL_PLACES[random(KILL_PLACES.length)]}:${1 + random(4)}`;

async function once(name: string, place: Place, settled?: () => Promise<void>): Promise<void> {
  const kills = Array.from({ length: random(8) }, randomKill);
  const lives = { module, place, count: COUNT, kills, ...(settled === undefined ? {} : { settled }) };
  const { lives: lived, broken } = await liveTransactions(lives);
  await place.remove();
  total.runs += 1;
  total.lives += lived;
  total.broken += broken.length;
  process.stdout.write(`${broken.length === 0 ? "✓" : "✗"} ${name}, ${lived} lives: ${kills.join(" ")}\n`);
  for (const text of broken) process.stdout.write(`    ${text}\n`);
}

/** Kills the server again and again; returns how to let it come to rest. */
function restartAlways(): () => Promise<void> {
  const state = { isOver: false };
  const restarting = (async () => {
    while (!state.isOver) {
      await new Promise((resolve) => setTimeout(resolve, 500 + random(900)));
      await server.restart();
    }
  })();
  return () => {
    state.isOver = true;
    return restarting;
  };
}

try {
  for (let run = 1; run <= runs; run++) {
    await once("SQLite", await sqlitePlace());
    await once("PostgreSQL", await postgresPlace(server.url, `run${run}`));
    const place = await postgresPlace(server.url, `restarted${run}`);
    await once("PostgreSQL, killed too", place, restartAlways());
  }
  const paused = await postgresPlace(server.url, "paused");
  const broken = await stopAndGoOn({ module, place: paused, count: COUNT });
  total.broken += broken.length;
  process.stdout.write(
    `${broken.length === 0 ? "✓" : "✗"} stopped inside a transaction, taken over, gone on ${broken.join()}\n`,
  );
} finally {
  await server.stop();
}
process.stdout.write(`${total.runs} runs, ${total.lives} lives, ${total.broken} promises broken\n`);
process.exitCode = total.broken === 0 ? 0 : 1;
