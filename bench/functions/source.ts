/** What the benchmarks run: compiled by durablec, and (where it can be) as written. */
import { createCallback, step, wait } from "@durablec/runtime";

export async function value(i: number): Promise<number> {
  return i;
}

/** (a) An await a turn, of a promise that is settled. */
export async function awaits(n: number): Promise<number> {
  "use durable";
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await value(i);
  return sum;
}

/** (a) Awaits through frames: a durable function that calls another. */
export async function nested(n: number): Promise<number> {
  "use durable";
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await inner(i, 1);
  return sum;
}

export async function inner(a: number, b: number): Promise<number> {
  "use durable";
  const c = await value(a);
  return c + b;
}

/** (a) A hot loop without an await, inside a function that has one. */
export async function hot(n: number): Promise<number> {
  "use durable";
  let a = await value(1);
  for (let i = 0; i < n; i++) {
    a = (a * 1_103_515_245 + 12_345) % 2_147_483_648;
    if (a % 7 === 3) a += i;
  }
  return a + (await value(0));
}

/** (b) Steps one after the other. */
export async function steps(n: number): Promise<number> {
  "use durable";
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await step("add", () => i);
  return sum;
}

/** (c) Many steps, then a callback, then one more. */
export async function stepsThenCallback(n: number): Promise<number> {
  "use durable";
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await step("add", () => i);
  const [settled] = await createCallback<number>("go");
  sum += await settled;
  return await step("after", () => sum);
}

/** (d) Steps at the same time. */
export async function fanOut(n: number): Promise<number> {
  "use durable";
  const all = await Promise.all(Array.from({ length: n }, (_, i) => step("add", () => i)));
  return all.length;
}

/** (g) Steps one after the other that wait for something outside. */
export async function waiting(n: number): Promise<number> {
  "use durable";
  for (let i = 0; i < n; i++)
    await step("ask", () => new Promise<void>((resolve) => setTimeout(resolve, 100)));
  return n;
}

/** (d) Nothing but sleep. */
export async function sleeper(ms: number): Promise<number> {
  "use durable";
  await wait({ milliseconds: ms });
  return ms;
}

/** (f) Small steps while 10 MB are alive. */
export async function besideLarge(n: number): Promise<number> {
  "use durable";
  const rows = await step("large", () =>
    Array.from({ length: 100_000 }, (_, i) => ({
      id: i,
      text: `row ${i * 7919} of a table that is kept alive, so that it is written with each state`,
    })),
  );
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await step("add", () => i);
  return sum + rows.length;
}
