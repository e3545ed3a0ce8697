/**
 * A child context without an operation of its own: what it starts has ids of its own, and nothing says in the journal that it
 * began or what it gave. A machine written by hand, so that a snapshot needs nothing new to hold it.
 */
import type { Slots } from "../contract.ts";
import { VOCABULARY } from "../contract.ts";
import type { Frame } from "../frame.ts";
import { start, within } from "../frame.ts";
import { machine } from "../registry.ts";
import type { Branch, ErrorMapper } from "../requests.ts";
import type { Execution } from "./execution.ts";
import { toContextError } from "./operations/context.ts";

interface Virtual {
  readonly branch: Branch;
  readonly errorMapper: ErrorMapper | null;
  readonly wrapped: boolean;
}

const SOURCE = "@durablec/runtime";

const virtualMachine = machine({
  vocabulary: VOCABULARY,
  id: `${SOURCE}#virtualContext`,
  hash: "1",
  name: "virtualContext",
  source: SOURCE,
  checkpoints: {
    1: { kind: "context", line: 0, column: 0, live: ["branch", "errorMapper", "wrapped"] },
  },
  run($f, $s) {
    const { branch, errorMapper, wrapped } = $s as Slots & Virtual;
    const { task } = $f as Frame;
    if (task === null) throw new TypeError("A virtual context runs inside an execution.");
    // What it starts is found under its own path, so that it can be cancelled with it.
    if ($f.pc === 0) return $f.await(1, task.host.branch(task.path, branch));
    task.host.forget(task.path);
    try {
      return $f.done($f.resume());
    } catch (error) {
      throw toContextError(error, { wrapped, errorMapper });
    }
  },
});

/** `op`: the id that its operation would have. */
export function startVirtual(execution: Execution, op: string, virtual: Virtual): Promise<unknown> {
  const slots: Slots = { ...virtual };
  const place = execution.host.place(`${op}/virtual`, 0);
  return within(place, () => start(virtualMachine, undefined, [], () => slots));
}
