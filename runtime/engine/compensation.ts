/**
 * What runs before an execution ends without success: the compensations, last first, each as a step. A machine written by
 * hand, so that a snapshot needs nothing new to hold it.
 */
import type { Slots } from "../contract.ts";
import { VOCABULARY } from "../contract.ts";
import { CompensationError } from "../errors.ts";
import type { Frame } from "../frame.ts";
import { start, within } from "../frame.ts";
import { machine } from "../registry.ts";
import type { Compensation } from "../undoing.ts";
import type { Execution } from "./execution.ts";

/** Ids of what compensations start begin so. */
export const COMPENSATION = "/compensation";

interface Undoing {
  /** Those still to run. */
  readonly left: Compensation[];
  readonly error: unknown;
  readonly failures: { readonly name: string; readonly error: unknown }[];
}

const SOURCE = "@durablec/runtime";

const undo = machine({
  vocabulary: VOCABULARY,
  id: `${SOURCE}#compensation`,
  hash: "1",
  name: "compensation",
  source: SOURCE,
  checkpoints: { 1: { kind: "step", line: 0, column: 0, live: ["left", "error", "failures"] } },
  run($f, $s) {
    const { left, error, failures } = $s as Slots & Undoing;
    const last = left.at(-1);
    if ($f.pc === 1) {
      try {
        $f.resume();
      } catch (failure) {
        failures.push({ name: last?.name ?? "compensation", error: failure });
      }
      left.pop();
    }
    const next = left.at(-1);
    if (next === undefined) throw failures.length === 0 ? error : new CompensationError(error, failures);
    const { task } = $f as Frame;
    if (task === null) throw new TypeError("Compensations run inside an execution.");
    const body = { kind: "closure", fn: next.fn } as const;
    const request = { kind: "step", name: next.name ?? "compensation", body, options: next.options } as const;
    return $f.await(1, task.host.operate($f as Frame, request));
  },
});

/** Runs them; the promise rejects with `error`, or with what came of failing to undo. */
export function startCompensations(execution: Execution, error: unknown): Promise<unknown> {
  const slots: Slots = { left: execution.compensations.splice(0), error, failures: [] };
  const place = execution.host.place(COMPENSATION, 0);
  return within(place, () => start(undo, undefined, [], () => slots));
}
