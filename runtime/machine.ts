/**
 * The vocabulary of emitted code. Not for authors: `docs/machine.md` is its contract, `VOCABULARY` its number.
 */
import { currentFrame } from "./frame.ts";

export { VOCABULARY } from "./contract.ts";
export type {
  CheckpointInfo,
  CheckpointKind,
  Enter,
  FrameWords,
  MachineDefinition,
  Slots,
} from "./contract.ts";
export { start } from "./frame.ts";
export { closure, durable, machine, registerClass } from "./registry.ts";
export { Box, box, Cursor, cursor } from "./variables.ts";

/** `Promise.all`, in a form that a snapshot can hold. */
export function all(values: Iterable<unknown>): Promise<unknown[]> {
  const host = currentFrame()?.task?.host ?? null;
  return host === null ? Promise.all(values) : host.all(values);
}

/** Gives a function made from a complex parameter list the `length` its source has. */
export function arity<F extends object>(length: number, fn: F): F {
  return Object.defineProperty(fn, "length", { value: length, configurable: true });
}
