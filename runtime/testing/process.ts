/**
 * A process of a test: an engine that can be killed at a commit. What it had in memory is then out of the game, and
 * what it committed is in the store, which outlives it.
 */
import type { Engine } from "../engine/engine.ts";
import { openWith } from "../engine/open.ts";
import type { World } from "../engine/world.ts";
import type { LogSink } from "../logger.ts";
import type { CallbackRow, Commit, Store } from "../stores/store.ts";
import type { Bodies } from "./bodies.ts";
import type { TestClock } from "./clock.ts";

/** A commit of a run, counted from 1, and the side of it on which the process dies. */
export interface CrashPoint {
  readonly commit: number;
  readonly when: "before" | "after";
}

/** What one process of a test finds, and the next one too. */
export interface TestHost {
  readonly store: Store;
  readonly clock: TestClock;
  readonly bodies: Bodies;
  readonly log: LogSink;
  random(): number;
  uuid(): string;
  /** Commits that were begun so far, by all processes. */
  commits: number;
  /** Whether this commit is to kill the process. */
  isCrash(point: CrashPoint): boolean;
  /** The process is alive and cannot go on, or it has parked an execution. */
  failed(error: Error): void;
}

export interface TestProcess {
  readonly engine: Engine;
  readonly isAlive: () => boolean;
  /** As `kill -9` does. */
  kill(): void;
}

class ProcessKilled extends Error {
  override readonly name = "ProcessKilled";
}

/** Starts a process on the host's store. */
export async function startProcess(host: TestHost, functions: readonly unknown[]): Promise<TestProcess> {
  const life = { alive: true, epoch: 0 };
  const isAlive = (): boolean => life.alive;
  const kill = (): void => {
    if (!life.alive) return;
    life.alive = false;
    // As a store finds out by the id of the process.
    if (life.epoch > 0) void host.store.release(life.epoch);
  };
  const engine = await openWith(
    {
      store: mortalStore(host, life, kill),
      functions,
      world: worldOf(host, isAlive),
      logger: host.log,
      // A sleep leaves memory at once, so that every wake-up is a real resume.
      lingerMs: 0,
      onError: (error) => {
        if (isAlive()) host.failed(error);
      },
    },
    null,
  );
  return { engine, isAlive, kill };
}

function worldOf(host: TestHost, isAlive: () => boolean): World {
  return {
    now: () => host.clock.now(),
    random: () => host.random(),
    uuid: () => host.uuid(),
    setTimer: (at, callback, upkeep = false) => host.clock.setTimer({ at, callback, upkeep, isAlive }),
    runBody: (body, run) => host.bodies.run(body, run),
  };
}

type StoreCall = (...args: readonly unknown[]) => unknown;

/** The store as one process has it: dead to it when it has died, and killing it when it is told to. */
function mortalStore(
  host: TestHost,
  life: { readonly alive: boolean; epoch: number },
  kill: () => void,
): Store {
  const die = (): never => {
    kill();
    throw new ProcessKilled("This process of the test was killed.");
  };
  const committing = async (call: StoreCall, args: readonly unknown[]): Promise<unknown> => {
    const commit = ++host.commits;
    if (host.isCrash({ commit, when: "before" })) die();
    const answer = await call(...args);
    const [, commits] = args;
    if (Array.isArray(commits)) host.bodies.committed(commits as readonly Commit[]);
    if (host.isCrash({ commit, when: "after" })) die();
    return answer;
  };
  /** A look at a callback that is not over changes nothing: there is nothing to lose, and it comes again. */
  const expiring = async (call: StoreCall, args: readonly unknown[]): Promise<unknown> => {
    const [id, now] = args as [string, number];
    const row = await host.store.callback(id);
    const isOver = row?.state === "PENDING" && now >= overAt(row);
    return isOver ? committing(call, args) : call(...args);
  };
  return new Proxy(host.store, {
    get(store, key): unknown {
      const value: unknown = Reflect.get(store, key, store);
      if (typeof value !== "function") return value;
      const call: StoreCall = (...args) => Reflect.apply(value, store, args) as unknown;
      return (...args: readonly unknown[]): unknown => {
        // The store is the test's: it outlives its processes.
        if (key === "close") return undefined;
        if (!life.alive) return die();
        if (key === "commit") return committing(call, args);
        if (key === "expire") return expiring(call, args);
        const answer = call(...args);
        if (key !== "acquire") return answer;
        return Promise.resolve(answer as ReturnType<Store["acquire"]>).then((acquired) => {
          if (acquired.kind === "acquired") life.epoch = acquired.epoch;
          return acquired;
        });
      };
    },
  });
}

function overAt({ timeoutAt, heartbeatAt, heartbeatMs }: CallbackRow): number {
  return Math.min(timeoutAt ?? Infinity, heartbeatMs === null ? Infinity : heartbeatAt + heartbeatMs);
}
