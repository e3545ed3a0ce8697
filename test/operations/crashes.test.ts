import { describe, expect, it } from "vitest";
import { open } from "@durablec/runtime";
import type { DurableFunction, Store } from "@durablec/runtime";
import type { Memory } from "../../runtime/stores/memory-place.ts";
import { createMemory } from "../../runtime/stores/memory-place.ts";
import { openMemoryStore } from "../../runtime/stores/memory.ts";
import type * as Configured from "../../fixtures/operations/configured.ts";
import type * as Invoke from "../../fixtures/operations/invoke.ts";
import type * as Messages from "../../fixtures/operations/messages.ts";
import { load } from "./fixture.ts";

const i = await load<typeof Invoke>("invoke");
const m = await load<typeof Messages>("messages");
const c = await load<typeof Configured>("configured");
const functions = [
  ...Object.values(i).filter((value) => value !== i.NoStock),
  ...Object.values(m),
  ...Object.values(c),
];
const options = { functions, logger: () => undefined, lingerMs: 0, onError: () => undefined };

type Moment = "before" | "after";

/** A store whose process dies at its nth commit: nothing of it is written, or all of it and nobody is told. */
function dying(
  memory: Memory,
  moment: Moment,
  nth: number,
): { readonly store: Store; readonly died: () => boolean } {
  const store = openMemoryStore(memory);
  const commit = store.commit.bind(store);
  let left = nth;
  store.commit = (epoch, commits) => {
    if (--left > 0) return commit(epoch, commits);
    if (left === 0 && moment === "after") void commit(epoch, commits);
    throw new Error("the process died");
  };
  return { store, died: () => left <= 0 };
}

/** What comes out when the process dies at that commit, and another one goes on; null: there are not so many commits. */
async function dieAt(fn: DurableFunction<unknown>, input: unknown, [moment, nth]: readonly [Moment, number]) {
  const memory = createMemory();
  const { store, died } = dying(memory, moment, nth);
  const first = await open({ ...options, store });
  const { id } = await first.start(fn, input);
  const result = await first.result(id).catch((error: unknown) => error);
  await first.close();
  // As if its process were gone.
  memory.owner.holder = null;
  if (!died()) return null;
  const second = await open({ ...options, store: openMemoryStore(memory) });
  const again = await second.result(id);
  await second.close();
  return { again, result };
}

describe("killed before and after each of its commits, it comes to the same end:", () => {
  it.each([
    ["invocations", i.parent, 3, "6 12 14"],
    [
      "a failed invocation",
      i.fails,
      null,
      'InvokeError The invoked function "dear" failed: no lamp 101 lamp 101',
    ],
    ["cancelled losers of a race", m.races, "first", "first true true true true"],
    ["cancelled children and batches", m.cancelsContexts, null, "rejected rejected"],
    ["compensations", m.sagaFails, true, "RangeError: no lamp"],
    ["text forms that a context was told", c.formed, null, "own a! b!! c! d!"],
    ["retries in the caller's context", c.retriedInPlace, null, "at 2 mapped StepError of RangeError"],
    [
      "virtual contexts, and batches with a form of their own",
      c.virtual,
      null,
      "1+2 | seen | ChildContextError of StepError | mapped StepError of RangeError",
    ],
    ["compensations of other modules", m.undoes, null, "RangeError: no lamp"],
    [
      "signals that do not come in time",
      m.impatient,
      { raced: true },
      "SignalTimeoutError word, SignalTimeoutError",
    ],
  ] as const)("%s", async (_name, fn, input, expected) => {
    for (const moment of ["before", "after"] as const) {
      for (let nth = 1; ; nth++) {
        const come = await dieAt(fn as DurableFunction<unknown>, input, [moment, nth]);
        if (come === null) break;
        expect([moment, nth, come.again]).toEqual([moment, nth, expected]);
      }
    }
  });
});

it("a timer that comes near while its execution is about to leave memory is not forgotten", async () => {
  const time = { now: 1_000_000, tick: 0 };
  const world = {
    now: () => Math.floor((time.now += time.tick)),
    random: Math.random,
    uuid: () => crypto.randomUUID(),
    setTimer(_at: number, go: () => void) {
      const timer = setTimeout(go, 1);
      return () => clearTimeout(timer);
    },
  };
  const engine = await open({ ...options, store: "memory:", world });
  // So that each moment in the life of a wait of 1 ms is met.
  for (let tick = 1; tick < 20; tick++) {
    time.tick = tick / 80;
    const { id } = await engine.start(m.cancelsContexts as DurableFunction<null>, null);
    expect(await engine.result(id)).toBe("rejected rejected");
  }
  await engine.close();
});
