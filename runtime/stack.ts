/**
 * Stacks that name the durable callers. V8 adds `at async outer (file:1:2)` for each native function that waits; a frame
 * is no native activation, so the line is added when an error passes through one. Nothing is done while all goes well.
 */
import type { MachineDefinition } from "./contract.ts";

/** Notes in the stack of `error` that the frame of `machine` waited at `checkpoint` for what failed. */
export function noteCaller(
  error: unknown,
  { name, source, checkpoints }: MachineDefinition,
  checkpoint: number,
): void {
  if (!(error instanceof Error)) return;
  const info = checkpoints[checkpoint];
  const { stack } = error;
  if (info === undefined || typeof stack !== "string") return;
  const line = `    at async ${name} (${source}:${info.line}:${info.column})`;
  const lines = stack.split("\n").filter((known) => !OURS.test(known));
  // An error that is caught and thrown again passes the same place twice.
  if (lines.includes(line) || lines.length > Error.stackTraceLimit) return;
  try {
    error.stack = [...lines, line].join("\n");
  } catch {
    // Frozen: it keeps the stack it has.
  }
}

/** The runtime's own functions between two of the author's. */
const OURS =
  /^ {4}at (?:async )?(?:driveDetached|drive|launch|start|startDetached|Frame\.\w+) \(.*\bframe\.[jt]s:\d+:\d+\)$/;
