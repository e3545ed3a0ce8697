import { expect, test } from "vitest";
import type { ExecutionView, HistoryEvent } from "@durablec/runtime";
import { formatExecution, formatExecutions } from "../../cli/format/execution.ts";
import { formatTimeline } from "../../cli/format/timeline.ts";

const view: ExecutionView = {
  id: "order-7",
  function: "src/fulfil.ts#fulfil",
  status: "SUCCEEDED",
  input: { id: 7 },
  result: "done",
  createdAt: 1_000,
  endedAt: 91_000,
  events: 9,
};
const at = (line: number) => ({ file: "src/fulfil.ts", line, column: 3 });

test("a history is a line an event, with offsets, durations and places", () => {
  const events: HistoryEvent[] = [
    { seq: 1, kind: "ExecutionStarted", time: 1_000, function: view.function },
    {
      ...{
        seq: 2,
        kind: "StepRetryScheduled",
        time: 1_300,
        op: "1",
        name: "charge",
        checkpoint: 1,
        source: at(5),
      },
      ...{ attempt: 1, startedAt: 1_050, retryAt: 1_500, error: new Error("the bank\ndid not answer") },
    },
    {
      ...{
        seq: 3,
        kind: "StepSucceeded",
        time: 1_700,
        op: "1",
        name: "charge",
        checkpoint: 1,
        source: at(5),
      },
      attempt: 2,
      startedAt: 1_500,
    },
    { seq: 4, kind: "WaitStarted", time: 1_700, op: "2", checkpoint: 2, source: at(6), until: 61_700 },
    { seq: 5, kind: "WaitSucceeded", time: 61_710, op: "2", checkpoint: 2, source: at(6) },
    {
      ...{ seq: 6, kind: "CallbackStarted", time: 61_711, op: "3", name: "approve", source: at(7) },
      callback: "cb-1",
      timeoutAt: null,
    },
    {
      seq: 7,
      kind: "CallbackTimedOut",
      time: 62_711,
      op: "3",
      name: "approve",
      source: at(7),
      by: "heartbeat",
    },
    { seq: 8, kind: "StepFailed", time: 63_000, op: "4", attempt: 1, startedAt: 62_900, error: "no" },
    { seq: 9, kind: "ExecutionSucceeded", time: 91_000, value: "done" },
  ];
  const lines = formatTimeline(view, events).map((line) => line.trim().split(/ {2,}/));
  expect(lines).toEqual([
    ["order-7", "src/fulfil.ts#fulfil", "SUCCEEDED after 1 min 30 s"],
    [""],
    ["at", "took", "what", "where"],
    ["0 ms", "● started"],
    [
      "300 ms",
      "250 ms",
      "↻ charge, attempt 1: Error: the bank did not answer; again in 200 ms",
      "src/fulfil.ts:5",
    ],
    ["700 ms", "200 ms", "✓ charge, attempt 2", "src/fulfil.ts:5"],
    ["700 ms", "… wait: waits 1 min", "src/fulfil.ts:6"],
    ["1 min", "1 min", "✓ wait: over", "src/fulfil.ts:6"],
    ["1 min", "… approve: open, id cb-1", "src/fulfil.ts:7"],
    ["1 min 1 s", "1.00 s", "✗ approve: no heartbeat in time", "src/fulfil.ts:7"],
    ["1 min 2 s", "100 ms", "✗ step, for good: 'no'"],
    ["1 min 30 s", "1 min 30 s", "● succeeded: 'done'"],
  ]);
});

test("a running execution says what it waits for and why it is parked", () => {
  const { endedAt: _endedAt, result: _result, ...rest } = view;
  const running: ExecutionView = { ...rest, status: "RUNNING", wakeAt: 0, problem: "no machine fits" };
  expect(formatTimeline(running, []).slice(-3)).toEqual([
    "",
    "parked: no machine fits",
    "next look at 1970-01-01T00:00:00.000Z",
  ]);
  expect(formatExecutions([running], 61_000)[1]).toContain("RUNNING (parked)");
  expect(formatExecutions([], 0)).toEqual(["no executions"]);
});

test("one execution is shown with its values", () => {
  expect(formatExecution(view, false)).toEqual([
    "order-7  src/fulfil.ts#fulfil  SUCCEEDED after 1 min 30 s",
    "",
    "input    { id: 7 }",
    "result   'done'",
    "events   9",
    "created  1970-01-01T00:00:01.000Z",
    "ended    1970-01-01T00:01:31.000Z",
  ]);
});
