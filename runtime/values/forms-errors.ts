import { CannotEncode } from "../errors.ts";
import { leaf } from "./form.ts";
import type { Kind } from "./form.ts";

/** Constructors of the standard errors by name. AggregateError's `errors` is a property like any other. */
export const STANDARD_ERRORS: ReadonlyMap<string, ErrorConstructor> = new Map(findStandardErrors());

const NAMES: ReadonlyMap<object, string> = new Map(
  [...STANDARD_ERRORS].map(([name, constructor]): [object, string] => [
    constructor.prototype as object,
    name,
  ]),
);

function findStandardErrors(): [string, ErrorConstructor][] {
  const names = [
    "Error",
    "TypeError",
    "RangeError",
    "SyntaxError",
    "ReferenceError",
    "EvalError",
    "URIError",
  ];
  return [...names, "AggregateError", "SuppressedError"].flatMap((name): [string, ErrorConstructor][] => {
    // SuppressedError is missing before Node 24.
    const found: unknown = Reflect.get(globalThis, name);
    return typeof found === "function" ? [[name, found as ErrorConstructor]] : [];
  });
}

/**
 * The stack goes into the form: it is an accessor of the engine's own in newer versions of V8, and reading it has always
 * been more than reading a property. Everything else of an error is an own property like any other, flags included.
 */
export function errorKind(error: Error): Kind {
  const stack = Object.hasOwn(error, "stack") ? readStack(error) : undefined;
  const prototype = Object.getPrototypeOf(error) as object;
  const name = NAMES.get(prototype);
  return {
    form: leaf(`["~err",${JSON.stringify(name ?? "Error")},${JSON.stringify(stack ?? null)}]`),
    prototype: name === undefined ? Error.prototype : prototype,
    taken: (key) => key === "stack",
  };
}

export function domExceptionKind(error: DOMException): Kind {
  const stack = Object.hasOwn(error, "stack") ? readStack(error) : undefined;
  const parts = [error.message, error.name, stack ?? null].map((part) => JSON.stringify(part));
  return {
    form: leaf(`["~dom",${parts.join(",")}]`),
    prototype: DOMException.prototype,
    taken: (key) => key === "stack",
  };
}

/** `prepareStackTrace` and assignments can make it anything. */
function readStack(error: { readonly stack?: unknown }): string {
  const { stack } = error;
  if (typeof stack !== "string")
    throw new CannotEncode("it is an error whose stack is no text; leave Error.prepareStackTrace as it is");
  return stack;
}
