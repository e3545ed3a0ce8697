/** What a durable function is called with from outside durable code. */
import { createContext } from "./context.ts";
import type { Enter } from "./contract.ts";
import type { Host } from "./frame.ts";

/**
 * Its input, and a context if it has a parameter for one: functions with one parameter, with defaults or a rest, are
 * called as they were.
 */
export function rootArguments(enter: Enter, input: unknown, host: Host | null): readonly unknown[] {
  return enter.length >= 2 ? [input, createContext("", host)] : [input];
}
