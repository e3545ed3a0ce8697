/** What must hold in the end, whatever has failed: compared between the store and the ledger of the bodies. */
import { readFileSync } from "node:fs";
import type { Engine } from "@durablec/runtime";

export interface Judged {
  readonly executions: number;
  readonly steps: number;
  /** Bodies that began more often than their results were recorded: their first ones died, or were refused. */
  readonly repeats: number;
  readonly broken: readonly string[];
}

/**
 * Each execution has ended with all its steps, each recorded once; its result is made of what was recorded; and no body began
 * again after its result was recorded: but in `paused`, processes that slept, and may wake up in the middle of what was theirs.
 */
export async function judge(
  engine: Engine,
  ledger: string,
  { names, paused }: { readonly names: readonly string[]; readonly paused: ReadonlySet<number> },
): Promise<Judged> {
  const began = readLedger(ledger);
  const broken: string[] = [];
  let steps = 0;
  for (const name of names) {
    const history = await engine.history(name);
    history.forEach(({ seq }, i) => {
      if (seq !== i + 1) broken.push(`${name}: event ${seq} stands where ${i + 1} should`);
    });
    const ends = history.filter(({ kind }) => kind === "ExecutionSucceeded");
    if (ends.length !== 1) broken.push(`${name}: ended ${ends.length} times`);
    const recorded = history.filter(({ kind }) => kind === "StepSucceeded").map(({ value }) => String(value));
    steps += recorded.length;
    const places = recorded.map((token) => token.split(" ")[0]);
    if (places.toSorted().join() !== [1, 2, 3, 4].map((n) => `${name}/${n}`).join())
      broken.push(`${name}: recorded ${places.join(", ")}`);
    const result = (await engine.result(name).catch(String)) as readonly string[];
    const own = result.filter((token) => !token.includes("/child "));
    if (own.toSorted().join() !== recorded.toSorted().join()) broken.push(`${name}: its result is another`);
    if (result.length !== (name.endsWith("0") ? 5 : 4)) broken.push(`${name}: its result is not whole`);
    for (const token of result) {
      const all = began.get(token.split(" ")[0] ?? "") ?? [];
      if (!all.includes(token)) broken.push(`${name}: nobody began ${token}`);
      const later = all
        .slice(all.indexOf(token) + 1)
        .filter((other) => !paused.has(Number(other.split(" ")[1])));
      if (later.length > 0) broken.push(`${name}: a body began after its result was recorded: ${token}`);
    }
  }
  const bodies = [...began.values()].reduce((sum, { length }) => sum + length, 0);
  return { executions: names.length, steps, repeats: bodies - began.size, broken };
}

/** Tokens of the bodies that began, by what they do, in their order. */
function readLedger(path: string): Map<string, string[]> {
  const began = new Map<string, string[]>();
  for (const token of readFileSync(path, "utf8").trim().split("\n")) {
    const place = token.split(" ")[0] ?? "";
    began.set(place, [...(began.get(place) ?? []), token]);
  }
  return began;
}
