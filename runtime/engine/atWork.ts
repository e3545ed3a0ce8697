/** What something outside of the engine is to settle: bodies at work, foreign promises. */
import type { Execution } from "./execution.ts";
import type { OperationAtWork } from "./world.ts";

export function atWork(execution: Execution): readonly OperationAtWork[] {
  return [...execution.operations.values()]
    .filter((operation) => operation.busy())
    .map(({ kind, head: { op, name } }) => ({
      kind,
      execution: execution.id,
      op,
      ...(name === undefined ? {} : { name }),
    }));
}
