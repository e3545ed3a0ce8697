/** Runs programs through our compiler and engine, in virtual time. */
import { pathToFileURL } from "node:url";
import { toAwsHistory } from "@durablec/runtime";
import { createTestRunner, type TestedFunction } from "@durablec/runtime/testing";
import type { Outcome, Task } from "./outcome.ts";
import { toOutcome } from "./outcome.ts";

class Refusal extends Error {
  override readonly name = "Refusal";
}

/** `skew`: see `skewed`. */
export async function runOurs({ file, answers }: Task, skew?: number): Promise<Outcome> {
  const { handler, invoked } = (await import(pathToFileURL(file).href)) as {
    readonly handler: TestedFunction<unknown, unknown>;
    readonly invoked: unknown;
  };
  await using runner = await createTestRunner({ functions: [invoked] });
  for (const [name, answer] of Object.entries(answers)) {
    if (answer === "timeout") continue;
    runner.onCallback(name, (callback) =>
      answer === "success"
        ? callback.succeed(`answer to ${name}`)
        : callback.fail(new Refusal(`no to ${name}`)),
    );
  }
  const execution = await runner.run(handler, skew === undefined ? {} : { skew });
  const { status, view } = execution;
  return toOutcome({
    status,
    result: view.result ?? null,
    error: view.error === undefined ? null : (view.error as Error).message,
    errorType: view.error === undefined ? null : (view.error as Error).name,
    events: toAwsHistory(execution.history, execution.id),
  });
}
