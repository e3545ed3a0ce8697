/** Values in an author's own text form: what is recorded is the text. */
import type { Serdes, SerdesContext } from "../../serdes.ts";
import type { OperationHead, OperationScope } from "./operation.ts";

type Direction<K extends keyof Serdes<unknown>> = Pick<Serdes<unknown>, K>;

interface Place {
  readonly head: OperationHead;
  readonly scope: OperationScope;
}

/** Hands `record` the text, or the value itself where there is no form of its own. */
export function writeValue(
  { serdes, head, scope }: Place & { readonly serdes: Direction<"serialize"> | undefined },
  value: unknown,
  outcome: { readonly record: (recorded: unknown) => void; readonly failed: (error: unknown) => void },
): void {
  if (serdes === undefined) return outcome.record(value);
  const live = (go: (value: unknown) => void) => (given: unknown) => {
    if (!scope.disposed()) go(given);
  };
  new Promise((resolve) =>
    resolve(scope.outside(() => serdes.serialize(value, toContext({ head, scope })))),
  ).then(live(outcome.record), live(outcome.failed));
}

/** Settles with the value of what was recorded: the caller gets that, also on the first run. */
export function readValue(
  { serdes, head, scope }: Place & { readonly serdes: Direction<"deserialize"> | undefined },
  recorded: unknown,
): void {
  const { record } = head;
  if (serdes === undefined) return record.resolve(recorded);
  const text = recorded as string | undefined;
  new Promise((resolve) =>
    resolve(scope.outside(() => serdes.deserialize(text, toContext({ head, scope })))),
  ).then(
    (value) => record.resolve(value),
    (error: unknown) => record.reject(error),
  );
}

export function toContext({ head: { op }, scope: { execution } }: Place): SerdesContext {
  return { execution, operation: op, durableExecutionArn: execution, entityId: op };
}
