import type { ExecutionSummary, ExecutionView } from "@durablec/runtime";
import { formatDuration } from "./duration.ts";
import { formatTable } from "./table.ts";
import { formatHeadline } from "./timeline.ts";
import { formatValue } from "./value.ts";

/** One execution, with its values whole. */
export function formatExecution(view: ExecutionView, colors: boolean): string[] {
  const lines = [
    ["input", formatValue(view.input, colors)],
    ...("result" in view ? [["result", formatValue(view.result, colors)]] : []),
    ...("error" in view ? [["error", formatValue(view.error, colors)]] : []),
    ...(view.problem === undefined ? [] : [["parked", view.problem]]),
    ...(view.snapshotProblem === undefined ? [] : [["not written", view.snapshotProblem]]),
    ["events", String(view.events)],
    ["created", new Date(view.createdAt).toISOString()],
    ...(view.endedAt === undefined ? [] : [["ended", new Date(view.endedAt).toISOString()]]),
    ...(view.wakeAt === undefined ? [] : [["next look", new Date(view.wakeAt).toISOString()]]),
  ];
  return [formatHeadline(view), "", ...formatTable([{ title: "" }, { title: "" }], lines)];
}

/** Many, a line each. `now` is what ages are counted to. */
export function formatExecutions(views: readonly ExecutionSummary[], now: number): string[] {
  if (views.length === 0) return ["no executions"];
  const columns = [
    { title: "id" },
    { title: "function" },
    { title: "status" },
    { title: "events", align: "right" },
    { title: "took", align: "right" },
    { title: "started", align: "right" },
  ] as const;
  const rows = views.map(({ id, function: name, status, problem, events, createdAt, endedAt }) => [
    id,
    name,
    problem === undefined ? status : `${status} (parked)`,
    String(events),
    endedAt === undefined ? "" : formatDuration(endedAt - createdAt),
    `${formatDuration(Math.max(0, now - createdAt))} ago`,
  ]);
  return formatTable(columns, rows);
}
