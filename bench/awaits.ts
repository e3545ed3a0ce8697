/**
 * (a) Compiled against native, in memory: awaits of settled promises, calls of durable functions, a hot loop. And against
 * the state machines that others make of the same functions.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { race, table, timed } from "./measure.ts";
import { byBabel, byTypeScript, toJavaScript } from "./others.ts";

type Functions = Readonly<Record<"awaits" | "nested" | "hot", (n: number) => Promise<number>>>;

export async function benchAwaits(
  given: { readonly native: Functions; readonly compiled: Functions },
  count: number,
  rounds: number,
): Promise<void> {
  const { native, compiled } = given;
  const others = { babel: await load("babel", byBabel), typescript: await load("typescript", byTypeScript) };
  const rows = [["", "native ns", "compiled ns", "ratio", "Babel ES5", "TypeScript ES5"]];
  for (const name of ["awaits", "nested", "hot"] as const) {
    const run = (functions: Functions) => () => timed(() => functions[name](count));
    const times = await race(
      {
        native: run(native),
        compiled: run(compiled),
        babel: run(others.babel),
        typescript: run(others.typescript),
      },
      rounds,
    );
    const ns = (ms: number): string => ((ms * 1e6) / count).toFixed(1);
    const ratio = (ms: number): string => (ms / times.native).toFixed(2);
    rows.push([
      name,
      ns(times.native),
      ns(times.compiled),
      ratio(times.compiled),
      ratio(times.babel),
      ratio(times.typescript),
    ]);
  }
  console.log(`(a) per turn of a loop of ${count}, medians of ${rounds} rounds; others as ratios to native`);
  console.log(table(rows));
}

async function load(name: string, compile: (code: string) => string): Promise<Functions> {
  const folder = join(import.meta.dirname, "functions");
  mkdirSync(join(folder, "dist"), { recursive: true });
  const path = join(folder, "dist", `${name}.mjs`);
  writeFileSync(path, compile(toJavaScript(readFileSync(join(folder, "source.ts"), "utf8"))));
  return (await import(path)) as Functions;
}
