/** Compiles `fixtures/operations` and opens engines that are closed after each test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { open } from "@durablec/runtime";
import type { DurableContext, DurableFunction, Engine, HistoryEvent, OpenOptions } from "@durablec/runtime";
import { runRestart } from "@durablec/runtime/testing";
import type * as World from "../../fixtures/operations/world.ts";
import { compileFixture } from "../support/compileFixture.ts";

const compiled = await compileFixture("fixtures/operations");

export const world = (await import(join(compiled, "world.js"))) as typeof World;

/** The compiled module of `fixtures/operations/<name>.ts`; give its type with `typeof import(...)`. */
export async function load<T>(name: string): Promise<T> {
  return (await import(join(compiled, `${name}.js`))) as T;
}

const engines: Engine[] = [];
const place = { store: "" };

beforeEach(() => {
  place.store = join(mkdtempSync(join(tmpdir(), "durablec-operations-")), "test.db");
  world.lines.length = 0;
  world.outside.clear();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  rmSync(join(place.store, ".."), { recursive: true });
});

export async function engineOf(
  options: Pick<OpenOptions, "functions"> & Partial<OpenOptions>,
): Promise<Engine> {
  const engine = await open({ store: place.store, logger: () => undefined, ...options });
  engines.push(engine);
  return engine;
}

/** As a crash does: nothing is recorded any more. */
export async function crash(engine: Engine): Promise<void> {
  engines.splice(engines.indexOf(engine), 1);
  await engine.close();
}

export async function until(condition: () => unknown): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i > 1_000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Runs it live, and then once more restarted at every await: both must give the same. */
export async function everywhere<I, O>(
  fn: (input: I, context: DurableContext) => Promise<O>,
  input: I,
  options: Partial<OpenOptions> = {},
): Promise<O> {
  world.lines.length = 0;
  const engine = await engineOf({ functions: [fn], ...options });
  const { id } = await engine.start(fn as DurableFunction<I>, input);
  const live = await engine.result(id);
  // One engine at a time runs what is in a store.
  await crash(engine);
  const lines = [...world.lines].sort();
  world.lines.length = 0;
  const { result, unwritten, restarts } = await runRestart(fn, input, {
    ...options,
    logger: () => undefined,
  });
  expect(unwritten).toEqual([]);
  expect(restarts).toBeGreaterThan(0);
  expect(result).toEqual(live);
  expect([...world.lines].sort()).toEqual(lines);
  return result;
}

/** `StepSucceeded charge`: the events of operations, in order. */
export function told(history: readonly HistoryEvent[]): readonly string[] {
  return history
    .filter(({ op }) => op !== undefined)
    .map(({ kind, name }) => (name === undefined ? kind : `${kind} ${name}`));
}
