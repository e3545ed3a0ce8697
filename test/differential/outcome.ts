/** What is compared of a run. */

export interface Task {
  readonly file: string;
  readonly answers: Readonly<Record<string, "success" | "failure" | "timeout">>;
}

export interface Outcome {
  readonly status: string;
  readonly result: unknown;
  readonly error: string | null;
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
    if (LEFT_OUT.test(EventType) || isCutOff(ParentId)) continue;
    if (/^Context(Succeeded|Failed)$/.test(EventType)) over.add(Id);
    const path = pathOf(ParentId);
    groups.set(path, [...(groups.get(path) ?? []), `${EventType} ${SubType} ${Name}`.trim()]);
  }
  return JSON.parse(
    JSON.stringify({
      ...rest,
      result: rest.result ?? null,
      error: rest.error === null ? null : told(rest.error),
      events: [...groups].sort(([a], [b]) => (a < b ? -1 : 1)),
    }),
  ) as Outcome;
}

/** A side that did not come to an end of its own. */
export function broken(error: unknown): Outcome {
  return { status: `BROKEN ${String(error)}`, result: null, error: null, events: [] };
}

/**
 * Known differences, by design: our callback errors say which callback it was, and are of a class whose name says what
 * happened (`CallbackFailedError` for AWS's `CallbackExternalError`). Programs have this function too.
 */
export function told(message: string): string {
  return message
    .replace(/^The callback "\w+" was failed from outside: /, "")
    .replace(/^.*callback.*time.*$/i, "callback timed out");
}
