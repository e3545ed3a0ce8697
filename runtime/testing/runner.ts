/**
 * Runs durable functions on the real engine, with a clock that does not wait, steps that fail on demand, and processes
 * that can be killed. See docs/testing.md.
 */
import type { DurableContext } from "../context.ts";
import type { Duration } from "../duration.ts";
import { toMilliseconds } from "../duration.ts";
import type { DurableFunction, Engine } from "../engine/engine.ts";
import { SeededChance } from "../engine/identity.ts";
import type { LogEntry } from "../logger.ts";
import { openMemoryStore } from "../stores/memory.ts";
import type { Store } from "../stores/store.ts";
import type { StepCall, StepHandler } from "./bodies.ts";
import { Bodies } from "./bodies.ts";
import { TestClock } from "./clock.ts";
import type { TestOperation } from "./execution.ts";
import { ExecutionRecord, TestExecution } from "./execution.ts";
import type { CrashPoint, TestHost, TestProcess } from "./process.ts";
import { startProcess } from "./process.ts";

export interface TestRunnerOptions {
  /** Durable functions beside those that are run: what they invoke by name. */
  readonly functions?: readonly unknown[] | Readonly<Record<string, unknown>>;
  /** Ids, jitter and what `random()` and `uuid()` give follow from it. Default "durablec". */
  readonly seed?: string;
  /** What the clock shows first. Default 2030-01-01, 00:00 UTC. */
  readonly startAt?: Date | number;
  /** Open already, and the test's to close. Default: one in memory. */
  readonly store?: Store;
  /** Kills the process at a commit; the next one goes on at once. */
  readonly crashAt?: CrashPoint | ((point: CrashPoint) => boolean);
  /** Most time the clock may pass while a test waits for something: a loop that never ends is then an error. Default 10 years. */
  readonly patienceDays?: number;
}

/** A durable function, as it is called. */
export type TestedFunction<I, O> = (input: I, context: DurableContext) => Promise<O>;

/** What a test does with a callback once it is open. */
export type CallbackHandler = (callback: TestOperation) => unknown;

/** Something the test waits for cannot come. */
export class TestStuckError extends Error {
  override readonly name = "TestStuckError";
}

const DAY_MS = 86_400_000;
const START_AT = Date.UTC(2030, 0, 1);
/** Commits while a test waits once: far beyond any test, and the end of a loop without waits. */
const COMMITS_MAX = 1_000_000;

const PROCESSES_MAX = 10_000;
/** So many passes of the event loop are given to a promise that no operation made. */
const FOREIGN_BREATHS = 150;

export async function createTestRunner(options: TestRunnerOptions = {}): Promise<TestRunner> {
  const runner = new TestRunner(options);
  await runner.restart();
  return runner;
}

export class TestRunner {
  /** All lines that durable functions and steps logged. */
  readonly logs: LogEntry[] = [];
  private readonly host: TestHost;
  private readonly functions: Set<unknown>;
  private readonly patienceMs: number;
  private readonly handlers = new Map<string, CallbackHandler>();
  private readonly handled = new Set<string>();
  private readonly records = new Map<string, ExecutionRecord>();
  private process: TestProcess | null = null;
  private problem: Error | null = null;
  private processes = 0;

  constructor(options: TestRunnerOptions) {
    const { functions = [], seed = "durablec", startAt = START_AT, patienceDays = 3_650 } = options;
    const chance = new SeededChance(seed, 0);
    const jitter = new SeededChance(`${seed} jitter`, 0);
    const { crashAt } = options;
    this.functions = new Set(Object.values(functions));
    this.patienceMs = patienceDays * DAY_MS;
    this.host = {
      store: options.store ?? openMemoryStore(),
      clock: new TestClock(Number(startAt)),
      bodies: new Bodies(),
      log: (entry) => void this.logs.push(entry),
      random: () => jitter.random(),
      uuid: () => chance.uuid(),
      commits: 0,
      isCrash: (point) =>
        typeof crashAt === "function"
          ? crashAt(point)
          : crashAt?.commit === point.commit && crashAt.when === point.when,
      failed: (error) => (this.problem ??= error),
    };
  }

