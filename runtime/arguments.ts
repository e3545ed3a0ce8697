/** What all operations do first: look at their arguments, find the frame that runs, and ask its host. */
import { detached } from "./detached.ts";
import { DurableError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { currentFrame } from "./frame.ts";
import type { Request } from "./requests.ts";

/** An operation was called by code that durablec did not compile, or inside a step's body. */
export class NotCompiledError extends DurableError {}
/** An operation got an argument of the wrong kind. */
export class OperationArgumentError extends DurableError {}

export function ask(operationName: string, request: Request): Promise<unknown> {
  const frame = compiled(operationName);
  return frame.task === null ? detached(request) : frame.task.host.operate(frame, request);
}

export function compiled(operationName: string): Frame {
  const frame = currentFrame();
  if (frame !== null) return frame;
  throw new NotCompiledError(
    `${operationName}() was called outside a compiled durable function. Mark the calling function "use durable" and run ` +
      `its output of \`durablec build\`, not its source. Inside a step's body operations are not available: move ` +
      `${operationName}() out of it.`,
  );
}

export function named(operationName: string, args: readonly unknown[]): unknown[] {
  const [first] = args;
  if (typeof first === "string" || first === undefined) {
    checkName(operationName, first);
    return [...args];
  }
  return [undefined, ...args];
}

export function checkName(operationName: string, name: unknown): void {
  if (name === undefined || (typeof name === "string" && name !== "")) return;
  throw new OperationArgumentError(
    `The name of ${operationName} must be a string that is not empty, not ${describe(name)}.`,
  );
}

export function aFunction(
  operationName: string,
  role: string,
  value: unknown,
): (...args: unknown[]) => unknown {
  if (typeof value === "function") return value as (...args: unknown[]) => unknown;
  throw new OperationArgumentError(
    `The ${role} of ${operationName} must be a function, not ${describe(value)}.`,
  );
}

export function anOptions<T extends object>(operationName: string, value: T | undefined): T | undefined {
  if (value === undefined || (typeof value === "object" && value !== null)) return value;
  throw new OperationArgumentError(
    `The options of ${operationName} must be an object, not ${describe(value)}.`,
  );
}

export function checkChoice(what: string, value: unknown, choices: readonly (string | boolean)[]): void {
  if (value === undefined || choices.some((choice) => choice === value)) return;
  throw new OperationArgumentError(
    `${what} must be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}, not ${describe(value)}.`,
  );
}

/** `methods`: those that are needed. */
export function checkSerdes(
  operationName: string,
  serdes: object | undefined,
  methods: readonly string[] = ["serialize", "deserialize"],
): void {
  if (serdes === undefined) return;
  const given = anOptions(operationName, serdes as Readonly<Record<string, unknown>>);
  for (const method of methods) aFunction(operationName, `serdes.${method}`, given?.[method]);
}

export function describe(value: unknown): string {
  return value === null ? "null" : typeof value === "string" ? JSON.stringify(value) : typeof value;
}
