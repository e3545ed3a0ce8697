/**
 * Runs a test's scenario with crashes: in one run after every commit, or in many runs at each commit in turn. The
 * outcome has to be that of the run without a crash, and no step may run again once its result is recorded.
 */
import { isDeepStrictEqual } from "node:util";
import type { TestExecution } from "./execution.ts";
import type { CrashPoint } from "./process.ts";
import type { TestRunner, TestRunnerOptions } from "./runner.ts";
import { createTestRunner } from "./runner.ts";

/** Starts an execution and runs it to its end. Called once a run, each time with a runner (and a store) of its own. */
export type Scenario<O> = (runner: TestRunner) => Promise<TestExecution<O>>;

export interface EveryCheckpointReport<O> {
  /** Of the run without a crash. */
  readonly execution: TestExecution<O>;
  readonly runs: number;
  readonly crashes: number;
}

/** Runs of one call: a scenario that commits more does not end. */
const RUNS_MAX = 10_000;

/**
 * - `"restart"`: one run, in which the process dies after each of its commits.
 * - `"crash"`: a run for each commit and side of it, in which the process dies there.
 *
 * Throws an error that names the crash which changed the outcome.
 */
export async function everyCheckpoint<O>(
  mode: "restart" | "crash",
  scenario: Scenario<O>,
  options: Omit<TestRunnerOptions, "crashAt" | "store"> = {},
): Promise<EveryCheckpointReport<O>> {
  const calm = await runWith(scenario, options);
  const report = { execution: calm.execution, runs: 1, crashes: 0 };
  const compare = async (crashAt: TestRunnerOptions["crashAt"] & object, what: string): Promise<number> => {
    const { execution, crashes } = await runWith(scenario, { ...options, crashAt }).catch(
      (error: unknown) => {
        throw new Error(`With ${what}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      },
    );
    report.runs++;
    report.crashes += crashes;
    assertSame(calm.execution, execution, what);
    return crashes;
  };
  if (mode === "restart") {
    await compare(({ when }) => when === "after", "a crash after every commit");
    return report;
  }
  for (let commit = 1; report.runs < RUNS_MAX; commit++) {
    let crashes = 0;
    for (const when of ["before", "after"] as const) {
      crashes += await compare({ commit, when }, `a crash ${when} commit ${commit}`);
    }
    // Past the last commit: nothing died.
    if (crashes === 0) return report;
  }
  throw new Error(`The scenario makes more than ${RUNS_MAX / 2} commits: too many to crash at each.`);
}

async function runWith<O>(
  scenario: Scenario<O>,
  options: TestRunnerOptions,
): Promise<{ readonly execution: TestExecution<O>; readonly crashes: number }> {
  let crashes = 0;
  const { crashAt } = options;
  const counted = (point: CrashPoint): boolean => {
    const dies =
      typeof crashAt === "function"
        ? crashAt(point)
        : crashAt?.commit === point.commit && crashAt.when === point.when;
    if (dies) crashes++;
    return dies;
  };
  await using runner = await createTestRunner({ ...options, crashAt: counted });
  const execution = await scenario(runner);
  return { execution: await execution.ended(), crashes };
}

function assertSame(calm: TestExecution, crashed: TestExecution, what: string): void {
  const [expected, found] = [outcomeOf(calm), outcomeOf(crashed)];
  if (isDeepStrictEqual(expected, found)) return;
  throw new Error(`With ${what} the execution came to ${show(found)}; without, to ${show(expected)}.`);
}

function outcomeOf({ status, view: { result, error } }: TestExecution): Readonly<Record<string, unknown>> {
  const failure = error instanceof Error ? { name: error.name, message: error.message } : error;
  return { status, result, error: failure };
}

function show(outcome: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(outcome, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
