import type { ExecutionRow, ExecutionStatus } from "./store.ts";

/** How many executions of one function there are. */
export interface FunctionCounts {
  /** `path#name` */
  readonly function: string;
  readonly statuses: Readonly<Record<ExecutionStatus, number>>;
  /** Of the RUNNING ones without a problem: whose wake time has come; a worker is at it, or should be. */
  readonly due: number;
  /** ... whose wake time is still to come. */
  readonly asleep: number;
  /** ... that only a message can wake, or their turn in a queue. */
  readonly waiting: number;
  /** RUNNING ones with a problem. */
  readonly parked: number;
  /** RUNNING ones that somebody paused: they are among those above too. */
  readonly paused: number;
  /** The earliest wake time of those that are due; null: none is. */
  readonly oldestDue: number | null;
}

/** Executions of one function in one state, as a store's query counts them. */
export interface CountedGroup {
  readonly function: string;
  readonly status: ExecutionStatus;
  readonly paused: boolean;
  readonly state: "ended" | "parked" | "waiting" | "due" | "asleep";
  readonly count: number;
  /** The earliest wake time of them. */
  readonly earliest: number | null;
}

/** The columns of a `CountedGroup`, but `count` and `earliest`, in every SQL; `now` is a placeholder. */
export function groupColumns(now: string): string {
  return `function, status, paused, CASE WHEN status <> 'RUNNING' THEN 'ended' WHEN problem IS NOT NULL THEN 'parked'
    WHEN wake_at IS NULL THEN 'waiting' WHEN wake_at <= ${now} THEN 'due' ELSE 'asleep' END AS state`;
}

/** What the query says of one row. */
export function toGroup(row: ExecutionRow, now: number): CountedGroup {
  const { status, paused, problem, wakeAt } = row;
  const awake = wakeAt === null ? "waiting" : wakeAt <= now ? "due" : "asleep";
  const state = status !== "RUNNING" ? "ended" : problem !== null ? "parked" : awake;
  return { function: row.function, status, paused, state, count: 1, earliest: wakeAt };
}

/** One entry a function, by their names. */
export function toCounts(groups: readonly CountedGroup[]): readonly FunctionCounts[] {
  const names = [...new Set(groups.map((group) => group.function))].sort();
  return names.map((name) => {
    const own = groups.filter((group) => group.function === name);
    const total = (isWanted: (group: CountedGroup) => boolean): number =>
      own.filter(isWanted).reduce((sum, { count }) => sum + count, 0);
    const having = (state: CountedGroup["state"]): number => total((group) => group.state === state);
    const status = (wanted: ExecutionStatus): number => total((group) => group.status === wanted);
    const due = own.flatMap(({ state, earliest }) =>
      state === "due" && earliest !== null ? [earliest] : [],
    );
    return {
      function: name,
      statuses: {
        RUNNING: status("RUNNING"),
        SUCCEEDED: status("SUCCEEDED"),
        FAILED: status("FAILED"),
        TIMED_OUT: status("TIMED_OUT"),
        STOPPED: status("STOPPED"),
      },
      due: having("due"),
      asleep: having("asleep"),
      waiting: having("waiting"),
      parked: having("parked"),
      paused: total(({ paused, state }) => paused && state !== "ended"),
      oldestDue: due.length === 0 ? null : Math.min(...due),
    };
  });
}