  /** Starts an execution and runs it to its end, passing over all the time in between. Its failure is not thrown here. */
  async run<I, O>(
    fn: TestedFunction<I, O>,
    input: I,
    options: { readonly id?: string } = {},
  ): Promise<TestExecution<O>> {
    return (await this.start(fn, input, options)).ended();
  }

  /** Starts an execution. It goes on when something is awaited of it. */
  async start<I, O>(
    fn: TestedFunction<I, O>,
    input: I,
    options: { readonly id?: string } = {},
  ): Promise<TestExecution<O>> {
    if (!this.functions.has(fn)) {
      this.functions.add(fn);
      await this.restart();
    }
    const { id } = await this.engine.start(fn as DurableFunction<I>, input, options);
    return this.execution<O>(id);
  }

  /** An execution by its id, one that another has invoked for example. */
  async execution<O = unknown>(id: string): Promise<TestExecution<O>> {
    const record = this.records.get(id) ?? new ExecutionRecord(id, this.host.store);
    this.records.set(id, record);
    await record.read();
    return new TestExecution<O>(record, this);
  }

  /** What steps of this name do instead of their body. Handlers of one name: the last one is called, and may `run` the rest. */
  onStep(name: string, handler: StepHandler): void {
    this.host.bodies.on(name, handler);
  }

  /** These attempts (from 1) of each step of this name throw, in place of their body. */
  failStep(
    name: string,
    attempts: number | readonly number[],
    error: unknown = new Error(`${name} failed`),
  ): void {
    this.onStep(name, (call) => {
      if (!isAmong(call, attempts)) return call.run();
      throw error;
    });
  }

  /** These attempts never come back: only a timeout, a stop or a crash ends them. */
  hangStep(name: string, attempts: number | readonly number[] = 1): void {
    const { bodies } = this.host;
    this.onStep(name, (call) => (isAmong(call, attempts) ? bodies.hang(call) : call.run()));
  }

  /** Called once for each callback of this name, when it is open and nothing else is under way. */
  onCallback(name: string, handler: CallbackHandler): void {
    this.handlers.set(name, handler);
  }

  /** The process is gone at this moment; another one goes on with what is in the store. */
  async crash(): Promise<void> {
    this.process?.kill();
    await this.restart();
  }

  /** Lets time pass, and everything happen that is due in it. */
  async advance(duration: Duration): Promise<void> {
    const until = this.now() + toMilliseconds(duration, "advance");
    await this.rest();
    for (let next = this.host.clock.next(); next !== null && next <= until; next = this.host.clock.next()) {
      this.host.clock.moveTo(next);
      await this.rest();
    }
    this.host.clock.moveTo(until);
    await this.rest();
  }

  /** What the clock shows, in milliseconds since the epoch. */
  now(): number {
    return this.host.clock.now();
  }

  /** The engine of the process that is alive: for everything an engine can do. */
  get engine(): Engine {
    if (this.process === null) throw new TestStuckError("The runner is closed.");
    return this.process.engine;
  }

  /** How often a process died, or was started again for another reason. */
  get restarts(): number {
    return this.processes - 1;
  }

  /** Commits that were begun so far. */
  get commits(): number {
    return this.host.commits;
  }

