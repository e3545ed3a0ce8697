/** What is compared of a run. */

export interface Task {
  readonly file: string;
  readonly answers: Readonly<Record<string, "success" | "failure" | "timeout">>;
}

export interface Outcome {
  readonly status: string;
  readonly result: unknown;
  readonly error: string | null;
  readonly errorType: string | null;
  /** By context (its path of names): what happened directly in it, in order. */
  readonly events: readonly (readonly [context: string, events: readonly string[]])[];
}

interface Event {
  readonly EventType?: string | undefined;
  readonly SubType?: string | undefined;
  readonly Id?: string | undefined;
  readonly Name?: string | undefined;
  readonly ParentId?: string | undefined;
}

/** A step's start says nothing its end does not, and invocations are the host's matter. */
const LEFT_OUT = /^(StepStarted|InvocationCompleted|ExecutionStarted)$/;

export function toOutcome({
  events,
  ...rest
}: Omit<Outcome, "events"> & { readonly events: readonly Event[] }): Outcome {
  const parents = new Map(events.map(({ Id = "", ...event }) => [Id, event]));
  const pathOf = (id: string | undefined): string => {
    const event = id === undefined ? undefined : parents.get(id);
    return event === undefined ? "" : `${pathOf(event.ParentId)}/${event.Name ?? event.SubType ?? ""}`;
  };
  // By design, branches that are at work when their batch is over go on with us, and are cut off there.
  const over = new Set<string>();
  const isCutOff = (id: string | undefined): boolean =>
    id !== undefined && (over.has(id) || isCutOff(parents.get(id)?.ParentId));
  const groups = new Map<string, string[]>();
  for (const { EventType = "", SubType = "", Name = "", Id = "", ParentId } of events) {
    const isLate = EventType === "WaitSucceeded" && Name.endsWith(LOOSE);
    if (LEFT_OUT.test(EventType) || isLate || isCutOff(ParentId)) continue;
    if (/^Context(Succeeded|Failed)$/.test(EventType)) over.add(Id);
    const path = pathOf(ParentId);
    groups.set(path, [...(groups.get(path) ?? []), `${EventType} ${SubType} ${Name}`.trim()]);
  }
  return JSON.parse(
    JSON.stringify({
      ...rest,
      result: rest.result ?? null,
      error: rest.error === null ? null : told(rest.error),
      events: [...groups]
        // Nothing says which branch they belong to, so what is cut off there and goes on here cannot be told from the rest.
        .filter(([path]) => !path.includes(FLAT))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    }),
  ) as Outcome;
}

/** A side that did not come to an end of its own. */
export function broken(error: unknown): Outcome {
  return { status: `BROKEN ${String(error)}`, result: null, error: null, errorType: null, events: [] };
}

/** How much longer something takes with us, where the order of what is close together is to be another. Programs have it too. */
export function skewed(
  seconds: number,
  name: string,
  { skew }: { readonly skew?: number },
): { readonly seconds: number } | { readonly milliseconds: number } {
  if (skew === undefined) return { seconds };
  let hash = skew;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 9_973;
  return { milliseconds: seconds * 1_000 + (hash % 2_500) };
}

/** Of the names of waits that may go on while others do: when they end says nothing. */
export const LOOSE = "loose";
/** Of the names of batches without branches in the history. */
export const FLAT = "flat";

/**
 * Known differences, by design: our errors of callbacks and invocations say in their messages which one it was. Programs have
 * this function too.
 */
export function told(message: string): string {
  return message
    .replace(/^(mapped )?The (callback|invoked function) "\w+" (was failed from outside|failed): /, "$1")
    .replace(/^(mapped )?.*callback.*time.*$/i, "$1callback timed out");
}

/**
 * The class of a cause. Those of child contexts that are no errors of operations, of callbacks and of
 * invocations are rebuilt there as other classes, now and then: only what both keep is compared. Programs have this function too.
 */
export function toldCause({ name, cause }: Error): string | null {
  if (/^(Invoke|Callback)/.test(name) || !(cause instanceof Error)) return null;
  const isOurs = /^(Step|Callback\w*|Invoke|ChildContext|WaitForCondition|PromiseCombinator)Error$/.test(
    cause.name,
  );
  return name === "StepError" || isOurs ? cause.name : "StepError";
}
