/**
 * Runs random programs in every way and compares: `npm run fuzz -- --count 10000 --seed 1`. Prints each program that
 * differs, reduced, with its seed (at most five), and ends with 1 then.
 */
import { parseArgs } from "node:util";
import { createRandom } from "./random/choice.ts";
import { findFeatures } from "./random/features.ts";
import { generateProgram, type RandomProgram } from "./random/program.ts";
import { toNative, tryProgram, type Outcome } from "./random/tryProgram.ts";
import * as support from "../../fixtures/language/support.ts";
import { reduceProgram } from "./reduceProgram.ts";

const FAILURES_MAX = 5;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { count: { type: "string", default: "500" }, seed: { type: "string" } },
  });
  const count = Number(values.count);
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
  const { found, missing } = await findFeatures();
  console.log(
    `${count} programs from seed ${seed}; left out, as it would be refused: ${missing.join(", ") || "nothing"}`,
  );
  const sum = { refused: 0, restarts: 0, parallel: 0 };
  const reasons = new Map<string, number>();
  const kinds = new Set<string>();
  const start = Date.now();
  for (let index = 0; index < count && kinds.size < FAILURES_MAX; index++) {
    if (index > 0 && index % 1000 === 0)
      console.log(`${index} after ${Math.round((Date.now() - start) / 1000)} s`);
    const program = generateProgram(seed + index, found);
    const outcome = await attempt(program, seed + index);
    if (program.isParallel) sum.parallel++;
    if (outcome.kind === "same") sum.restarts += outcome.restarts;
    if (outcome.kind === "refused") {
      sum.refused++;
      const reason =
        outcome.message
          .split("\n")[0]
          ?.replace(/ <[^]*$/, "")
          .replace(/'[^']*'/, "'...'") ?? "";
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    if (outcome.kind !== "different" || kinds.has(toKind(outcome.problem))) continue;
    kinds.add(toKind(outcome.problem));
    await report(program, seed + index, outcome.problem);
  }
  for (const [reason, times] of reasons) console.log(`refused ${times} times: ${reason}`);
  console.log(
    `${count} programs (${sum.parallel} with work beside them), ${sum.restarts} restarts, ` +
      `${((sum.refused / count) * 100).toFixed(2)} % refused, ${kinds.size} kinds of difference, ` +
      `${Math.round((Date.now() - start) / 1000)} s`,
  );
  if (kinds.size > 0) process.exitCode = 1;
}

/** A program that never ends is a difference too. */
async function attempt(program: RandomProgram, seed: number): Promise<Outcome> {
  const late = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => late.resolve({ kind: "different", problem: "no end after 60 s" }), 60_000);
  try {
    return await Promise.race([tryProgram(program, createRandom(seed)), late.promise]);
  } catch (error) {
    return { kind: "different", problem: `${(error as Error).stack}` };
  } finally {
    clearTimeout(timer);
  }
}

/** Its first words: a smaller program must fail in the same way. */
function toKind(problem: string): string {
  return (problem.split("\n")[0] ?? "").replaceAll(/[^a-z ]+/gi, "").slice(0, 40);
}

function isProgram(source: string): boolean {
  try {
    toNative(source, support);
    return true;
  } catch {
    return false;
  }
}

async function report(program: RandomProgram, seed: number, problem: string): Promise<void> {
  const kind = toKind(problem);
  const isBad = async (source: string): Promise<boolean> => {
    if (!isProgram(source)) return false;
    const found = await attempt({ ...program, source }, seed);
    return found.kind === "different" && toKind(found.problem) === kind;
  };
  const small = await reduceProgram(program.source, isBad);
  const found = await attempt({ ...program, source: small }, seed);
  console.log(`seed ${seed} differs:\n${small}\n\n${found.kind === "different" ? found.problem : problem}\n`);
}

process.on("unhandledRejection", () => undefined);
await main();
