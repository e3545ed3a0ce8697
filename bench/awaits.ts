/** (a) Compiled against native, in memory: awaits of settled promises, calls of durable functions, a hot loop. */
import { race, table, timed } from "./measure.ts";

type Functions = Readonly<Record<"awaits" | "nested" | "hot", (n: number) => Promise<number>>>;

export async function benchAwaits(
  { native, compiled }: { readonly native: Functions; readonly compiled: Functions },
  count: number,
  rounds: number,
): Promise<void> {
  const rows = [["", "native ns", "compiled ns", "ratio"]];
  for (const name of ["awaits", "nested", "hot"] as const) {
    const times = await race(
      { native: () => timed(() => native[name](count)), compiled: () => timed(() => compiled[name](count)) },
      rounds,
    );
    const [a, b] = [times.native, times.compiled].map((ms) => (ms * 1e6) / count) as [number, number];
    rows.push([name, a.toFixed(1), b.toFixed(1), (b / a).toFixed(2)]);
  }
  console.log(`(a) per turn of a loop of ${count}, medians of ${rounds} rounds`);
  console.log(table(rows));
}
