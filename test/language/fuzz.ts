/**
 * Runs random programs native, compiled and rebuilt, and compares their logs: `node test/language/fuzz.ts [count] [seed]`.
 * Prints the first program that differs, reduced, with its seed, and ends with 1.
 */
import { isDeepStrictEqual } from "node:util";
import { generateProgram } from "./generate.ts";
import { reduceProgram } from "./reduceProgram.ts";
import { CompileError, runAll, toNative, toProgram } from "./runs.ts";

type Outcome = "same" | "refused" | { readonly problem: string };

async function tryProgram(source: string): Promise<Outcome> {
  try {
    const logs = await runAll(toProgram(source, "fixtures/language/fuzz/input.ts"));
    for (const way of ["compiled", "rebuilt"] as const) {
      if (!isDeepStrictEqual(logs[way], logs.native))
        return { problem: `${way}\n${toDifference(logs.native, logs[way])}` };
    }
    return "same";
  } catch (error) {
    if (error instanceof CompileError) return "refused";
    return { problem: `${(error as Error).stack}` };
  }
}

function toDifference(expected: readonly string[], found: readonly string[]): string {
  const at = expected.findIndex((line, index) => line !== found[index]);
  const from = Math.max(0, at - 2);
  return `expected ${JSON.stringify(expected.slice(from, at + 3))}\n   found ${JSON.stringify(found.slice(from, at + 3))}`;
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 500);
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
  console.log(`${count} programs from seed ${seed}`);
  let refused = 0;
  for (let index = 0; index < count; index++) {
    const source = generateProgram(seed + index);
    const outcome = await tryProgram(source);
    if (outcome === "refused") refused++;
    else if (outcome !== "same") return await report(source, seed + index, outcome.problem);
  }
  console.log(`${count - refused} ran the same three ways, ${refused} were refused`);
}

/** Its first words: a smaller program must fail in the same way. */
function toKind(problem: string): string {
  return (
    problem
      .split("\n")[0]
      ?.replaceAll(/[^a-z ]+/gi, "")
      .slice(0, 40) ?? ""
  );
}

function isProgram(source: string): boolean {
  try {
    toNative(source);
    return true;
  } catch {
    return false;
  }
}

async function report(source: string, seed: number, problem: string): Promise<void> {
  const kind = toKind(problem);
  const isBad = async (candidate: string): Promise<boolean> => {
    if (!isProgram(candidate)) return false;
    const found = await tryProgram(candidate);
    return typeof found === "object" && toKind(found.problem) === kind;
  };
  const small = await reduceProgram(source, isBad);
  const outcome = await tryProgram(small);
  console.log(
    `seed ${seed} differs:\n${small}\n\n${typeof outcome === "object" ? outcome.problem : problem}`,
  );
  process.exitCode = 1;
}

await main();
