/** Durations as authors write them. Behaviour: AWS durable execution SDK, plus milliseconds and strings. */
import { DurableError } from "./errors.ts";

/** A duration has a unit that is unknown, a negative or broken number, or is over a year. */
export class DurationError extends DurableError {}

const UNITS = {
  milliseconds: 1,
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
} as const;
const SUFFIXES = {
  ms: UNITS.milliseconds,
  s: UNITS.seconds,
  m: UNITS.minutes,
  h: UNITS.hours,
  d: UNITS.days,
} as const;
const TEXT = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/;
const YEAR_MS = 366 * UNITS.days;

/** `{ hours: 36 }`, `{ days: 1, hours: 12 }` (they add up), or `"36h"`, `"250ms"`. At most 366 days. */
export type Duration = { readonly [Unit in keyof typeof UNITS]?: number } | string;

/** Milliseconds, rounded; throws `DurationError` that quotes what was given. */
export function toMilliseconds(duration: Duration, what: string): number {
  const ms = typeof duration === "string" ? parse(duration, what) : addUp(duration, what);
  if (ms > YEAR_MS)
    throw new DurationError(`${what} of ${show(duration)} is longer than 366 days, the limit.`);
  return Math.round(ms);
}

function parse(text: string, what: string): number {
  const match = TEXT.exec(text.trim());
  if (match === null) throw invalid(text, what);
  return Number(match[1]) * SUFFIXES[match[2] as keyof typeof SUFFIXES];
}

function addUp(duration: Exclude<Duration, string>, what: string): number {
  if (typeof duration !== "object" || duration === null) throw invalid(duration, what);
  const entries = Object.entries(duration).filter(([, amount]) => amount !== undefined);
  if (entries.length === 0) throw invalid(duration, what);
  let ms = 0;
  for (const [unit, amount] of entries) {
    if (!Object.hasOwn(UNITS, unit) || typeof amount !== "number" || !(amount >= 0) || amount === Infinity) {
      throw invalid(duration, what);
    }
    ms += amount * UNITS[unit as keyof typeof UNITS];
  }
  return ms;
}

function invalid(duration: unknown, what: string): DurationError {
  return new DurationError(
    `${what} is not a duration: ${show(duration)}. Write { days, hours, minutes, seconds, milliseconds } with numbers ` +
      `of 0 or more, or a string such as "36h" or "250ms".`,
  );
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
