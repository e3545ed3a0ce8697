import type { FunctionCounts } from "@durablec/runtime";
import { formatDuration } from "./duration.ts";
import { formatTable } from "./table.ts";

/** One look at a store. */
export interface Frame {
  readonly store: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** How long counting took. */
  readonly countedMs: number;
  readonly functions: readonly FunctionCounts[];
  /** Newest first. */
  readonly failed: readonly Told[];
  readonly parked: readonly Told[];
}

/** An execution, and what is wrong with it. */
export interface Told {
  readonly id: string;
  readonly function: string;
  readonly createdAt: number;
  readonly reason: string;
}

const ENDS = ["SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"] as const;

/** Lines for people. With the frame before, what happens in a second is shown too. */
export function formatTop(frame: Frame, before: Frame | null): string[] {
  const { functions, at, countedMs } = frame;
  const sum = (of: (counts: FunctionCounts) => number): number =>
    functions.reduce((total, one) => total + of(one), 0);
  const rate = (of: (counts: FunctionCounts) => number): string => perSecond(frame, before, of);
  const oldest = functions.flatMap(({ oldestDue }) => (oldestDue === null ? [] : [oldestDue]));
  const due = sum((one) => one.due);
  return [
    `${frame.store}   ${new Date(at).toISOString().slice(11, 19)}   counted in ${formatDuration(countedMs)}`,
    "",
    `RUNNING ${number(sum((one) => one.statuses.RUNNING))}: ${number(due)} due` +
      (oldest.length === 0
        ? ""
        : `, the oldest for ${formatDuration(Math.max(0, at - Math.min(...oldest)))}`) +
      `; ${number(sum((one) => one.asleep))} asleep, ${number(sum((one) => one.waiting))} waiting, ` +
      `${number(sum((one) => one.paused))} paused, ${number(sum((one) => one.parked))} parked`,
    ENDS.map((status) => `${status} ${number(sum((one) => one.statuses[status]))}`).join("   ") +
      (before === null ? "" : `   started ${rate(totalOf)}/s, ended ${rate(endedOf)}/s`),
    "",
    ...formatFunctions(frame, before),
    ...section("parked", frame.parked, at),
    ...section("newest that failed", frame.failed, at),
  ];
}

const RIGHT = ["running", "due", "asleep", "waiting", "parked", "succeeded", "failed", "ended/s"];

function formatFunctions({ functions, ...frame }: Frame, before: Frame | null): string[] {
  if (functions.length === 0) return ["no executions"];
  const rows = functions.map((one) => [
    line(one.function),
    ...[one.statuses.RUNNING, one.due, one.asleep, one.waiting, one.parked].map(number),
    number(one.statuses.SUCCEEDED),
    number(one.statuses.FAILED + one.statuses.TIMED_OUT + one.statuses.STOPPED),
    before === null ? "" : perSecond({ ...frame, functions: [one] }, only(before, one.function), endedOf),
  ]);
  return formatTable(
    [{ title: "function" }, ...RIGHT.map((title) => ({ title, align: "right" }) as const)],
    rows,
  );
}

function only(frame: Frame, name: string): Frame {
  return { ...frame, functions: frame.functions.filter((one) => one.function === name) };
}

function section(title: string, told: readonly Told[], at: number): string[] {
  if (told.length === 0) return [];
  const columns = [
    { title },
    { title: "function" },
    { title: "started", align: "right" },
    { title: "" },
  ] as const;
  const rows = told.map(({ id, function: name, createdAt, reason }) => [
    line(id),
    line(name),
    `${formatDuration(Math.max(0, at - createdAt))} ago`,
    line(reason),
  ]);
  return ["", ...formatTable(columns, rows)];
}

function totalOf({ statuses }: FunctionCounts): number {
  return Object.values(statuses).reduce((sum, count) => sum + count, 0);
}

function endedOf(counts: FunctionCounts): number {
  return totalOf(counts) - counts.statuses.RUNNING;
}

/** What retention removes meanwhile makes it less, and never negative. */
function perSecond(frame: Frame, before: Frame | null, of: (counts: FunctionCounts) => number): string {
  if (before === null || frame.at <= before.at) return "0";
  const total = ({ functions }: Frame): number => functions.reduce((sum, one) => sum + of(one), 0);
  const rate = Math.max(0, ((total(frame) - total(before)) * 1_000) / (frame.at - before.at));
  return rate < 10 && rate > 0 ? rate.toFixed(1) : number(Math.round(rate));
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** One line, without what a terminal would obey: ids and messages are anybody's. */
function line(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
