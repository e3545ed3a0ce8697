/**
 * `npm run soak [ROUNDS]`: the quickstart's function, killed at every commit, before and after it, and then killed in
 * every life after one, two and three commits until it has ended; ROUNDS times (default 1). Ends with 1 if anything
 * that was promised did not hold.
 */
import { join } from "node:path";
import { buildQuickstart } from "./kill/buildQuickstart.ts";
import { live } from "./kill/lives.ts";

const rounds = Number(process.argv[2] ?? 1);
const module = join(buildQuickstart(), "fulfil.js");
const total = { runs: 0, lives: 0, broken: 0 };

for (let round = 1; round <= rounds; round++) {
  for (const when of ["before", "after"]) {
    for (
      let commit = 1;
      (await once(`${when} commit ${commit}`, (life) => (life === 1 ? `${when}:${commit}` : "never"))) > 1;
    )
      commit++;
  }
  for (const commits of [1, 2, 3])
    await once(`every life ends after commit ${commits}`, () => `after:${commits}`);
}

process.stdout.write(`${total.runs} runs, ${total.lives} lives, ${total.broken} promises broken\n`);
process.exitCode = total.broken === 0 ? 0 : 1;

/** Returns the number of lives it took: one means that the kill came too late to happen. */
async function once(name: string, plan: (life: number) => string): Promise<number> {
  const { lives, broken } = await live(module, plan);
  total.runs += 1;
  total.lives += lives;
  total.broken += broken.length;
  process.stdout.write(
    `${broken.length === 0 ? "✓" : "✗"} ${name}: ${lives} ${lives === 1 ? "life" : "lives"}\n`,
  );
  for (const text of broken) process.stdout.write(`    ${text}\n`);
  return lives;
}
