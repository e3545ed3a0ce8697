/** What comes of an event is applied before it is committed; nobody outside may see it before. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { open, openMemoryStore, StoreFullError } from "@durablec/runtime";
import type { Store } from "@durablec/runtime";
import { type EngineFixture, loadEngineFixture } from "../support/engineFixture.ts";

let f: EngineFixture["f"];
let world: EngineFixture["world"];

beforeAll(async () => {
  ({ f, world } = await loadEngineFixture());
});

beforeEach(() => {
  world.lines.length = 0;
  world.outside.clear();
});

/** `before`: what the commit of these kinds of event waits for. Undefined: nothing. */
function watched(before: (kinds: readonly string[]) => Promise<void> | undefined = () => undefined) {
  const store = openMemoryStore();
  const commits: string[][] = [];
  const commit = store.commit.bind(store);
  store.commit = (epoch, list) => {
    const kinds = list.flatMap(({ events }) => events.map(({ kind }) => kind));
    commits.push(kinds);
    return before(kinds)?.then(() => commit(epoch, list)) ?? commit(epoch, list);
  };
  return { store, commits };
}

async function run(store: Store): Promise<string> {
  const engine = await open({ store, functions: { ...f } });
  try {
    const { id } = await engine.start(f.inOneGo, null);
    while (world.outside.get("id") === undefined) await new Promise(setImmediate);
    await engine.callbacks.succeed(world.outside.get("id") ?? "", "third");
    return (await engine.result(id)) as string;
  } finally {
    await engine.close();
  }
}

it("commits what comes of a report with it, up to what waits for something outside", async () => {
  const { store, commits } = watched();
  expect(await run(store)).toBe("first second third");
  expect(commits.filter((kinds) => kinds.length > 0)).toEqual([
    ["StepSucceeded", "ContextStarted"],
    ["StepSucceeded", "ContextSucceeded", "WaitStarted"],
    ["WaitSucceeded", "CallbackStarted"],
    ["StepSucceeded"],
    ["CallbackSucceeded", "ExecutionSucceeded"],
  ]);
});

it("begins no body before the commit of what has led to it", async () => {
  const seen: string[][] = [];
  let go: () => void = () => undefined;
  const { store } = watched((kinds) => {
    if (!kinds.includes("ContextStarted")) return undefined;
    // The step of the child has been asked for; the disk takes its time.
    return new Promise<void>((_, reject) => {
      go = () => {
        seen.push([...world.lines]);
        reject(new StoreFullError("The disk is full."));
      };
    });
  });
  const engine = await open({ store, functions: { ...f } });
  await engine.start(f.inOneGo, null);
  while (world.lines.length === 0) await new Promise(setImmediate);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  go();
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  await engine.close();
  // Nor after it, as it was refused.
  expect([...seen, [...world.lines]]).toEqual([["first"], ["first"]]);
});

it("asks for the end of a callback's time only once the callback is there", async () => {
  const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));
  const { store } = watched((kinds) => (kinds.includes("CallbackStarted") ? slow() : undefined));
  const engine = await open({ store, functions: { ...f } });
  const { id } = await engine.start(f.shortCallback, null);
  expect(await engine.result(id)).toBe("CallbackTimeoutError");
  await engine.close();
});
