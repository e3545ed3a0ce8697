/** Runs programs through AWS's SDK on its local runner, with or without real time: a process of its own. */
import { pathToFileURL } from "node:url";
import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { LocalDurableTestRunner, WaitingOperationStatus } from "@aws/durable-execution-sdk-js-testing";
import type { Outcome, Task } from "./outcome.ts";
import { broken, toOutcome } from "./outcome.ts";

type Handler = Parameters<typeof withDurableExecution>[0];

process.on("message", (task: Task) => {
  void run(task)
    .catch(broken)
    .then((outcome) => process.send?.(outcome));
});
await LocalDurableTestRunner.setupTestEnvironment({ skipTime: process.argv[2] !== "real" });
process.send?.("ready");

async function run({ file, answers }: Task): Promise<Outcome> {
  const { handler, invoked } = (await import(pathToFileURL(file).href)) as Readonly<Record<string, Handler>>;
  if (handler === undefined || invoked === undefined) throw new TypeError(`${file} is no program.`);
  const runner = new LocalDurableTestRunner({ handlerFunction: withDurableExecution(handler) });
  runner.registerDurableFunction("invoked", withDurableExecution(invoked));
  for (const [name, answer] of Object.entries(answers)) {
    if (answer === "timeout") continue;
    const operation = runner.getOperation(name);
    // A callback that the program never comes to is no failure.
    void operation
      .waitForData(WaitingOperationStatus.SUBMITTED)
      .then(
        () =>
          answer === "success"
            ? operation.sendCallbackSuccess(`answer to ${name}`)
            : operation.sendCallbackFailure({ ErrorType: "Refusal", ErrorMessage: `no to ${name}` }),
        () => undefined,
      )
      .catch(() => undefined);
  }
  const execution = await runner.run({ payload: {} });
  const status = String(execution.getStatus());
  return toOutcome({
    status,
    result: status === "SUCCEEDED" ? execution.getResult() : null,
    error: status === "SUCCEEDED" ? null : (execution.getError().errorMessage ?? null),
    errorType: status === "SUCCEEDED" ? null : (execution.getError().errorType ?? null),
    events: execution.getHistoryEvents(),
  });
}
