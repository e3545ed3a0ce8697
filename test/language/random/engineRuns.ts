/** Runs of a compiled function in a real engine, in time that passes only when nothing else can happen. */
import { openWith } from "../../../runtime/engine/open.ts";
import type { SnapshotProblem } from "../../../runtime/engine/snapshots.ts";
import { realWorld, type World } from "../../../runtime/engine/world.ts";
import type { Memory } from "../../../runtime/stores/memory-place.ts";
import { createMemory } from "../../../runtime/stores/memory-place.ts";
import { openMemoryStore } from "../../../runtime/stores/memory.ts";
import type { Store } from "../../../runtime/stores/store.ts";

type Main = (...args: readonly unknown[]) => Promise<unknown>;

/** What a run tells besides its result. */
export interface EngineRun {
  restarts: number;
  unwritten: SnapshotProblem[];
}

/** Every await is an event; `drops`: after each commit the execution is given up and brought back from its text. */
export async function runInEngine(
  main: Main,
  { drops, told }: { readonly drops: boolean; readonly told: EngineRun },
): Promise<unknown> {
  const parked = Promise.withResolvers<never>();
  const world = createWorld();
  const engine = await openWith(
    {
      store: mortal(openMemoryStore(), Infinity, () => world.touch()),
      functions: [main],
      world,
      onError: parked.reject,
      // To leave memory is to run again what came after the last state, and to log it again.
      lingerMs: 1e12,
      logger: () => undefined,
    },
    {
      drops,
      told: ({ dropped, problem }) => {
        if (dropped) told.restarts++;
        if (dropped && problem !== null) told.unwritten.push(problem);
      },
    },
  );
  try {
    const { id } = await engine.start(main as never, undefined as never);
    return await Promise.race([engine.result(id), parked.promise]);
  } finally {
    await engine.close();
  }
}

/** Engines that die at a random commit, one after another, on one store: at most 200. */
export async function runKilled(main: Main, random: () => number): Promise<unknown> {
  const memory = createMemory();
  const world = createWorld();
  for (let life = 0; life < 200; life++) {
    const left = life < 199 ? 1 + Math.floor(random() * 6) : Infinity;
    const outcome = await runLife(main, { memory, world, left });
    if (outcome !== null) return outcome.value;
    // The next one finds the heartbeat of the dead one old.
    world.pass(60_000);
  }
  throw new Error("no end after 200 lives");
}

interface LifeParts {
  readonly memory: Memory;
  readonly world: VirtualWorld;
  /** Commits until it dies. */
  readonly left: number;
}

class Killed extends Error {}

/** Null: it died. */
async function runLife(
  main: Main,
  { memory, world, left }: LifeParts,
): Promise<{ readonly value: unknown } | null> {
  const died = Promise.withResolvers<never>();
  died.promise.catch(() => undefined);
  const engine = await openWith(
    {
      store: mortal(openMemoryStore(memory), left, () => world.touch()),
      functions: [main],
      world,
      onError: died.reject,
      logger: () => undefined,
    },
    null,
  );
  try {
    await engine.start(main as never, undefined as never, { id: "one" });
    return { value: await Promise.race([engine.result("one"), died.promise]) };
  } catch (error) {
    if (error instanceof Killed) return null;
    throw error;
  } finally {
    await engine.close();
  }
}

/** A store whose last commit is written, and nobody is told. */
function mortal(store: Store, left: number, onCommit: () => void): Store {
  let commits = left;
  return new Proxy(store, {
    get(of, key) {
      const method = Reflect.get(of, key) as unknown;
      if (typeof method !== "function") return method;
      if (key !== "commit") return method.bind(of) as unknown;
      return (...args: unknown[]) => {
        onCommit();
        if (commits <= 0) throw new Killed();
        const answer: unknown = Reflect.apply(method, of, args);
        if (--commits <= 0) throw new Killed();
        return answer;
      };
    },
  });
}

interface VirtualWorld extends World {
  pass(ms: number): void;
  /** Something was committed: more may follow before time passes. */
  touch(): void;
}

/** Passes of the event loop without a commit, after which nothing can happen before the next timer. */
const QUIET = 6;

/** Time stands still while anything can happen, and jumps to the next timer then. */
function createWorld(): VirtualWorld {
  let now = 1_000_000;
  let count = 0;
  let quiet = 0;
  let waiting = false;
  const timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  const next = (): void => {
    waiting = false;
    const [first] = [...timers].sort(([i, a], [j, b]) => a.at - b.at || i - j);
    if (first !== undefined && ++quiet >= QUIET) {
      const [number, { at, callback }] = first;
      timers.delete(number);
      now = Math.max(now, at);
      callback();
    }
    arm();
  };
  const arm = (): void => {
    if (waiting || timers.size === 0) return;
    waiting = true;
    setImmediate(next);
  };
  return {
    ...realWorld,
    random: () => 0.5,
    now: () => now,
    pass: (ms) => void (now += ms),
    touch: () => void (quiet = 0),
    setTimer(at, callback) {
      const number = ++count;
      timers.set(number, { at, callback });
      arm();
      return () => timers.delete(number);
    },
  };
}
