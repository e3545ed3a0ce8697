/** `durablec/vitest`: the plugin that compiles what tests import, and the types of the matchers that come with it. */
import type { StepExpectation } from "./matchers.ts";

export { durablec } from "./plugin.ts";
export type { DurablecOptions } from "./plugin.ts";
export type { StepExpectation } from "./matchers.ts";

declare module "vitest" {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** The execution has ended well, with this result (compared as `toEqual` does). */
    toHaveSucceededWith(result: unknown): R;
    /** The execution has failed: with an error of this class, or with this in its message. */
    toHaveFailedWith(expected?: string | RegExp | (abstract new (...args: never[]) => object)): R;
    /** A step of this name was run. */
    toHaveRunStep(name: string, expected?: StepExpectation): R;
    /** It is running, and an operation of this name is open. */
    toBeWaitingFor(name: string): R;
  }
}
