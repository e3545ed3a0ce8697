/**
 * Work that is started by functions that are not durable themselves (`orders.map((order) => reserve(order))`): it belongs
 * to the frame that runs, if one does. In a step's body, or when foreign code calls back, it is an ordinary call.
 */
import type { StepOptions } from "./authoring.ts";
import type { MachineDefinition } from "./contract.ts";
import { applyBody, bodyOf, currentFrame, seeThrough } from "./frame.ts";
import { findDurable, isOperation } from "./registry.ts";

/** An implicit step whose body is `definition.calls[number]`. */
export function stepHere(
  ...call: [
    definition: MachineDefinition,
    number: number,
    name: string,
    args: readonly unknown[],
    options?: StepOptions,
  ]
): unknown {
  const [machine, checkpoint, name, args, options] = call;
  const frame = currentFrame();
  const host = frame?.task?.host;
  if (frame === null || host === undefined) return applyBody(bodyOf(machine, checkpoint), args);
  const body = { kind: "call", machine, checkpoint, args } as const;
  return host.operate(frame, { kind: "step", name, body, options });
}

/** A call whose callee is only known at run time: durable functions and operations are called, others become steps. */
export function callHere(
  ...call: [name: string, fn: unknown, self: unknown, args: readonly unknown[]]
): unknown {
  const [name, fn, self, args] = call;
  const seen = seeThrough(fn, self, args);
  if (seen !== null) return callHere(name, ...seen);
  const callable = fn as (...args: readonly unknown[]) => unknown;
  const frame = currentFrame();
  const host = frame?.task?.host;
  if (frame === null || host === undefined || !isOrdinary(fn)) return Reflect.apply(callable, self, args);
  const body = { kind: "function", fn: callable, self, args } as const;
  return host.operate(frame, { kind: "step", name, body, options: undefined });
}

function isOrdinary(fn: unknown): boolean {
  return typeof fn === "function" && !isOperation(fn) && findDurable(fn) === undefined;
}

/** A method and its object, in the order in which a call has them. */
export function memberOf(object: unknown, key: PropertyKey): readonly [fn: unknown, self: unknown] {
  return [(object as Record<PropertyKey, unknown>)[key], object];
}