  async close(): Promise<void> {
    const { process } = this;
    this.process = null;
    await process?.engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A new process in place of the one there is. For tests of the kit's own parts: a test calls `crash`. */
  async restart(): Promise<void> {
    if (this.process?.isAlive()) await this.process.engine.close();
    if (++this.processes > PROCESSES_MAX)
      throw new TestStuckError(`The process died ${PROCESSES_MAX} times.`);
    this.process = await startProcess(this.host, [...this.functions]);
  }

  /** Passes over time until `isDone`. Throws `TestStuckError`, with what is waited for, when it will never be. */
  async drive(isDone: () => boolean, awaited: string): Promise<void> {
    const { clock } = this.host;
    const begunAt = this.now();
    const commitsMax = this.commits + COMMITS_MAX;
    for (;;) {
      await this.rest();
      if (isDone()) return this.assertUsed();
      if (await this.answerCallbacks()) continue;
      if (await this.lookAtStore()) continue;
      const next = clock.next();
      if (next === null) throw this.stuck(awaited, "nothing is due any more");
      if (next > begunAt + this.patienceMs || this.commits > commitsMax) {
        throw this.stuck(
          awaited,
          `${this.commits} commits and ${new Date(this.now()).toISOString()} were reached`,
        );
      }
      clock.moveTo(next);
    }
  }

  /** Until nothing can happen before a timer or a message from outside. */
  private async rest(): Promise<void> {
    for (let breaths = 0; ; breaths++) {
      await breath(breaths);
      if (this.problem !== null) throw this.problem;
      if (this.process?.isAlive() === false) await this.restart();
      const working = this.engine.atWork()?.filter((body) => !this.host.bodies.isHanging(body));
      if (working?.length === 0) break;
      // It may well be one that waits for the clock itself, as what `.then` gives does.
      if (breaths > FOREIGN_BREATHS && working?.every(({ kind }) => kind === "value")) break;
    }
    const [repeated] = this.host.bodies.repeated;
    if (repeated !== undefined)
      throw new Error(`A step ran again although its result was recorded: ${repeated}.`);
    for (const record of this.records.values()) await record.read();
  }

  /** An engine finds out by a look at its store what others left there. True: that was something. */
  private async lookAtStore(): Promise<boolean> {
    const { commits } = this;
    this.host.clock.upkeep();
    await this.rest();
    return this.commits > commits;
  }

  private async answerCallbacks(): Promise<boolean> {
    if (this.handlers.size === 0) return false;
    for (const { id } of await this.host.store.list({ status: "RUNNING", limit: 1_000 })) {
      const execution = await this.execution(id);
      for (const operation of execution.openCallbacks()) {
        const handler = this.handlers.get(operation.name ?? "");
        const { callbackId = "" } = operation;
        if (handler === undefined || this.handled.has(callbackId)) continue;
        this.handled.add(callbackId);
        await handler(operation);
        return true;
      }
    }
    return false;
  }

  private assertUsed(): void {
    const [name] = this.host.bodies.unused();
    if (name === undefined) return;
    const seen = this.host.bodies.seen.map((step) => `"${step}"`).join(", ") || "none";
    throw new Error(
      `The test has plans for the step "${name}", but no step has this name. Steps that ran: ${seen}.`,
    );
  }

  private stuck(awaited: string, why: string): TestStuckError {
    const hanging = (this.engine.atWork() ?? []).map(
      ({ kind, name = "" }) => `${kind} "${name}", which hangs`,
    );
    const open = [...[...this.records.values()].flatMap((record) => record.describeOpen()), ...hanging];
    const list = open.length === 0 ? "" : ` Open: ${open.join("; ")}.`;
    return new TestStuckError(
      `${awaited} does not come: ${why}.${list} Settle callbacks with runner.onCallback(name, handler), or ` +
        `with (await execution.waitForOperation(name)).succeed(value).`,
    );
  }
}

function isAmong({ attempt }: StepCall, attempts: number | readonly number[]): boolean {
  return typeof attempts === "number" ? attempt === attempts : attempts.includes(attempt);
}

/** A pass of the event loop; after some, a real millisecond, as a body may wait for the world outside. */
function breath(count: number): Promise<void> {
  return new Promise((resolve) => (count < 100 ? setImmediate(resolve) : setTimeout(resolve, 1)));
}
