/** What the generator functions of emitted code do when they are called. */
import { createAsyncGenerator } from "./asyncGenerators.ts";
import type { Enter, MachineDefinition } from "./contract.ts";
import type { Call } from "./frame.ts";
import { currentFrame, Frame } from "./frame.ts";
import { toGeneratorFunction } from "./generatorFunctions.ts";
import { createGenerator } from "./generators.ts";
import { durableOf } from "./registry.ts";

/** The body of a function declaration, which is hoisted and could be called with `new`; with `fn` null, of a method. */
export function generate(
  ...[machine, fn, self, args, target]: [
    machine: MachineDefinition,
    fn: object | null,
    self: unknown,
    args: ArrayLike<unknown>,
    target?: unknown,
  ]
): object {
  if (target !== undefined) throw new TypeError(`${machine.name} is not a constructor`);
  const call = { enter: machine.enter as Call["enter"], self, args };
  return begin(machine, fn ?? durableOf(machine) ?? null, call);
}

/** Makes a generator function. A closure brings its own `enter`: that of its captures. */
export function generator(
  ...[machine, name, length, enter = machine.enter]: [
    machine: MachineDefinition,
    name: string,
    length: number,
    enter?: Enter,
  ]
): (...args: readonly unknown[]) => object {
  // A method: it has no `prototype` and cannot be called with `new`.
  const holder = {
    [name](this: unknown, ...args: readonly unknown[]): object {
      return begin(machine, fn, { enter: enter as Call["enter"], self: this, args });
    },
  };
  const fn = Object.defineProperty(holder[name] as (...args: readonly unknown[]) => object, "length", {
    value: length,
  });
  return toGeneratorFunction(fn, machine.generator ?? "async");
}

function begin(machine: MachineDefinition, fn: object | null, call: Call): object {
  const frame = new Frame(machine);
  if (machine.generator === "sync") {
    frame.enterInPlace(call);
    return createGenerator(frame, fn);
  }
  const parent = currentFrame();
  const host = parent?.task?.host;
  if (host === undefined) {
    frame.enter(call);
    return createAsyncGenerator(frame, fn);
  }
  frame.task = host.begin(frame, parent);
  try {
    frame.enter(call);
  } finally {
    host.suspended(frame);
  }
  return createAsyncGenerator(frame, fn);
}
