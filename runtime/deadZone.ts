/** The time before a `let`, `const` or class has its value, for variables that may be used in it. */

class DeadZone {}

/** What such a variable holds. It can be stored. */
export const dead = new DeadZone();

export function live(value: unknown, name: string): unknown {
  if (value === dead) throw new ReferenceError(`Cannot access '${name}' before initialization`);
  return value;
}

/** `x = value`: the value has been evaluated when it shows that `x` cannot be assigned yet. */
export function keep(value: unknown, current: unknown, name: string): unknown {
  live(current, name);
  return value;
}
