/** durablec on any of its stores. */
import { open } from "@durablec/runtime";
import type { DurableFunction, Engine } from "@durablec/runtime";
import { timed } from "../measure.ts";
import type { Contender } from "./shapes.ts";

export interface Functions {
  readonly steps: DurableFunction<number>;
  readonly fanOut: DurableFunction<number>;
}

/** `place`: a store of its own for each opening. */
export function ours(name: string, functions: Functions, place: () => string): Contender {
  return {
    name,
    async open() {
      const { steps, fanOut } = functions;
      const engine = await open({ store: place(), functions: [steps, fanOut] });
      const run = async (fn: DurableFunction<number>, input: number): Promise<void> => {
        const { id } = await engine.start(fn, input);
        await engine.result(id);
      };
      return {
        sequential: (count) => timed(() => run(steps, count)),
        many: ({ executions, steps: count, atOnce }) =>
          timed(() => inLanes(atOnce, executions, () => run(steps, count))),
        single: () => timed(() => run(steps, 1)),
        fanOut: (count) => timed(() => run(fanOut, count)),
        close: () => (engine satisfies Engine).close(),
      };
    },
  };
}

/** Runs `work` so many times, `atOnce` of them at a time. */
export async function inLanes(atOnce: number, times: number, work: () => Promise<void>): Promise<void> {
  let left = times;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, times) }, lane));
}
