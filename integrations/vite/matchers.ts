/** What vitest's `expect` can say about an execution of the testing kit. */
import type { OperationView, TestExecution } from "@durablec/runtime/testing";

/** What a step of a name is expected to have done. */
export interface StepExpectation {
  /** How many steps of this name there are. Default: at least one. */
  readonly times?: number;
  /** Attempts of all of them together. */
  readonly attempts?: number;
  /** Of the last one; compared as `toEqual` does. */
  readonly result?: unknown;
}

interface Outcome {
  readonly pass: boolean;
  message(): string;
}

/** The part of vitest's state that matchers use. */
interface Matching {
  readonly isNot: boolean;
  equals(a: unknown, b: unknown): boolean;
  readonly utils: { printReceived(value: unknown): string; printExpected(value: unknown): string };
}

export function toHaveSucceededWith(this: Matching, received: unknown, expected: unknown): Outcome {
  const { status, view } = toExecution(received, "toHaveSucceededWith");
  const { printExpected, printReceived } = this.utils;
  const pass = status === "SUCCEEDED" && this.equals(view.result, expected);
  const found = status === "SUCCEEDED" ? `gave ${printReceived(view.result)}` : failure(status, view.error);
  return {
    pass,
    message: () =>
      `${view.id} was ${this.isNot ? "not " : ""}to succeed with ${printExpected(expected)}, and ${found}`,
  };
}

/** `expected`: an error class, or a text or expression its message has. Absent: any failure. */
export function toHaveFailedWith(
  this: Matching,
  received: unknown,
  expected?: string | RegExp | (abstract new (...args: never[]) => object),
): Outcome {
  const { status, view } = toExecution(received, "toHaveFailedWith");
  const { error } = view;
  const message = error instanceof Error ? error.message : String(error);
  const fits =
    expected === undefined ||
    (typeof expected === "function"
      ? error instanceof expected
      : typeof expected === "string"
        ? message.includes(expected)
        : expected.test(message));
  const what = typeof expected === "function" ? expected.name : String(expected ?? "any error");
  return {
    pass: status === "FAILED" && fits,
    message: () =>
      `${view.id} was ${this.isNot ? "not " : ""}to fail with ${what}, and ` +
      (status === "SUCCEEDED" ? `gave ${this.utils.printReceived(view.result)}` : failure(status, error)),
  };
}

export function toHaveRunStep(
  this: Matching,
  received: unknown,
  ...[name, expected = {}]: [name: string, expected?: StepExpectation]
): Outcome {
  const execution = toExecution(received, "toHaveRunStep");
  const steps = execution.getOperations({ kind: "step", name });
  const attempts = steps.reduce((sum, step) => sum + step.attempts, 0);
  const timesFit = expected.times === undefined ? steps.length > 0 : steps.length === expected.times;
  const attemptsFit = expected.attempts === undefined || attempts === expected.attempts;
  const resultFits = !("result" in expected) || this.equals(steps.at(-1)?.result, expected.result);
  return {
    pass: timesFit && attemptsFit && resultFits,
    message: () =>
      `${execution.id} was ${this.isNot ? "not " : ""}to run the step "${name}" with ` +
      `${this.utils.printExpected(expected)}. Its steps: ${list(execution.getOperations({ kind: "step" }))}`,
  };
}

/** Has an operation of this name that has started and not ended: a callback, a wait, a step between attempts. */
export function toBeWaitingFor(this: Matching, received: unknown, name: string): Outcome {
  const execution = toExecution(received, "toBeWaitingFor");
  const open = execution.getOperations().filter(({ status }) => status === "STARTED" || status === "PENDING");
  return {
    pass: execution.status === "RUNNING" && open.some((operation) => operation.name === name),
    message: () =>
      `${execution.id} was ${this.isNot ? "not " : ""}to wait for "${name}". It is ${execution.status}; open: ${list(open)}`,
  };
}

function toExecution(received: unknown, matcher: string): TestExecution {
  const isExecution =
    typeof received === "object" && received !== null && "getOperations" in received && "view" in received;
  if (isExecution) return received as TestExecution;
  throw new TypeError(`${matcher} is for an execution: what run and start of the test runner give.`);
}

function failure(status: string, error: unknown): string {
  return status === "RUNNING" ? "is still running" : `is ${status}: ${String(error)}`;
}

function list(operations: readonly OperationView[]): string {
  const shown = operations.map(
    ({ name = "", status, attempts, result }) =>
      `"${name}" ${status}${attempts > 1 ? ` after ${attempts} attempts` : ""}${result === undefined ? "" : `: ${JSON.stringify(result)}`}`,
  );
  return shown.join(", ") || "none";
}
